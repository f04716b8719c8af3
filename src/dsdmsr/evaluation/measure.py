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
from dsdmsr.evaluation.metrics import EDGE_STEP, METRICS, Prediction, Reference
from dsdmsr.evaluation.protocols import FigureUnit, Protocol
from dsdmsr.metrics import SURFACE, WITHIN_90, WITHIN_90_NOISY, edge_zone

__all__ = [
    "PROFILE",
    "CaseResult",
    "Measurement",
    "measure_case",
    "predict",
]

PROFILE = 16
"""Distance from an edge, in pixels, from which on errors are pooled."""


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
    """Name (`dsdmsr.evaluation.metrics.METRICS`) → figure; NaN where no pixel counts."""
    profile: tuple[tuple[float, int], ...]
    """Sum of squared errors, and number of pixels, at 0, 1, … pixels from the nearest edge; the
    last entry is for all that are further away."""
    left: tuple[tuple[float, float], ...] = ()
    """Share of the mean absolute error that is left when 0, 1, … of equal shares of the pixels are
    left out, by expected and by actual error; see `dsdmsr.evaluation.metrics.LEFT_OUT`."""


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
    pred, error = torch.from_numpy(high_res.values)[None, None], high_res.error
    again, again_valid = degrade(
        pred, case.scale, protocol.degradation, torch.from_numpy(case.valid)[None, None]
    )
    prediction = Prediction(
        pred=pred,
        counted=pred.flatten()[by.places],
        reference=by,
        again=(again, torch.from_numpy(case.low_res[seed].values)[None, None], again_valid),
        expected=None if error is None else torch.from_numpy(error).flatten()[by.places],
    )
    wanted = {
        "always": True,
        "camera": by.camera is not None,
        "errors": error is not None,
        "asked": with_ssim,
    }
    metrics = {
        name: float(metric.measure(prediction))
        for name, metric in METRICS.items()
        if wanted[metric.when]
    }
    left = None if error is None else prediction.curves
    return _OfSeed(metrics, _profile(prediction.counted, by), left)


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
    zone = edge_zone(target, valid, EDGE_STEP * span / 255, SURFACE[1] + 1)
    places = valid.flatten().nonzero().flatten()
    return Reference(
        target=target,
        valid=valid,
        level=span / 255,
        data_range=span,
        zone=zone,
        places=places,
        counted=target.flatten()[places],
        distance=zone.distance.flatten()[places].clamp(max=PROFILE),
        rounding=case.rounding,
        within_90=WITHIN_90 if protocol.noise is None else WITHIN_90_NOISY,
        camera=case.camera,
    )


def _profile(counted: Tensor, by: Reference) -> NDArray[np.float64]:
    """Return sums of squared errors and counts by distance, 2 columns."""
    squares = (counted - by.counted).square()
    sums = torch.bincount(by.distance, squares, minlength=PROFILE + 1)
    counts = torch.bincount(by.distance, minlength=PROFILE + 1)
    return np.stack([sums.numpy(), counts.double().numpy()], axis=1)
