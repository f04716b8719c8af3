"""Measure packaged networks under the protocols, and write the figures into the documents.

python benchmarks/accuracy.py [--data DATA] [--only GROUP ...] [--html PAGE]

Each group of networks has its protocols and its file in benchmarks/results; see `GROUPS`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

import dsdmsr
import readme
from dsdmsr.app.evaluate import Evaluation, evaluate_networks
from dsdmsr.evaluation.protocols import SUITE
from dsdmsr.zoo.names import REFERENCES, ROBUST_MODEL
from options import ROOT, TIERS, add_data


class Group(NamedTuple):
    """What is measured together."""

    protocols: tuple[str, ...]
    models: tuple[str, ...]
    table: str
    """Name in `readme.TABLES` of the table in the networks' cards."""
    maps: str | None = None
    """Which maps of DATA. Default: the protocols'."""


GROUPS = {
    "accuracy": Group(SUITE, TIERS, "accuracy_a"),
    "robust": Group(("a", "b"), (ROBUST_MODEL,), "robust_b"),
    "references": Group(("a",), REFERENCES, "references", "middlebury/eval/classic_filled/*.png"),
}
"""Name of the results file → what is in it. The paper's networks take long: set C is small."""


def group_of(name: str) -> str:
    """Return the group of NAME or NAME/bicubic: its own, or that of all for clean maps."""
    model = name.partition("/")[0]
    return next((key for key, group in GROUPS.items() if model in group.models), "accuracy")


def measure(data: Path, name: str, html: Path | None = None) -> None:
    """Measure a group, and write its results and perhaps a page with crops."""
    if ROOT not in Path(dsdmsr.__file__).parents:
        raise SystemExit("the installed dsdmsr is not this checkout's: pip install -e .")
    began = time.monotonic()
    group = GROUPS[name]
    evaluate_networks(
        Evaluation(
            protocols=group.protocols,
            data=data if group.maps is None else None,
            maps=() if group.maps is None else (str(data / group.maps),),
            models=group.models,
            blind=True,
            json=readme.RESULTS / f"{name}.json",
            html=html,
            crops=html is not None,
            overwrite=True,
        ),
        out=Console(),
        err=Console(stderr=True),
    )
    print(f"took {(time.monotonic() - began) / 60:.1f} minutes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--html", type=Path, help="a page for yourself: it shows the maps")
    given = parser.parse_args()
    if given.html is not None and len(given.only) > 1:
        parser.error("a page is of one group: name it with --only")
    for name in given.only:
        measure(given.data, name, given.html)
    readme.write()


if __name__ == "__main__":
    main()
