from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.depth.normalise import normalise


@pytest.mark.parametrize("border", [0, 1, 8])
def test_the_border_is_the_mirrored_map(rng, border):
    values = rng.uniform(3, 9, (5, 7)).astype(np.float32)
    valid = np.ones((5, 7), bool)
    seen = normalise(values, valid, border).lr_depth
    inside = normalise(values, valid, 0).lr_depth[0, 0]
    expected = (values.astype(float) - values.min()) / np.ptp(values.astype(float))
    np.testing.assert_array_equal(inside, expected.astype(np.float32))
    np.testing.assert_array_equal(seen[0, 0], np.pad(inside, border, mode="symmetric"))


def test_more_rows_than_are_worked_on_at_once_come_out_alike(rng):
    values = rng.uniform(3, 9, (600, 3))
    tall = normalise(values, np.ones((600, 3), bool), 0)
    wide = normalise(values.T, np.ones((3, 600), bool), 0)
    np.testing.assert_array_equal(tall.lr_depth[0, 0], wide.lr_depth[0, 0].T)


@pytest.mark.parametrize("shape", [(1, 1), (3, 20_000), (400, 90)])
@pytest.mark.parametrize("allowed", [None, (4.0, 8.5)])
def test_predictions_are_rounded_once(rng, shape, allowed):
    low, high = np.float32(3.1), np.float32(9.7)
    normalised = normalise(np.array([[low, high]]), np.ones((1, 2), bool), 0)
    pred = rng.uniform(-0.2, 1.2, shape).astype(np.float32)
    # A part of a wider array, as a tile is.
    large = np.zeros((shape[0], shape[1] + 2), np.float32)
    normalised.put_in_unit(pred, large[:, 1:-1], allowed)
    exact = float(low) + (float(high) - float(low)) * pred.astype(np.float64)
    expected = exact if allowed is None else np.clip(exact, *allowed)
    np.testing.assert_array_equal(large[:, 1:-1], expected.astype(np.float32))
    assert not large[:, [0, -1]].any()
