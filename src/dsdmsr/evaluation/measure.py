"""Measurement of methods on a case: metrics, errors by distance from edges, sparsification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.degradation.degrade import degrade
from dsdmsr.evaluation.cases import Case, round_levels
from dsdmsr.evaluation.methods import HighRes, Method, Values
from dsdmsr.evaluation.protocols import FigureUnit, Protocol
from dsdmsr.metrics import (
    WITHIN_90,
    WITHIN_90_NOISY,
    EdgeZone,
    bad_pixel_rate,
    coverage,
    edge_rmse,
    edge_zone,
    flying_pixel_rate,
    mae,
    psnr,
    rmse,
    rounded_off,
    sparsification,
    ssim,
)

__all__ = [
    "LEFT_OUT",
    "PROFILE",
    "CaseResult",
    "Measurement",
    "measure_case",
    "predict",
]

LEFT_OUT = 20
"""Steps of the sparsification curve, each leaving out an equal share of the pixels."""
PROFILE = 16
"""Distance from an edge, in pixels, from which on errors are pooled."""
_EDGE_STEP = 4.0
"""Difference of two neighbours that makes an edge, in levels."""


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


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Hold one method's errors on one scene at one scale, the mean over the noise's seeds."""

    set: str
    scene: str
    scale: int
    method: str
    unit: FigureUnit | None
    """Unit of rmse, mae, edge_rmse and input_rmse."""
    metrics: Mapping[str, float]
    """Name (`dsdmsr.evaluation.results.METRICS`) → figure; NaN where no pixel counts."""
    profile: tuple[tuple[float, int], ...]
    """Sum of squared errors, and number of pixels, at 0, 1, … pixels from the nearest edge; the
    last entry is for all that are further away."""
    left: tuple[tuple[float, float], ...] = ()
    """Share of the mean absolute error that is left when 0, 1, … of `LEFT_OUT` shares of the pixels
    are left out by the errors that the network expects, and by those it makes."""


class CaseResult(NamedTuple):
    """Hold the measurements of a case."""

    measurements: list[Measurement]
    """One for each method."""
    preds: dict[str, Values]
    """Method → its prediction from the first seed's low-resolution map."""


def predict(protocol: Protocol, case: Case, method: Method, seed: int = 0) -> HighRes:
    """Return a method's prediction, rounded where the protocol says so."""
    pred = method(case.low_res[seed])
    if protocol.rounded and case.unit == "level":
        return pred._replace(values=round_levels(pred.values))
    return pred


def measure_case(
    protocol: Protocol, case: Case, methods: Mapping[str, Method], *, with_ssim: bool = False
) -> CaseResult:
    """Measure all methods on a map at one scale.

    Args:
        protocol: How to measure.
        case: The map.
        methods: Name → method.
        with_ssim: Whether to give ssim too, which takes longer than all else.
    """
    reference = _reference(protocol, case)
    measurements: list[Measurement] = []
    preds: dict[str, Values] = {}
    for name, method in methods.items():
        seeds = []
        for seed in range(len(case.low_res)):
            pred = predict(protocol, case, method, seed)
            preds.setdefault(name, pred.values)
            seeds.append(_measure(protocol, case, reference, pred, seed, with_ssim=with_ssim))
        measurements.append(_mean_of_seeds(case, name, seeds))
    return CaseResult(measurements, preds)


class _OfSeed(NamedTuple):
    metrics: dict[str, float]
    profile: NDArray[np.float64]
    """Sums and counts; see `Measurement.profile`."""
    left: NDArray[np.float64] | None
    """See `Measurement.left`."""


def _measure(
    protocol: Protocol, case: Case, by: Reference, high_res: HighRes, seed: int, *, with_ssim: bool
) -> _OfSeed:
    pred = torch.from_numpy(high_res.values)[None, None]
    # Gathered once, since that takes longer than the sums.
    counted = pred.flatten()[by.places]
    metrics = _metrics(pred, counted, by, with_ssim=with_ssim)
    metrics["input_rmse"] = _input_rmse(protocol, case, pred, seed)
    left = None
    if high_res.error is not None:
        certainty, left = _certainty(counted, high_res.error, by)
        metrics |= certainty
    return _OfSeed(metrics, _profile(counted, by), left)


def _mean_of_seeds(case: Case, method: str, seeds: list[_OfSeed]) -> Measurement:
    left = [seed.left for seed in seeds if seed.left is not None]
    profile = np.sum([seed.profile for seed in seeds], axis=0).tolist()
    return Measurement(
        set=case.file.set,
        scene=case.file.scene,
        scale=case.scale,
        method=method,
        unit=case.unit,
        metrics={
            name: float(np.mean([seed.metrics[name] for seed in seeds]))
            for name in seeds[0].metrics
        },
        profile=tuple((float(total), int(count)) for total, count in profile),
        left=tuple(map(tuple, np.mean(left, axis=0).tolist())) if left else (),
    )


def _reference(protocol: Protocol, case: Case) -> Reference:
    target, valid = (torch.from_numpy(x)[None, None] for x in (case.target, case.counted))
    span = 255.0 if case.unit == "level" else float(np.ptp(case.target[case.counted])) or 1.0
    zone = edge_zone(target, valid, _EDGE_STEP * span / 255, PROFILE)
    places = valid.flatten().nonzero().flatten()
    return Reference(
        target=target,
        valid=valid,
        level=span / 255,
        data_range=span,
        zone=zone,
        places=places,
        counted=target.flatten()[places],
        distance=zone.distance.flatten()[places],
        rounding=case.rounding,
        within_90=WITHIN_90 if protocol.noise is None else WITHIN_90_NOISY,
    )


def _metrics(pred: Tensor, counted: Tensor, by: Reference, *, with_ssim: bool) -> dict[str, float]:
    """Return the metrics of a prediction, given whole and at its counted pixels."""
    step, whole = _EDGE_STEP * by.level, (pred, by.target, by.valid)
    pixels = counted, by.counted, torch.ones_like(counted, dtype=torch.bool)
    metrics = {
        "rmse": rmse(*pixels),
        "mae": mae(*pixels),
        "bad_pixel_rate": bad_pixel_rate(*pixels, by.level),
        "edge_rmse": edge_rmse(*whole, step, by.zone),
        "flying_pixel_rate": flying_pixel_rate(*whole, step, by.zone),
        "psnr": psnr(*pixels, by.data_range),
    }
    if with_ssim:
        metrics["ssim"] = ssim(*whole, by.data_range)
    return {name: float(value) for name, value in metrics.items()}


def _certainty(
    counted: Tensor, expected: Values, by: Reference
) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return how well expected errors describe those made, and both sparsification curves."""
    wanted = torch.from_numpy(expected).flatten()[by.places]
    error, every = counted - by.counted, torch.ones_like(by.places, dtype=torch.bool)
    curves = [
        sparsification(error, ranking, every, LEFT_OUT).numpy() for ranking in (wanted, error.abs())
    ]
    covered = coverage(error, rounded_off(wanted, by.rounding), every, by.within_90)
    metrics = {"coverage": float(covered), "ause": float((curves[0] - curves[1]).mean())}
    return metrics, np.stack(curves, axis=1)


def _input_rmse(protocol: Protocol, case: Case, pred: Tensor, seed: int) -> float:
    """Return the RMSE between a prediction, degraded as its input was, and that input."""
    low_res, valid = case.low_res[seed], torch.from_numpy(case.valid)[None, None]
    again, again_valid = degrade(pred, case.scale, protocol.degradation, valid)
    return float(rmse(again, torch.from_numpy(low_res.values)[None, None], again_valid))


def _profile(counted: Tensor, by: Reference) -> NDArray[np.float64]:
    """Return sums of squared errors and counts by distance, 2 columns."""
    squares = (counted - by.counted).square()
    sums = torch.bincount(by.distance, squares, minlength=PROFILE + 1)
    counts = torch.bincount(by.distance, minlength=PROFILE + 1)
    return np.stack([sums.numpy(), counts.double().numpy()], axis=1)
