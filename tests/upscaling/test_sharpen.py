from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.rows import Rows
from dsdmsr.upscaling.sharpen import sharpen
from dsdmsr.upscaling.torch_backend import TorchBackend


def whole(values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float32)
    (rows,) = sharpen(iter([Rows(values, np.ones(values.shape, bool))]), len(values))
    return rows.values


@pytest.mark.parametrize("turned", [False, True])
def test_ramps_between_surfaces_become_steps(turned):
    # What lies between two surfaces goes to the nearer one; 1.5 is on the first by a fifth of 4.
    line = np.r_[np.full(12, 1.0), 1.5, 2.8, 4.1, np.full(12, 5.0)]
    values = np.tile(line, (20, 1))
    sharp = whole(values.T if turned else values)
    sharp = sharp.T if turned else sharp
    expected = np.r_[np.full(12, 1.0), 1.5, 1.5, 5.0, np.full(12, 5.0)]
    np.testing.assert_array_equal(sharp, np.tile(expected, (20, 1)))


def test_slopes_planes_and_steps_stay(rng):
    rows, columns = np.indices((30, 40))
    for values in (
        np.full((30, 40), 2.0),
        1 + 0.1 * rows + 0.3 * columns,
        np.where(columns > 17, 9.0, 2.0) + 0.02 * rows,
        np.where((columns // 8 + rows // 8) % 2, 1.0, 5.0),
        np.sin(columns / 20.0) + rows / 40.0,
    ):
        sharp, values = whole(values), values.astype(np.float32)
        # At the border, what goes on beyond it isn't known: there a pixel may become its neighbour.
        np.testing.assert_array_equal(sharp[4:-4, 4:-4], values[4:-4, 4:-4])
        np.testing.assert_allclose(sharp, values, atol=0.11)


def test_the_height_of_bands_does_not_show_and_turning_commutes(rng):
    values = rng.choice([1, 4, 9], (11, 8)).repeat(5, 0).repeat(5, 1) + rng.random((55, 40))
    values = values.astype(np.float32)
    valid = rng.random(values.shape) > 0.5
    expected = whole(values)
    assert (expected != values).mean() > 0.01
    np.testing.assert_array_equal(whole(np.rot90(values)), np.rot90(expected))
    np.testing.assert_array_equal(whole(values[::-1]), expected[::-1])
    # Exactly half-way between two surfaces, the side doesn't decide.
    middle = np.where(np.indices((18, 19))[1] < 9, 1.0, 5.0)
    middle[:, 9] = 3
    np.testing.assert_array_equal(whole(middle[:, ::-1])[:, ::-1], whole(middle))
    for cuts in ([1, 2, 3, 30], list(range(1, 55)), [54]):
        bands = zip(np.split(values, cuts), np.split(valid, cuts), strict=True)
        sharp = list(sharpen((Rows(*band) for band in bands), 55))
        np.testing.assert_array_equal(np.concatenate([r.values for r in sharp]), expected)
        np.testing.assert_array_equal(np.concatenate([r.valid for r in sharp]), valid)


def test_an_upscaler_makes_sharp_edges_where_asked(tiny_model, rng):
    depth = DepthMap(rng.choice([1.0, 7.0], (5, 6)).repeat(4, 0).repeat(4, 1))
    backend = TorchBackend(tiny_model, "cpu")
    smooth = Upscaler(backend, scale=4)(depth).values
    for tile in ("auto", 7):
        sharp = Upscaler(backend, scale=4, tile=tile, edges="sharp")(depth).values
        np.testing.assert_allclose(sharp, whole(smooth), rtol=1e-4)
    assert Upscaler(backend, scale=3, edges="sharp")(depth).shape == (60, 72)
    with pytest.raises(ConfigError, match="edges are 'blurred': allowed are smooth, sharp"):
        Upscaler(backend, scale=4, edges="blurred")
