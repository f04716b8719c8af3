"""Figures of other methods, to stand beside ours."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

__all__ = ["Published", "published"]

_SEES = {
    "none": "depth",
    "rgb": "depth and colour",
    "rgb in training": "depth; colour in training",
}


@dataclass(frozen=True, kw_only=True)
class Published:
    """Hold one figure of another method."""

    set: str
    scene: str
    """A scene, or ``mean`` where only the set's mean is known."""
    scale: int
    metric: str
    unit: str
    method: str
    sees: str
    """What the method is given."""
    value: float
    source: str
    """The paper, or that it was measured outside this repository."""


def published(letter: str) -> list[Published]:
    """Return the figures that are known under a protocol, as ``published.csv`` lists them."""
    text = (resources.files("dsdmsr.evaluation") / "published.csv").read_text(encoding="utf-8")
    return [
        Published(
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
