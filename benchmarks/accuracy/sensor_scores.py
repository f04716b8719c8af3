"""Scores of enlarged sensor frames against the truth, as sums and counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common.sequences import SAME_SURFACE, flicker_errors
from dsdmsr import DepthMap
from dsdmsr.metrics.edges import EdgeZone, edge_zone, flying_pixels

__all__ = ["Scores", "Truth", "root_mean", "within"]

EDGE_STEP = 0.05
"""Metres by which two neighbours differ at an edge."""
Scores = dict[str, NDArray[np.float64]]
"""Name → sum and count."""


@dataclass(frozen=True)
class Truth:
    """What the larger maps of a sequence are compared with."""

    target: NDArray[np.float64]
    """Metres, f H W."""
    seen: NDArray[np.bool_]
    """Where the sensor saw a depth, f H W."""

    def scores(self, methods: Mapping[str, list[DepthMap]]) -> dict[str, Scores]:
        """Return each method's scores.

        Errors, flying pixels and flicker count where the sensor saw a depth and every method has
        one; the errors of filled holes where a method has one that the sensor has not.

        Args:
            methods: Name → larger maps, one for each frame.
        """
        valid = {name: np.stack([depth.valid for depth in maps]) for name, maps in methods.items()}
        common = self.seen & np.all(list(valid.values()), axis=0)
        zones = [self._zone(frame, counted) for frame, counted in enumerate(common)]
        return {
            name: self._scores(
                np.stack([depth.values for depth in maps]).astype(np.float64),
                valid[name],
                common,
                zones,
            )
            for name, maps in methods.items()
        }

    def _zone(self, frame: int, counted: NDArray[np.bool_]) -> EdgeZone:
        target = torch.from_numpy(self.target[frame])[None, None]
        every = torch.ones_like(target, dtype=torch.bool)
        return within(edge_zone(target, every, EDGE_STEP), torch.from_numpy(counted)[None, None])

    def _scores(
        self,
        pred: NDArray[np.float64],
        valid: NDArray[np.bool_],
        common: NDArray[np.bool_],
        zones: list[EdgeZone],
    ) -> Scores:
        error, filled = pred - self.target, valid & ~self.seen
        change, same = flicker_errors(pred, self.target, SAME_SURFACE * np.ptp(self.target))
        same &= common[1:] & common[:-1]
        return {
            "squares": np.array([(error[common] ** 2).sum(), common.sum()]),
            "absolute": np.array([np.abs(error[common]).sum(), common.sum()]),
            "filled_squares": np.array([(error[filled] ** 2).sum(), filled.sum()]),
            "holes": np.array([(~valid).sum(), valid.size], dtype=np.float64),
            "flicker": np.array([change[same].sum(), same.sum()]),
            "flying": np.sum(
                [
                    flying(*frame, zone)
                    for frame, zone in zip(
                        zip(pred, self.target, common, strict=True), zones, strict=True
                    )
                ],
                axis=0,
            ),
        }


def flying(
    pred: NDArray[np.float64],
    target: NDArray[np.float64],
    counted: NDArray[np.bool_],
    zone: EdgeZone,
) -> NDArray[np.float64]:
    """Return how many pixels near edges fly, and how many there are."""
    maps = (torch.from_numpy(array)[None, None] for array in (pred, target, counted))
    found = flying_pixels(*maps, EDGE_STEP, zone)
    return np.array([float(found.total), float(found.pixels)])


def within(zone: EdgeZone, counted: torch.Tensor) -> EdgeZone:
    """Return a zone of which only some pixels count; all targets stay surfaces."""
    keep = counted[zone.places]
    return zone._replace(
        near=zone.near & counted,
        places=tuple(index[keep] for index in zone.places),
        lowest=zone.lowest[keep],
        highest=zone.highest[keep],
    )


def root_mean(squares: NDArray[np.float64]) -> float | None:
    """Return the root of a mean, from sum and count; None of nothing."""
    total, count = squares
    return float(total / count) ** 0.5 if count else None
