"""Maps of every sort that the page's engine must upscale as Python does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr import DepthMap

__all__ = ["scene", "upscaled_cases"]

Case = tuple[DepthMap, dict[str, Any]]


def scene(
    rng: np.random.Generator, height: int, width: int, low: float = 1, high: float = 5
) -> NDArray[np.float32]:
    """Return a slanted background with four boxes before it."""
    row, column = np.mgrid[:height, :width]
    values = low + (high - low) * (0.3 * column / width + 0.2 * row / height)
    for _ in range(4):
        y, x = rng.integers(0, height), rng.integers(0, width)
        down, right = rng.integers(1, height // 2 + 2), rng.integers(1, width // 2 + 2)
        box = np.s_[max(y - down, 0) : y + down, max(x - right, 0) : x + right]
        values[box] = low + (high - low) * rng.random()
    return values.astype(np.float32)


def upscaled_cases() -> list[Case]:
    """Return maps, and the options of `dsdmsr.Upscaler` that they are upscaled with."""
    rng = np.random.default_rng(4)
    return [*_sizes(rng), *_factors(rng), *_holes(rng), *_values(rng), *_places(rng)]


def _metres(values: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> DepthMap:
    return DepthMap(values, valid, unit="m")


def _sizes(rng: np.random.Generator) -> list[Case]:
    """Return odd sizes, which need one tile or several."""
    sizes = [(1, 1, 2), (1, 9, 3), (13, 1, 4), (2, 2, 16), (33, 47, 4), (97, 131, 8)]
    cases: list[Case] = [
        (_metres(scene(rng, height, width)), {"scale": scale}) for height, width, scale in sizes
    ]
    return [*cases, (_metres(scene(rng, 40, 41)), {"scale": 4, "tile": 13})]


def _factors(rng: np.random.Generator) -> list[Case]:
    """Return every factor."""
    return [
        (_metres(scene(rng, 19, 23), rng.random((19, 23)) > 0.15), {"scale": scale})
        for scale in range(2, 17)
    ]


def _holes(rng: np.random.Generator) -> list[Case]:
    """Return holes: a large one, many, few valid pixels, and what is filled."""
    large = np.ones((60, 70), np.bool_)
    large[10:50, 8:66] = False
    return [
        (_metres(scene(rng, 60, 70), large), {"scale": 4}),
        (_metres(scene(rng, 60, 70), rng.random((60, 70)) > 0.6), {"scale": 2, "fill": 3}),
        (_metres(scene(rng, 60, 70), rng.random((60, 70)) > 0.995), {"scale": 2, "fill": 9999}),
    ]


def _values(rng: np.random.Generator) -> list[Case]:
    """Return constants, negative ones, the ends of 16 bits, wide gaps, crowds and lone pixels."""
    ends = np.where(scene(rng, 40, 40) > 3, 65535, 1).astype(np.float32) / 1000
    far, lone, lake = scene(rng, 40, 50), scene(rng, 40, 50), scene(rng, 50, 50, 0, 400)
    far[:, :10] = 1000
    lone[5, 7], lone[20, 30] = 65.5, 400
    lake[lake < 150] = 0
    # Zeros under holes are no pixels of the least value, of which there are too few to be an end.
    corner, seen = scene(rng, 40, 40), np.ones((40, 40), np.bool_)
    corner[:3, :3], seen[20:, :20] = 0, False
    crowd = scene(rng, 60, 60)
    crowd[:25] = 1 + 0.01 * rng.random((25, 60))
    crowd[30, 30] = 200
    disparity = DepthMap(scene(rng, 50, 60, -20, 5), kind="disparity", unit="px")
    return [
        (_metres(np.full((7, 5), 2.5)), {"scale": 4}),
        (disparity, {"scale": 4}),
        (DepthMap(ends, unit="m", encoding="mm"), {"scale": 4}),
        (_metres(far), {"scale": 4}),
        (_metres(lone), {"scale": 2}),
        (_metres(crowd), {"scale": 2}),
        (DepthMap(lake, kind="height", unit="m", encoding="height"), {"scale": 4}),
        (DepthMap(corner, seen, kind="height", unit="m"), {"scale": 4}),
    ]


def _places(rng: np.random.Generator) -> list[Case]:
    """Return phases, and a size that stretches."""
    cases: list[Case] = [
        (_metres(scene(rng, 20, 31), rng.random((20, 31)) > 0.1), {"scale": scale, "phase": phase})
        for scale, phase in ((4, "corner"), (5, "corner"), (4, "aligned"), (5, "aligned"))
    ]
    return [*cases, (_metres(scene(rng, 30, 31)), {"size": (47, 99)})]
