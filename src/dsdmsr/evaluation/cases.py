"""Cases: a ground truth map at one scale, with the low-resolution maps that methods start from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.degradation.degrade import degrade
from dsdmsr.degradation.resample import resize_nearest
from dsdmsr.degradation.sensors import NOISES
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import ConfigError, DataError
from dsdmsr.evaluation.ground_truth import GroundTruth, GroundTruthFile
from dsdmsr.evaluation.methods import LowRes, Values
from dsdmsr.evaluation.protocols import UNIT_NAMES, FigureUnit, Protocol

__all__ = ["Case", "cases", "round_levels", "stem"]

_STEPS: dict[FigureUnit | None, tuple[float, ...]] = {
    "level": (1.0,),
    "px": (1.0, 1 / 64, 1 / 256),
    "m": (1 / 1000, 1 / 5000),
}
"""Unit → steps that values of files in it are often multiples of, largest first."""
_ROUNDED_SHARE, _STEP_TOLERANCE = 0.98, 0.02
"""The share of values that must be multiples of a step for a map to count as rounded, and the share
of the step that they may be off, since they are held in single precision."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Hold a ground truth map at one scale, and its low-resolution maps."""

    file: GroundTruthFile
    scale: int
    unit: FigureUnit | None
    target: Values
    """The ground truth, H×W, each side a multiple of the scale."""
    counted: NDArray[np.bool_]
    """Which pixels count in figures, H×W."""
    valid: NDArray[np.bool_]
    """Which pixels the low-resolution maps were computed from, H×W."""
    low_res: tuple[LowRes, ...]
    """One for each seed of the noise."""
    camera: Intrinsics | None = None
    """The camera of a map of distances, if it is known."""

    @property
    def rounding(self) -> float:
        """The step that the ground truth is rounded to, such as a level or a millimetre, or 0."""
        target = self.target[self.counted]
        for step in _STEPS.get(self.unit, ()):
            missed = np.abs(target / step - np.rint(target / step))
            if np.mean(missed < _STEP_TOLERANCE) >= _ROUNDED_SHARE:
                return step
        return 0.0


def cases(protocol: Protocol, file: GroundTruthFile, scales: Sequence[int]) -> Iterator[Case]:
    """Yield a map at each of the scales.

    Raises:
        DataError: If the map is missing, damaged, or smaller than a scale.
        ConfigError: If the protocol is for grey levels only, and the map is not in them.
    """
    truth = file.read()
    if protocol.needs_levels and truth.unit != "level":
        raise ConfigError(
            f"protocol ({protocol.letter}) is for 8-bit grey levels only, and {file.path} is in "
            f"{UNIT_NAMES[truth.unit]}: choose another protocol, or --encoding levels"
        )
    for scale in scales:
        yield _case(protocol, file, truth, scale)


def _case(protocol: Protocol, file: GroundTruthFile, truth: GroundTruth, scale: int) -> Case:
    height, width = (n // scale * scale for n in truth.values.shape)
    if not height or not width:
        shape = "×".join(map(str, truth.values.shape))
        raise DataError(f"{file.path} is {shape}: too small to be downsampled by {scale}")
    target, valid = truth.values[:height, :width], truth.valid[:height, :width]
    lr_depth, lr_valid = degrade(
        torch.from_numpy(target)[None, None],
        scale,
        protocol.degradation,
        torch.from_numpy(valid)[None, None],
    )
    if not bool(lr_valid.any()):
        raise DataError(f"{file.path} has no valid pixel left at 1/{scale} size: leave it out")
    interval = protocol.degradation == "interval"
    reached = resize_nearest(lr_valid, scale, interval=interval)[0, 0].numpy()
    counted = truth.counted[:height, :width] & reached
    counted[height - protocol.dropped :] = False
    counted[:, width - protocol.dropped :] = False
    return Case(
        file=file,
        scale=scale,
        unit=truth.unit,
        target=target,
        counted=counted,
        valid=valid,
        camera=truth.camera if truth.kind == "depth" else None,
        low_res=tuple(
            LowRes(
                values=values[0, 0].numpy(),
                valid=lr_valid[0, 0].numpy(),
                scale=scale,
                degradation=protocol.degradation,
                kind=truth.kind,
                stem=stem(protocol, file, scale, seed),
            )
            for seed, values in enumerate(_noisy(protocol, lr_depth))
        ),
    )


def stem(protocol: Protocol, file: GroundTruthFile, scale: int, seed: int) -> str:
    """Return where files of a case lie in a folder: ``a/x4/B/art``, without a suffix.

    Where the protocol has several seeds of noise, ``-1``, ``-2``, … follow.
    """
    numbered = f"-{seed + 1}" if protocol.seeds > 1 else ""
    parts = (protocol.letter, f"x{scale}", file.set, f"{file.scene}{numbered}")
    return "/".join(re.sub(r"[^\w.+-]+", "-", part).lstrip(".") for part in parts)


def _noisy(protocol: Protocol, lr_depth: Tensor) -> Iterator[Tensor]:
    """Yield a low-resolution map as the protocol has it, for each seed of its noise."""
    if protocol.lr_rounded:
        lr_depth = torch.from_numpy(round_levels(lr_depth.numpy()))
    noise = None if protocol.noise is None else NOISES[protocol.noise]
    if noise is not None and noise.unit != "level":
        raise ConfigError(
            f"protocol ({protocol.letter}) has the noise {protocol.noise} in {noise.unit}: give "
            "one in levels, which protocols add"
        )
    for seed in range(protocol.seeds):
        if noise is None:
            yield lr_depth
        else:
            generator = torch.Generator().manual_seed(seed)
            yield noise.add(lr_depth, generator, protocol.noise_parameter)


def round_levels(values: Values) -> Values:
    """Return grey levels rounded half up and clipped to 0…255."""
    return np.clip(np.floor(values + 0.5), 0, 255)
