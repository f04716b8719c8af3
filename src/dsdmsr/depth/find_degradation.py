"""How a depth map was downsampled, found from its isolated steps.

Where two flat surfaces meet, the pixels in between show how they came about: antialiased bicubic
resizing overshoots on both sides, area averaging leaves values in between, samples are one or the
other. What an ideal step becomes is known for each, wherever it is between two pixels; a small
network weighs how near a map's steps come to that. It was trained on rendered scenes, sharp and
soft, with noise and rounded (``python -m experiments degradation``), and says "other" where it
cannot tell.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
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
STEPS_MIN = 12
"""With fewer isolated steps nothing is said."""
FOUND_FROM: dict[StepSource, float] = {
    "bicubic": 0.6,
    "area": 0.85,
    "opencv_cubic": 0.85,
    "samples": 0.85,
}
"""Probability from which a degradation counts as found. Bicubic interpolation is seldom mistaken,
and it alone has weights of its own."""
WEIGHTS = Path(__file__).with_suffix(".npy")
"""Five arrays of patterns, what an ideal step becomes by bicubic, area and OpenCV's cubic
resizing, by samples, and by linear interpolation; then the network's ten arrays."""

_PATTERNS, _WEIGHTS = 5, 10
_LENGTH = 8
"""Pixels of a profile: two flat ones at either end, and four with the step between them."""
_STEPS_MAX = 1024
"""Of more steps along rows, or along columns, so many are looked at."""
_STEP = 0.04
"""Of the map's range, what counts as a step."""
_FLAT = 0.08
"""Of a step, what the two outermost pixels of either side differ by at most."""
_LARGEST = 0.3
"""The step's largest difference between neighbours is at least this share of the least step."""
_SMALL, _MEDIUM = 0.012, 0.06
"""Deviations from either side, as shares of the step, on whose scales they are seen."""
_NEAREST = 1e-3
"""Distances from patterns below it count as equal."""
_COUNT_SCALE = 5.0
"""The logarithm of the number of steps is divided by it."""


class FoundDegradation(NamedTuple):
    """What a map's steps say about its degradation."""

    name: StepSource | None
    """The likeliest, if its probability is as `FOUND_FROM` says and it isn't ``other``."""
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
        Columns of any width, averaged over blocks of 4:

        >>> rng = np.random.default_rng(0)
        >>> fine = np.repeat(rng.integers(0, 9, (40, 16)), rng.integers(40, 60, 16), axis=1)
        >>> blocks = fine[:, :640].reshape(40, -1, 4).mean(axis=2)
        >>> find_degradation(blocks, np.ones(blocks.shape, bool)).name
        'area'
    """
    profiles = step_profiles(values, valid)
    if len(profiles) < STEPS_MIN:
        return None
    likely = _likely(step_features(profiles))
    sources: tuple[StepSource, ...] = get_args(StepSource)
    name, probability = sources[int(likely.argmax())], float(likely.max())
    return FoundDegradation(
        name=name if probability >= FOUND_FROM.get(name, math.inf) else None,
        probability=probability,
        probabilities=dict(zip(sources, map(float, likely), strict=True)),
        steps=len(profiles),
    )


def _likely(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probability of each source, from the features of all steps.

    Source:
        Each step's own network, a weighted mean, and another network: Zaheer et al.: "Deep sets",
        NeurIPS 2017; weights: Ilse, Tomczak, Welling: "Attention-based deep multiple instance
        learning", ICML 2018.
    """
    first, bias1, weigh, bias_w, second, bias2, third, bias3, last, bias4 = _network()
    hidden = np.maximum(features @ first + bias1, 0)
    weights = 1 / (1 + np.exp(-(hidden @ weigh + bias_w)))
    total = weights.sum()
    mean = (np.maximum(hidden @ second + bias2, 0) * weights).sum(0) / (total + _NEAREST)
    pooled = np.append(mean, np.log1p(total) / _COUNT_SCALE)
    scores = np.maximum(pooled @ third + bias3, 0) @ last + bias4
    likely = np.exp(scores - scores.max())
    return np.asarray(likely / likely.sum(), np.float32)


@cache
def _patterns() -> list[NDArray[np.float32]]:
    return _stored()[:_PATTERNS]


@cache
def _network() -> list[NDArray[np.float32]]:
    return _stored()[_PATTERNS:]


def _stored() -> list[NDArray[np.float32]]:
    with WEIGHTS.open("rb") as file:
        return [np.load(file).astype(np.float32) for _ in range(_PATTERNS + _WEIGHTS)]


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
    chosen = np.flatnonzero(kept)
    if len(chosen) > _STEPS_MAX:
        chosen = chosen[np.linspace(0, len(chosen) - 1, _STEPS_MAX).astype(int)]
    return np.asarray((found[chosen] - low[chosen, None]) / height[chosen, None])


def step_features(profiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network takes of each step, n×34.

    That is how far each pixel is from its side, on three scales, and how far the step is from what
    it would be by each source, absolutely and beside the nearest.

    Args:
        profiles: See `step_profiles`, n×8.
    """
    half = _LENGTH // 2
    away = np.concatenate([profiles[:, :half], 1 - profiles[:, half:]], axis=1).clip(-2, 2)
    nearest = np.stack([_distance(profiles, of_source) for of_source in _patterns()], axis=1)
    far = np.log10(nearest + _NEAREST) + 2
    parts = np.tanh(away / _SMALL), np.tanh(away / _MEDIUM), away, far
    return np.concatenate([*parts, far - far.min(axis=1, keepdims=True)], 1).astype(np.float32)


def _distance(profiles: NDArray[np.float32], patterns: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each profile's distance from the nearest of some patterns, root mean square."""
    p, q = profiles.astype(np.float64), patterns.astype(np.float64)
    squared = (p**2).sum(1)[:, None] - 2 * (p @ q.T) + (q**2).sum(1)
    return np.asarray(np.sqrt(squared.min(axis=1).clip(0) / _LENGTH))
