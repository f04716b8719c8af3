"""Measure the packaged networks under every protocol, and write the figures into the documents.

python benchmarks/accuracy.py [--data DATA] [--html PAGE]

Writes benchmarks/results/accuracy.json.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.console import Console

import dsdmsr
import readme
from dsdmsr.app.evaluate import Evaluation, evaluate_networks
from dsdmsr.zoo.names import PACKAGED
from options import ROOT, add_data


def measure(data: Path, html: Path | None = None) -> None:
    """Measure, and write the results file, the documents and perhaps a page with crops."""
    if ROOT not in Path(dsdmsr.__file__).parents:
        raise SystemExit("the installed dsdmsr is not this checkout's: pip install -e .")
    began = time.monotonic()
    evaluate_networks(
        Evaluation(
            protocols=("all",),
            data=data,
            models=tuple(PACKAGED),
            blind=True,
            json=readme.RESULTS / "accuracy.json",
            html=html,
            crops=html is not None,
            overwrite=True,
        ),
        out=Console(),
        err=Console(stderr=True),
    )
    print(f"took {(time.monotonic() - began) / 60:.1f} minutes")
    readme.write()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--html", type=Path, help="a page for yourself: it shows the maps")
    given = parser.parse_args()
    measure(given.data, given.html)


if __name__ == "__main__":
    main()
