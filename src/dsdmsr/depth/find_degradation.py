"""Which degradation a depth map came by, found from its isolated steps.

Where two flat surfaces meet, the pixels in between show how they came about: antialiased bicubic
resizing overshoots on both sides, area averaging leaves values in between, samples are one or the
other. A small network weighs how often each occurs over all of a map's steps. It was trained on
rendered scenes, sharp and soft, with noise and rounded (``python -m experiments degradation``),
and says "other" where it cannot tell.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FOUND_FROM",
    "STEPS_MIN",
    "WEIGHTS",
    "FoundDegradation",
    "StepSource",
    "find_degradation",
    "step_features",
    "step_profiles",
]

StepSource = Literal["bicubic", "area", "opencv_cubic", "samples", "other"]
"""How a low-resolution map may have come about: antialiased bicubic resizing; means of blocks;
OpenCV's cubic, not antialiased; samples, wherever in the blocks, or linear between two of them; or
by another filter."""
STEPS_MIN = 30
"""With fewer isolated steps nothing is said."""
FOUND_FROM = 0.9
"""Probability from which a degradation counts as found."""
WEIGHTS = "find_degradation.npz"
"""The network's weights, beside this file."""

_LENGTH = 8
"""Pixels of a profile: two flat ones at either end, and four with the step between them."""
_STEP = 0.04
"""Of the map's range, what counts as a step."""
_FLAT = 0.08
"""Of a step, what the two outermost pixels of either side differ by at most."""
_LARGEST = 0.3
"""The step's largest difference between neighbours is at least this share of the least step."""
_INNER = (-0.08, -0.045, -0.025, -0.012, -0.004, 0.004, 0.012, 0.03, 0.06, 0.12, 0.2, 0.3, 0.4)
_OUTER = _INNER[:9]
"""Bounds of what the pixels beside a step, and those beside these, are counted by: how far they
are from their side, as a share of the step; below 0 beyond it."""
_BEYOND, _SAME, _BETWEEN, _NEAR = -0.012, 0.004, 0.04, 0.02
"""Such a pixel overshoots, equals its side, is between both sides; one further out is not flat."""
_COUNT_SCALE = 5.0
"""The logarithm of the number of steps is divided by it."""


class FoundDegradation(NamedTuple):
    """What a map's steps say about its degradation."""

    name: StepSource | None
    """The likeliest, if its probability is at least `FOUND_FROM` and it isn't ``other``."""
    probability: float
    """Of the likeliest."""
    probabilities: dict[StepSource, float]
    """Of all."""
    steps: int
    """How many isolated steps there are."""


def find_degradation(
    values: NDArray[np.floating], valid: NDArray[np.bool_]
) -> FoundDegradation | None:
    """Return which degradation a low-resolution map came by; None if too few steps tell.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w; steps beside others do not count.

    Example:
        Columns of a fine step, averaged over blocks of 4:

        >>> rng = np.random.default_rng(0)
        >>> fine = np.repeat(rng.integers(0, 9, (40, 16)), 40, axis=1)[:, 3:]
        >>> blocks = fine[:, : fine.shape[1] // 4 * 4].reshape(40, -1, 4).mean(axis=2)
        >>> found = find_degradation(blocks, np.ones(blocks.shape, bool))
        >>> found.steps > STEPS_MIN
        True
    """
    profiles = step_profiles(values, valid)
    if len(profiles) < STEPS_MIN:
        return None
    shift, scale, first, first_bias, second, second_bias = _weights()
    hidden = np.maximum((step_features(profiles) - shift) / scale @ first + first_bias, 0)
    scores = hidden @ second + second_bias
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    sources: tuple[StepSource, ...] = get_args(StepSource)
    best = int(likely.argmax())
    sure = likely[best] >= FOUND_FROM and sources[best] != "other"
    return FoundDegradation(
        name=sources[best] if sure else None,
        probability=float(likely[best]),
        probabilities=dict(zip(sources, map(float, likely), strict=True)),
        steps=len(profiles),
    )


@cache
def _weights() -> tuple[NDArray[np.float32], ...]:
    with (files(__package__) / WEIGHTS).open("rb") as file, np.load(file) as stored:
        names = ("shift", "scale", "first", "first_bias", "second", "second_bias")
        return tuple(stored[name].astype(np.float32) for name in names)


def step_profiles(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the pixels across each isolated step of a map, n×8: 0 on one side, 1 on the other.

    A step runs along a row or a column. Its largest difference of neighbours is between the fourth
    and the fifth pixel; the first two and the last two are flat, and 0 and 1 on average.

    Args:
        values: The map, h×w.
        valid: Which of its pixels are valid, h×w.
    """
    whole = np.ascontiguousarray(values, np.float32)
    used = whole if valid.all() else whole[valid]
    span = float(used.max() - used.min()) if used.size else 0.0
    if span == 0:
        return np.empty((0, _LENGTH), np.float32)
    seen = None if used.size == whole.size else np.ascontiguousarray(valid).ravel()
    parts = [_profiles(whole, seen, span, along_rows=flag) for flag in (True, False)]
    return np.concatenate(parts)


def _profiles(
    values: NDArray[np.float32], seen: NDArray[np.bool_] | None, span: float, *, along_rows: bool
) -> NDArray[np.float32]:
    """Return the steps along rows, or along columns; see `step_profiles`."""
    width = values.shape[1]
    apart, count = (1, width) if along_rows else (width, len(values))
    if count < _LENGTH:
        return np.empty((0, _LENGTH), np.float32)
    steps = np.abs(np.diff(values, axis=1 if along_rows else 0))
    before, here, after = (
        steps[:, k : count - _LENGTH + k + 1] if along_rows else steps[k : count - _LENGTH + k + 1]
        for k in (2, 3, 4)
    )
    row, column = np.nonzero((here >= _LARGEST * _STEP * span) & (here >= before) & (here > after))
    places = (row * width + column)[:, None] + apart * np.arange(_LENGTH)
    found = values.ravel()[places]
    low, high = found[:, :2].mean(axis=1), found[:, -2:].mean(axis=1)
    height = high - low
    most = _FLAT * np.abs(height)
    kept = np.abs(height) >= _STEP * span
    kept &= np.abs(found[:, 1] - found[:, 0]) <= most
    kept &= np.abs(found[:, -1] - found[:, -2]) <= most
    if seen is not None:
        kept &= seen[places].all(axis=1)
    return np.asarray((found[kept] - low[kept, None]) / height[kept, None])


def step_features(profiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how often what occurs over steps, as the network takes it.

    Args:
        profiles: See `step_profiles`, n×8, n at least 1.
    """
    inner, outer, flat = (
        np.stack([profiles[:, k], 1 - profiles[:, _LENGTH - 1 - k]], axis=1) for k in (3, 2, 1)
    )
    inside, outside = inner < _BEYOND, outer < _BEYOND
    between = inner > _BETWEEN
    shares = [
        inside.any(1),
        inside.all(1),
        outside.any(1),
        outside.all(1),
        inside.any(1) | outside.any(1),
        between.any(1) & outside.any(1),
        between.any(1),
        between.all(1),
        (outer > _NEAR).any(1),
        np.abs(outer) < _SAME,
        np.abs(inner) < _SAME,
        np.abs(flat) < _SAME,
    ]
    figures = [
        *(share.mean() for share in shares),
        np.median(np.abs(flat)),
        np.median(np.abs(outer)),
        np.log(len(profiles)) / _COUNT_SCALE,
    ]
    parts = _histogram(inner, _INNER), _histogram(outer, _OUTER), np.array(figures)
    return np.concatenate(parts).astype(np.float32)


def _histogram(shares: NDArray[np.float32], bounds: tuple[float, ...]) -> NDArray[np.float64]:
    places = np.searchsorted(bounds, shares.ravel())
    return np.bincount(places, minlength=len(bounds) + 1) / shares.size
