"""Metrics of an evaluation: each once, by name, with what it is and how it is measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.metrics import (
    WITHIN_90,
    WITHIN_90_NOISY,
    EdgeZone,
    bad_pixel_rate,
    coverage,
    edge_rmse,
    flying_pixel_rate,
    mae,
    normal_error,
    psnr,
    rmse,
    roughness,
    rounded_off,
    sparsification,
    ssim,
)

__all__ = ["EDGE_STEP", "LEFT_OUT", "METRICS", "Metric", "Prediction", "Reference"]

EDGE_STEP = 4.0
"""Difference of two neighbours that makes an edge, in levels."""
LEFT_OUT = 20
"""Steps of the sparsification curve, each leaving out an equal share of the pixels."""


class Reference(NamedTuple):
    """Hold what all predictions of a case are measured against."""

    target: Tensor
    """The ground truth, 1 1 H W."""
    valid: Tensor
    """Which of its pixels count, 1 1 H W."""
    level: float
    """A grey level, or a 255th of the ground truth's range for maps in other units."""
    data_range: float
    """255 levels."""
    zone: EdgeZone
    """What the metrics near edges need."""
    places: Tensor
    """Where the counted pixels are, in the flattened map."""
    counted: Tensor
    """The ground truth there."""
    distance: Tensor
    """Their distance from the nearest edge."""
    rounding: float
    """The step that the ground truth is rounded to, or 0."""
    within_90: float
    """How many times the expected error 90 % of the errors should be within."""
    camera: Intrinsics | None
    """The camera of a map of distances, if it is known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """Hold a method's prediction of a case, in the forms that metrics need."""

    pred: Tensor
    """The whole, 1 1 H W."""
    counted: Tensor
    """The pixels that count, gathered once, since that takes longer than the sums."""
    reference: Reference
    """What it is measured against."""
    again: tuple[Tensor, Tensor, Tensor]
    """The prediction degraded as its input was, that input, and which pixels are valid."""
    expected: Tensor | None
    """The error that the network expects of the counted pixels, if it does."""

    @property
    def pixels(self) -> tuple[Tensor, Tensor, Tensor]:
        """Prediction, target and validity of the counted pixels."""
        every = torch.ones_like(self.counted, dtype=torch.bool)
        return self.counted, self.reference.counted, every

    @property
    def whole(self) -> tuple[Tensor, Tensor, Tensor]:
        """Prediction, target and validity of all pixels."""
        return self.pred, self.reference.target, self.reference.valid

    @cached_property
    def curves(self) -> NDArray[np.float64]:
        """The sparsification curves, by expected and by actual errors, n×2."""
        error = self.counted - self.reference.counted
        every = torch.ones_like(error, dtype=torch.bool)
        rankings = (self._expected(), error.abs())
        curves = [sparsification(error, ranking, every, LEFT_OUT).numpy() for ranking in rankings]
        return np.stack(curves, axis=1)

    def roughness(self, of: Tensor) -> Tensor | float:
        """Return the roughness of a map; NaN where the ground truth is rounded."""
        by = self.reference
        if by.rounding:
            return math.nan
        step = EDGE_STEP * by.level
        return roughness(of, by.target, by.valid, by.level, step, by.zone.distance)

    def normal_error(self) -> Tensor:
        """Return the mean angle between the normals of prediction and ground truth."""
        by = self.reference
        if by.camera is None:
            raise ValueError("the camera is not known")
        return normal_error(*self.whole, by.camera, EDGE_STEP * by.level, by.zone.distance)

    def coverage(self) -> Tensor:
        """Return the share of errors within what 90 % of them should be within."""
        by = self.reference
        error, every = self.counted - by.counted, torch.ones_like(self.counted, dtype=torch.bool)
        return coverage(error, rounded_off(self._expected(), by.rounding), every, by.within_90)

    def ause(self) -> float:
        """Return the area between the two sparsification curves."""
        return float((self.curves[:, 0] - self.curves[:, 1]).mean())

    def _expected(self) -> Tensor:
        if self.expected is None:
            raise ValueError("the method expects no errors")
        return self.expected


class Metric(NamedTuple):
    """Describe a metric."""

    explanation: str
    measure: Callable[[Prediction], Tensor | float]
    when: Literal["always", "camera", "errors", "asked"] = "always"
    """Whether always, for maps whose camera is known, for methods that expect errors, or only if it
    is asked for."""


METRICS: dict[str, Metric] = {
    "rmse": Metric("root of the mean squared error", lambda p: rmse(*p.pixels)),
    "mae": Metric("mean absolute error (MAD)", lambda p: mae(*p.pixels)),
    "bad_pixel_rate": Metric(
        "share of pixels off by more than a level (PE)",
        lambda p: bad_pixel_rate(*p.pixels, p.reference.level),
    ),
    "edge_rmse": Metric(
        "RMSE within 4 pixels of an edge of the ground truth",
        lambda p: edge_rmse(*p.whole, EDGE_STEP * p.reference.level, p.reference.zone),
    ),
    "flying_pixel_rate": Metric(
        "share of the predictions within 4 pixels of an edge that lie between two surfaces, on "
        "neither",
        lambda p: flying_pixel_rate(*p.whole, EDGE_STEP * p.reference.level, p.reference.zone),
    ),
    "roughness": Metric(
        "RMS of the prediction less its mean over 3×3 pixels, 6 to 24 pixels from edges, where the "
        "ground truth is smooth and not rounded",
        lambda p: p.roughness(p.pred),
    ),
    "truth_roughness": Metric(
        "the ground truth's own roughness", lambda p: p.roughness(p.reference.target)
    ),
    "normal_error": Metric(
        "mean angle between the surface normals of prediction and ground truth, degrees, beside no "
        "edge; for maps of distances whose camera is known",
        Prediction.normal_error,
        when="camera",
    ),
    "psnr": Metric(
        "peak signal-to-noise ratio, dB", lambda p: psnr(*p.pixels, p.reference.data_range)
    ),
    "input_rmse": Metric(
        "RMSE between the prediction, degraded as its input was, and that input",
        lambda p: rmse(*p.again),
    ),
    "coverage": Metric(
        f"share of the errors within {WITHIN_90:g} times the expected ones, or of noisy maps "
        f"{WITHIN_90_NOISY:g} times: should be 90 %",
        Prediction.coverage,
        when="errors",
    ),
    "ause": Metric(
        "area between the curves of what is left of the error when pixels are left out by the "
        "expected and by the actual errors",
        Prediction.ause,
        when="errors",
    ),
    "ssim": Metric(
        "structural similarity", lambda p: ssim(*p.whole, p.reference.data_range), when="asked"
    ),
}
"""Name → metric, in the order of tables."""
