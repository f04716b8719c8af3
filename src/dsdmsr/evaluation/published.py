"""Published figures of other methods, to compare with."""

from __future__ import annotations

import csv
from importlib import resources

from dsdmsr.evaluation.results import PublishedFigure

__all__ = ["published"]

_SEES = {
    "none": "depth",
    "rgb": "depth and colour",
    "rgb in training": "depth; colour in training",
}


def published(letter: str) -> list[PublishedFigure]:
    """Return the figures known under a protocol, as ``published.csv`` lists them."""
    text = (resources.files("dsdmsr.evaluation") / "published.csv").read_text(encoding="utf-8")
    return [
        PublishedFigure(
            set=row["set"],
            scene=row["scene"],
            scale=int(row["scale"]),
            metric=row["metric"],
            unit=row["unit"],
            method=row["method"],
            sees=_SEES[row["guidance"]],
            value=float(row["value"]),
            source=_source(row["provenance"]),
        )
        for row in csv.DictReader(text.splitlines())
        if row["protocol"] == letter
    ]


def _source(provenance: str) -> str:
    kind, _, rest = provenance.partition(":")
    if kind.startswith("measured"):
        return kind.replace("measured", "measured outside this repository", 1)
    return f"published{':' if rest else ''}{rest}"
