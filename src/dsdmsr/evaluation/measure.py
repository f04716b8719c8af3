"""Measure methods under a protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.degradation.degrade import degrade
from dsdmsr.degradation.resample import resize_nearest
from dsdmsr.errors import ConfigError, DataError
from dsdmsr.evaluation.ground_truth import Truth, TruthFile
from dsdmsr.evaluation.methods import Method, Network, Small, Values
from dsdmsr.evaluation.protocols import LEVELS, Protocol
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
    "METRICS",
    "PROFILE",
    "Case",
    "Measured",
    "Score",
    "cases",
    "evaluate",
    "predict",
]

METRICS = (
    "rmse",
    "mae",
    "bad_pixel_rate",
    "edge_rmse",
    "flying_pixel_rate",
    "psnr",
    "input_rmse",
    "coverage",
    "ause",
    "ssim",
)
"""The metrics of a score; coverage and ause of networks that expect errors, ssim if asked for."""
LEFT_OUT = 20
"""Of how many equal shares of the pixels it is measured what leaving them out does."""
PROFILE = 16
"""Up to how many pixels from an edge errors are told apart."""
_STEPS = {LEVELS: (1.0,), "px": (1.0, 1 / 64, 1 / 256), "m": (1 / 1000, 1 / 5000)}
"""Unit → what the values of files in it are often whole multiples of, largest first."""
_WHOLE, _NEARLY = 0.98, 0.02
"""What share of a truth's values must be multiples of a step for it to count as rounded, and by
what share of the step they may miss them, since they are held in single precision."""
_EDGE_STEP = 4.0
"""What two neighbours must differ by to make an edge, in levels."""


class Yardstick(NamedTuple):
    """Hold what predictions of a case are measured by."""

    target: Tensor
    """The truth, 1 1 H W."""
    valid: Tensor
    """Which of its pixels count, 1 1 H W."""
    level: float
    """A grey level, or a 255th of the truth's range for maps in other units."""
    data_range: float
    zone: EdgeZone
    chosen: Tensor
    """Where the valid pixels are, in the flattened map."""
    truth: Tensor
    """The truth there."""
    distance: Tensor
    """Their distance from the nearest edge."""
    rounding: float
    """What the truth's values are whole multiples of; 0 where they aren't."""
    within_90: float
    """Within how many times the expected errors 90 % of those made should lie."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Hold one method's errors on one scene at one factor, the mean over the noise's seeds."""

    set: str
    scene: str
    scale: int
    method: str
    unit: str
    """Of rmse, mae, edge_rmse and input_rmse."""
    metrics: dict[str, float]
    """Name (`METRICS`) → figure."""
    profile: tuple[tuple[float, int], ...]
    """Sum of squared errors, and number of pixels, at 0, 1, … pixels from the nearest edge; the
    last entry is for all that are further away."""
    left: tuple[tuple[float, float], ...] = ()
    """What is left of the mean absolute error when 0, 1, … of `LEFT_OUT` shares of the pixels are
    left out by the errors that the network expects, and by those it makes."""


class Measured(NamedTuple):
    """Hold what came of a case."""

    scores: list[Score]
    """One for each method."""
    preds: dict[str, Values]
    """Method → its map, from the first seed's small map."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Hold a truth at one factor, and the small maps to start from."""

    file: TruthFile
    scale: int
    unit: str
    target: Values
    """H×W, each side a multiple of the factor."""
    counted: NDArray[np.bool_]
    """H×W."""
    known: NDArray[np.bool_]
    """What the small maps were made from, H×W."""
    small: tuple[Small, ...]
    """One for each seed of the noise."""

    @property
    def rounding(self) -> float:
        """What the truth's values are whole multiples of, such as a level or a millimetre, or 0."""
        truth = self.target[self.counted]
        for step in _STEPS.get(self.unit, ()):
            missed = np.abs(truth / step - np.rint(truth / step))
            if np.mean(missed < _NEARLY) >= _WHOLE:
                return step
        return 0.0


def cases(protocol: Protocol, file: TruthFile, scales: Sequence[int]) -> Iterator[Case]:
    """Yield a map at each of the factors.

    Raises:
        DataError: If the map is missing, damaged, or smaller than a factor.
        ConfigError: If the protocol is for grey levels only, and the map is not in them.
    """
    truth = file.read()
    if protocol.needs_levels and truth.unit != LEVELS:
        raise ConfigError(
            f"protocol ({protocol.letter}) is for 8-bit grey levels only, and {file.path} is in "
            f"{truth.unit}: choose another protocol, or --encoding levels"
        )
    for scale in scales:
        yield _case(protocol, file, truth, scale)


def _case(protocol: Protocol, file: TruthFile, truth: Truth, scale: int) -> Case:
    height, width = (n // scale * scale for n in truth.values.shape)
    if not height or not width:
        shape = "×".join(map(str, truth.values.shape))
        raise DataError(f"{file.path} is {shape}: too small to be made {scale} times smaller")
    target = truth.values[:height, :width]
    known = torch.from_numpy(truth.known[:height, :width])[None, None]
    lr_depth, lr_valid = degrade(
        torch.from_numpy(target)[None, None], scale, protocol.degradation, known
    )
    if not bool(lr_valid.any()):
        raise DataError(f"{file.path} has no valid pixel left {scale} times smaller: leave it out")
    if protocol.lr_rounded:
        lr_depth = torch.from_numpy(_rounded(lr_depth.numpy()))
    interval = protocol.degradation == "interval"
    reached = resize_nearest(lr_valid, scale, interval=interval)[0, 0].numpy()
    small = []
    for seed in range(protocol.seeds):
        values = protocol.add_noise(lr_depth, seed)[0, 0].numpy()
        small.append(Small(values, lr_valid[0, 0].numpy(), scale, protocol.degradation))
    counted = truth.counted[:height, :width] & reached
    counted[height - protocol.dropped :] = False
    counted[:, width - protocol.dropped :] = False
    return Case(
        file=file,
        scale=scale,
        unit=truth.unit,
        target=target,
        counted=counted,
        known=truth.known[:height, :width],
        small=tuple(small),
    )


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.floor(values + 0.5), 0, 255)


def predict(protocol: Protocol, case: Case, method: Method, seed: int = 0) -> Values:
    """Return a method's map, rounded where the protocol says so."""
    return _predict(protocol, case, method, seed)[0]


def _predict(
    protocol: Protocol, case: Case, method: Method, seed: int
) -> tuple[Values, Values | None]:
    """Return a method's map, and the errors that it expects, if it does."""
    small = case.small[seed]
    expected: Values | None = None
    if isinstance(method, Network):
        pred, expected = method.with_errors(small)
    else:
        pred = method(small)
    return _rounded(pred) if protocol.rounded and case.unit == LEVELS else pred, expected


def evaluate(
    protocol: Protocol, case: Case, methods: dict[str, Method], *, with_ssim: bool = False
) -> Measured:
    """Measure all methods on a map at one factor.

    Args:
        protocol: How to measure.
        case: The map.
        methods: Name → method.
        with_ssim: Whether to give ssim too, which takes longer than all else.
    """
    yardstick = _yardstick(protocol, case)
    scores: list[Score] = []
    preds: dict[str, Values] = {}
    for name, method in methods.items():
        figures, profiles, left = [], [], []
        for seed in range(len(case.small)):
            values, expected = _predict(protocol, case, method, seed)
            preds.setdefault(name, values)
            pred = torch.from_numpy(values)[None, None]
            # Chosen once, since that takes longer than the sums.
            chosen = pred.flatten()[yardstick.chosen]
            made = _figures(pred, chosen, yardstick, with_ssim=with_ssim)
            made["input_rmse"] = _left_of_input(protocol, case, pred, seed)
            profiles.append(_profile(chosen, yardstick))
            if expected is not None:
                certainty = _certainty(chosen, expected, yardstick)
                made |= certainty.figures
                left.append(certainty.left)
            figures.append(made)
        scores.append(
            Score(
                set=case.file.set,
                scene=case.file.scene,
                scale=case.scale,
                method=name,
                unit=case.unit,
                metrics={k: float(np.mean([f[k] for f in figures])) for k in figures[0]},
                profile=tuple(
                    (float(total), int(count)) for total, count in np.sum(profiles, axis=0).tolist()
                ),
                left=tuple(map(tuple, np.mean(left, axis=0).tolist())) if left else (),
            )
        )
    return Measured(scores, preds)


def _yardstick(protocol: Protocol, case: Case) -> Yardstick:
    target, valid = (torch.from_numpy(x)[None, None] for x in (case.target, case.counted))
    span = 255.0 if case.unit == LEVELS else float(np.ptp(case.target[case.counted])) or 1.0
    zone = edge_zone(target, valid, _EDGE_STEP * span / 255, PROFILE)
    chosen = valid.flatten().nonzero().flatten()
    return Yardstick(
        target=target,
        valid=valid,
        level=span / 255,
        data_range=span,
        zone=zone,
        chosen=chosen,
        truth=target.flatten()[chosen],
        distance=zone.distance.flatten()[chosen],
        rounding=case.rounding,
        within_90=WITHIN_90 if protocol.noise is None else WITHIN_90_NOISY,
    )


def _figures(pred: Tensor, chosen: Tensor, by: Yardstick, *, with_ssim: bool) -> dict[str, float]:
    """Return the metrics of a prediction, whole and where it counts."""
    step, whole = _EDGE_STEP * by.level, (pred, by.target, by.valid)
    counted = chosen, by.truth, torch.ones_like(chosen, dtype=torch.bool)
    made = {
        "rmse": rmse(*counted),
        "mae": mae(*counted),
        "bad_pixel_rate": bad_pixel_rate(*counted, by.level),
        "edge_rmse": edge_rmse(*whole, step, by.zone),
        "flying_pixel_rate": flying_pixel_rate(*whole, step, by.zone),
        "psnr": psnr(*counted, by.data_range),
    }
    if with_ssim:
        made["ssim"] = ssim(*whole, by.data_range)
    return {name: float(value) for name, value in made.items()}


class _Certainty(NamedTuple):
    figures: dict[str, float]
    left: NDArray[np.float64]
    """See `Score.left`."""


def _certainty(chosen: Tensor, expected: Values, by: Yardstick) -> _Certainty:
    """Return how well expected errors describe those of the pixels that count."""
    wanted = torch.from_numpy(expected).flatten()[by.chosen]
    error, every = chosen - by.truth, torch.ones_like(by.chosen, dtype=torch.bool)
    curves = [
        sparsification(error, ranking, every, LEFT_OUT).numpy() for ranking in (wanted, error.abs())
    ]
    return _Certainty(
        {
            "coverage": float(
                coverage(error, rounded_off(wanted, by.rounding), every, by.within_90)
            ),
            "ause": float((curves[0] - curves[1]).mean()),
        },
        np.stack(curves, axis=1),
    )


def _left_of_input(protocol: Protocol, case: Case, pred: Tensor, seed: int) -> float:
    """Return the RMSE between a prediction, made small as its input was, and that input."""
    small, known = case.small[seed], torch.from_numpy(case.known)[None, None]
    again, valid = degrade(pred, case.scale, protocol.degradation, known)
    return float(rmse(again, torch.from_numpy(small.values)[None, None], valid))


def _profile(chosen: Tensor, by: Yardstick) -> NDArray[np.float64]:
    """Return sums of squared errors and counts by distance, 2 columns."""
    squares = (chosen - by.truth).square()
    sums = torch.bincount(by.distance, squares, minlength=PROFILE + 1)
    counts = torch.bincount(by.distance, minlength=PROFILE + 1)
    return np.stack([sums.numpy(), counts.double().numpy()], axis=1)
