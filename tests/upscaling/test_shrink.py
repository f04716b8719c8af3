from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsdmsr.upscaling.rows import Rows
from dsdmsr.upscaling.shrink import shrink


def whole(values: np.ndarray, new: tuple[int, int], valid: np.ndarray | None = None) -> Rows:
    valid = np.ones(values.shape, bool) if valid is None else valid
    result = shrink(iter([Rows(values.astype(np.float32), valid)]), values.shape, new)
    (rows,) = result
    return rows


@given(
    old=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    share=st.tuples(st.floats(0.3, 1), st.floats(0.3, 1)),
    slope=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
)
@settings(max_examples=60, deadline=None)
def test_planes_stay_exact_inside(old, share, slope):
    new = tuple(max(1, round(s * n)) for s, n in zip(share, old, strict=True))
    y, x = (np.arange(n) + 0.5 for n in old)
    result = whole(slope[0] * y[:, None] + slope[1] * x, new).values
    y, x = ((np.arange(n) + 0.5) * m / n for n, m in zip(new, old, strict=True))
    expected = slope[0] * y[:, None] + slope[1] * x
    # The outermost pixels have no second neighbour: there, half a pixel's slope may be missing.
    inside = np.ix_(*((c > 1.001) & (c < n - 1.001) for c, n in zip((y, x), old, strict=True)))
    np.testing.assert_allclose(result[inside], expected[inside], atol=1e-3)
    assert np.abs(result - expected).max() <= 0.5 * np.abs(slope).sum() + 1e-3


@given(
    seed=st.integers(0, 2**16),
    old=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    share=st.tuples(st.floats(0.3, 1), st.floats(0.3, 1)),
)
@settings(max_examples=60, deadline=None)
def test_steps_stay_steps_and_no_value_is_new(seed, old, share):
    rng = np.random.default_rng(seed)
    new = tuple(max(1, round(s * n)) for s, n in zip(share, old, strict=True))
    levels = rng.choice([1.0, 5.0, 900.0], (-(-old[0] // 3), -(-old[1] // 3)))
    values = levels.repeat(3, 0).repeat(3, 1)[: old[0], : old[1]]
    result = whole(values, new).values
    assert set(np.unique(result)) <= {1, 5, 900}
    noise = rng.uniform(1, 2, old)
    result = whole(noise, new).values
    assert noise.min() - 1e-6 <= result.min() <= result.max() <= noise.max() + 1e-6


@pytest.mark.parametrize(
    "new", [(30, 30), (40, 40), (30, 59), (3, 59), (5, 21), (9, 7), (2, 60), (1, 1)]
)
def test_the_height_of_bands_does_not_show_and_mirroring_commutes(rng, new):
    values = rng.uniform(1, 2, (40, 60)).astype(np.float32)
    valid = rng.random((40, 60)) > 0.3
    expected = whole(values, new, valid)
    assert expected.values.shape == expected.valid.shape == new
    for cuts in ([1, 2, 3, 20, 39], list(range(1, 40))):
        bands = zip(np.split(values, cuts), np.split(valid, cuts), strict=True)
        result = list(shrink((Rows(*band) for band in bands), (40, 60), new))
        np.testing.assert_array_equal(np.concatenate([r.values for r in result]), expected.values)
        np.testing.assert_array_equal(np.concatenate([r.valid for r in result]), expected.valid)
    turned = whole(values.T, new[::-1], valid.T)
    np.testing.assert_array_equal(turned.values.T, expected.values)
    np.testing.assert_array_equal(turned.valid.T, expected.valid)
    mirrored = whole(values[::-1, ::-1], new, valid[::-1, ::-1])
    np.testing.assert_allclose(mirrored.values[::-1, ::-1], expected.values, rtol=1e-6)
    np.testing.assert_array_equal(mirrored.valid[::-1, ::-1], expected.valid)


def touched(index: int, new: int, old: int) -> list[tuple[int, Fraction]]:
    """The old pixels that a new centre lies in or touches, and how far beyond theirs it is."""
    centre = Fraction(2 * index + 1, 2) * Fraction(old, new)
    half = Fraction(1, 2)
    return [(k, centre - k - half) for k in range(old) if abs(centre - k - half) <= half]


def minmod(line: np.ndarray, place: int) -> float:
    if place in (0, len(line) - 1):
        return 0.0
    back, ahead = line[place] - line[place - 1], line[place + 1] - line[place]
    return float(min(back, ahead, key=abs)) if back * ahead > 0 else 0.0


@pytest.mark.parametrize("new", [(6, 8), (4, 5), (8, 4), (7, 9), (1, 3)])
def test_a_new_pixel_gets_what_its_centre_shows(rng, new):
    old = 8, 10
    # Whole numbers, many of them equal: slopes are exact.
    values = rng.integers(0, 6, old).astype(np.float32)
    valid, error = rng.random(old) > 0.2, rng.random(old).astype(np.float32)
    (result,) = shrink(iter([Rows(values, valid, error)]), old, new)
    for place in np.ndindex(new):
        shown, usable, errors = [], True, []
        for i, down in touched(place[0], new[0], old[0]):
            for j, across in touched(place[1], new[1], old[1]):
                rise = float(down) * minmod(values[:, j], i) + float(across) * minmod(values[i], j)
                shown.append(values[i, j] + rise)
                usable &= valid[i, j]
                errors.append(error[i, j])
        assert result.values[place] == pytest.approx(min(shown), abs=1e-6)
        assert result.valid[place] == usable
        assert result.error[place] == max(errors)
