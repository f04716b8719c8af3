from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dsdmsr.depth.gaps import value_scale

Y, X = np.mgrid[:24, :32]
WALL = 2 + 0.01 * X + 0.005 * Y
WIDE = {
    "one wrong pixel": np.where((Y == 12) & (X == 16), 65.535, WALL),
    "one wrong pixel in front": 10 + np.where((Y == 12) & (X == 16), -10, WALL),
    "a flat background": np.where(X < 16, 1000.0, WALL),
    "a background that goes on": np.where(X < 16, 20 + 61 * X + 2.5 * Y, WALL),
    "two backgrounds": np.where(X < 8, 1000.0, np.where(X < 16, 30.0, WALL)),
    "millimetres": np.round(1000 * np.where(X < 16, 60.0, WALL)),
}


@pytest.mark.parametrize("name", WIDE)
def test_the_wall_gets_room_and_comes_back(name):
    values = WIDE[name]
    scale = value_scale(values)
    assert scale is not None
    shares = scale.to_shares(values)
    assert (shares.min(), shares.max()) == (0, 1)
    wall = shares[:, 17:]
    assert np.ptp(wall[wall < np.quantile(wall, 0.99)]) > 0.15
    np.testing.assert_allclose(scale.to_values(shares), values, rtol=1e-12)
    order = np.argsort(values, axis=None)
    assert (np.diff(shares.ravel()[order]) >= 0).all()


@pytest.mark.parametrize(
    "values",
    [
        WALL,
        np.where(X < 16, 3.2, WALL),
        np.where(X < 16, 1000.0, 2.0),  # two surfaces without relief
        np.where(X < 10, 100, np.where(X < 20, 200, 0)),
        np.where(X < 16, 80, 10 + X % 3),  # a stair of three levels, which are 64ths already
        np.full((3, 4), 7.0),
        np.array([[5.0]]),
        np.linspace(1, 80, 24 * 32).reshape(24, 32) ** 2,
    ],
)
def test_other_maps_have_none(values):
    assert value_scale(values) is None


def test_whole_numbers_stay_a_fine_stair():
    """Where a wall of twenty levels stands before a far one, no step is more than a 64th."""
    values = np.where(X < 16, 60_000, 2000 + X % 20).astype(float)
    scale = value_scale(values)
    assert scale is not None
    steps = np.diff(scale.to_shares(np.arange(2000.0, 2020.0)))
    assert 1e-3 < steps.max() <= 1 / 64


@given(seed=st.integers(0, 2**16), far=st.floats(10, 1e6), count=st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_any_scale_is_monotone_both_ways_and_beyond(seed, far, count):
    rng = np.random.default_rng(seed)
    values = rng.uniform(2, 2.5, (12, 14))
    values.flat[rng.choice(values.size, count, replace=False)] = far * (1 + rng.random(count))
    scale = value_scale(values)
    if scale is None:
        return
    places = np.linspace(-0.2, 1.2, 2001)
    back = scale.to_values(places)
    assert (np.diff(back) >= 0).all()
    np.testing.assert_allclose(scale.to_shares(scale.values), scale.shares, atol=1e-12)
    assert back[0] < values.min() < values.max() < back[-1]


def test_no_map_of_the_published_protocols_has_one(data_dir):
    """So what they measure is not touched."""
    paths = [
        path
        for folder in ("middlebury/eval", "lu_rgbd/eval", "icl_nuim/train")
        for path in sorted((data_dir / folder).rglob("*.png"))
    ]
    assert len(paths) > 30
    for path in paths:
        with Image.open(path) as image:
            numbers = np.asarray(image).astype(np.float64)
        if numbers.ndim == 2:
            assert value_scale(numbers[::4, ::4]) is None, path
