"""The maps of the test vectors, and what each is enlarged by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import dsdmsr
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.phase import Phase
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.auto import DegradationChoice
from dsdmsr.upscaling.backends import BackendName

__all__ = ["CAMERA", "MILLIMETRES", "Case", "cases", "upscaled"]

CAMERA = Intrinsics(fx=131.5, fy=130.25, cx=7.25, cy=6.5)
"""The camera of all maps."""
MILLIMETRES = "mm"
"""The encoding of maps of whole numbers."""
_SAMPLE = dsdmsr.sample()[0]
_FAST, _BASE = "dsdmsr-fast", "dsdmsr-base"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A map, and what it is enlarged by."""

    name: str
    """Of its files."""
    shows: str
    """One line for people."""
    depth: DepthMap
    """The map."""
    scale: int | None = None
    """The factor."""
    size: tuple[int, int] | None = None
    """Height and width, instead of it."""
    network: str = _FAST
    """The packaged network."""
    degradation: DegradationChoice = "unknown"
    """Which is given, or found."""
    phase: Phase = "centre"
    """Where pixels sit."""


def upscaled(case: Case, backend: BackendName = "onnx") -> DepthMap:
    """Return what a case's map becomes."""
    upscaler = Upscaler.from_pretrained(
        case.network,
        scale=case.scale,
        size=case.size,
        phase=case.phase,
        degradation=case.degradation,
        backend=backend,
        device="cpu",
    )
    return upscaler(case.depth)


def cases() -> tuple[Case, ...]:
    """Return all cases."""
    return (*_factors(), *_networks(), *_values(), *_ranges(), *_sizes())


def _factors() -> tuple[Case, ...]:
    """Return every factor, odd sizes of maps, and holes."""
    return (
        Case(name="x2", shows="×2, an odd height", depth=_crop(1, 30, 19, 24), scale=2),
        Case(name="x4", shows="×4, odd sizes", depth=_crop(0, 55, 17, 13), scale=4),
        Case(name="x8", shows="×8, odd sizes", depth=_crop(85, 78, 7, 9), scale=8),
        Case(name="x16", shows="×16", depth=_crop(44, 126, 5, 4), scale=16),
        Case(name="row", shows="one row, ×2", depth=_crop(40, 84, 1, 9), scale=2),
        Case(name="column", shows="one column, ×4", depth=_crop(28, 75, 9, 1), scale=4),
        Case(
            name="pixel",
            shows="one pixel, ×16: a constant",
            depth=_map(np.full((1, 1), 1.75)),
            scale=16,
        ),
        Case(
            name="constant",
            shows="a constant with a hole, ×4",
            depth=_map(np.full((3, 5), 0.1), _all_but((3, 5), (1, 3))),
            scale=4,
        ),
        Case(
            name="holes",
            shows="holes in floats, ×2, one at a corner",
            depth=_crop(1, 30, 15, 18, holes=_holes(15, 18)),
            scale=2,
        ),
        Case(
            name="few_valid",
            shows="more holes than surface, ×4",
            depth=_crop(26, 66, 9, 11, holes=~_scattered(9, 11)),
            scale=4,
        ),
        Case(
            name="millimetres",
            shows="holes in 16-bit millimetres, ×4",
            depth=_in_millimetres(_crop(60, 75, 13, 11, holes=_holes(13, 11))),
            scale=4,
        ),
    )


def _networks() -> tuple[Case, ...]:
    """Return the default network, by itself and with its weights for a degradation."""
    base = Case(
        name="base_x2",
        shows="the default network, ×2",
        depth=_crop(84, 76, 12, 14),
        scale=2,
        network=_BASE,
    )
    holes = _crop(34, 66, 9, 10, holes=_holes(9, 10))
    return (
        base,
        replace(base, name="base_x4", shows="the same with holes, ×4", depth=holes, scale=4),
        replace(
            base,
            name="bicubic_x4",
            shows="its weights for a degradation that is given: bicubic, ×4",
            depth=holes,
            scale=4,
            degradation="bicubic",
        ),
        replace(base, name="base_x16", shows="×16", depth=_crop(60, 75, 4, 5), scale=16),
        replace(
            base,
            name="found",
            shows="the default network with the degradation found: bicubic, ×2",
            depth=_crop(0, 22, 26, 36),
            degradation="auto",
        ),
        replace(
            base,
            name="not_found",
            shows="the same where steps show means of blocks, ×2",
            depth=_map(_SAMPLE.values[:60, :60].reshape(30, 2, 30, 2).mean((1, 3))),
            degradation="auto",
        ),
    )


def _values() -> tuple[Case, ...]:
    """Return signs, ends of the range, and what results are clipped to."""
    y, x = np.mgrid[:11, :12]
    ramp = np.where(x + y < 12, 1 + 330.0 * (11 * x + y), 65535 - 270.0 * (11 * y + x))
    ramp[0, 0], ramp[-1, -1], ramp[10, 0] = 1, 65535, 65535
    sea = np.maximum(0, 2 * np.hypot(x - 2, y - 3) - 9)
    near = np.where(_disc(11, 12), 0.01, 3 + 0.05 * x)
    shift = 8 * _crop(60, 75, 11, 13).values - 9
    return (
        Case(
            name="negative",
            shows="disparity of both signs, ×4",
            depth=_map(shift, kind="disparity"),
            scale=4,
        ),
        Case(
            name="extremes",
            shows="1 and 65535 in 16 bits, which results don't leave, ×4",
            depth=_in_millimetres(_map(ramp / 1000)),
            scale=4,
        ),
        Case(
            name="flat_end",
            shows="a least value, 0, that many pixels have: it stays flat, ×4",
            depth=_map(sea, kind="inverse_depth"),
            scale=4,
        ),
        Case(
            name="near_zero",
            shows="a least value near 0: no result is below half of it, ×4",
            depth=_map(near),
            scale=4,
        ),
    )


def _ranges() -> tuple[Case, ...]:
    """Return wide ranges."""
    y, x = np.mgrid[:11, :12]
    wall = 2 + 0.012 * x + 0.005 * y
    lone = np.where(np.hypot(x - 6, y - 6) < 1, 65.535, wall)
    crowd = np.where(x < 5, 2 + 0.0008 * x + 0.002 * y, 3 + 0.5 * x + 0.11 * y)
    return (
        Case(
            name="background",
            shows="a wall before a background twenty times as far, ×4",
            depth=_map(np.where(x < 5, 40.0, wall)),
            scale=4,
        ),
        Case(
            name="crowd",
            shows="many pixels within a fiftieth of the range, ×4",
            depth=_map(crowd),
            scale=4,
        ),
        Case(
            name="lone",
            shows="a single wrong pixel, ×4",
            depth=_map(lone),
            scale=4,
        ),
    )


def _sizes() -> tuple[Case, ...]:
    """Return other sizes than a factor's, and other phases."""
    corner = Case(
        name="corner",
        shows="every fourth pixel of a larger map, with holes",
        depth=_crop(60, 75, 11, 13, holes=_holes(11, 13)),
        scale=4,
        phase="corner",
    )
    return (
        corner,
        replace(corner, name="aligned", shows="outermost pixels on each other", phase="aligned"),
        replace(
            corner,
            name="size",
            shows="a size that is no factor",
            scale=None,
            size=(25, 37),
            phase="centre",
        ),
    )


def _map(
    values: NDArray[np.floating],
    valid: NDArray[np.bool_] | None = None,
    kind: dsdmsr.depth.Kind = "depth",
) -> DepthMap:
    return DepthMap(values, valid, kind=kind, intrinsics=CAMERA)


def _crop(
    top: int, left: int, height: int, width: int, holes: NDArray[np.bool_] | None = None
) -> DepthMap:
    """Return a part of the packaged sample, which is rendered."""
    values = _SAMPLE.values[top : top + height, left : left + width]
    return _map(values, None if holes is None else ~holes)


def _in_millimetres(depth: DepthMap) -> DepthMap:
    """Return a map in metres as it is read from 16-bit millimetres."""
    numbers = np.floor(1000.0 * depth.values.astype(np.float64) + 0.5)
    return DepthMap(numbers / 1000, depth.valid, unit="m", encoding=MILLIMETRES, intrinsics=CAMERA)


def _all_but(shape: tuple[int, int], place: tuple[int, int]) -> NDArray[np.bool_]:
    valid = np.ones(shape, np.bool_)
    valid[place] = False
    return valid


def _disc(height: int, width: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[:height, :width]
    return np.asarray(np.hypot(y - 5, x - 6) < 3.2)


def _scattered(height: int, width: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[:height, :width]
    return np.asarray((3 * x + 5 * y) % 7 < 3)


def _holes(height: int, width: int) -> NDArray[np.bool_]:
    """Return a block, a diagonal, a corner, and pixels at the border."""
    y, x = np.mgrid[:height, :width]
    block = (abs(y - height // 2) <= 2) & (abs(x - width // 2) <= 1)
    diagonal = (x - y == width - 4) | ((x == 0) & (y % 4 == 2))
    return np.asarray(block | diagonal | (x + y < 3))
