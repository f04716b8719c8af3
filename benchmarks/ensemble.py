"""Measure the self-ensemble of the packaged networks that aren't symmetric, under protocol (a).

python benchmarks/ensemble.py [--data DATA]

Writes benchmarks/results/ensemble.json.
"""

from __future__ import annotations

import argparse

from rich.console import Console

from dsdmsr.app.evaluate import Evaluation, evaluate_networks
from dsdmsr.zoo.names import PACKAGED
from dsdmsr.zoo.pretrained import from_pretrained
from options import ROOT, add_data

RESULTS = ROOT / "benchmarks" / "results" / "ensemble.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    given = parser.parse_args()
    evaluate_networks(
        Evaluation(
            protocols=("a",),
            data=given.data,
            models=tuple(n for n in PACKAGED if not from_pretrained(n).config.symmetric),
            ensemble=8,
            json=RESULTS,
            overwrite=True,
        ),
        out=Console(),
        err=Console(stderr=True),
    )


if __name__ == "__main__":
    main()
