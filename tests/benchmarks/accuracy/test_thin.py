"""The measure of thin things, on predictions whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy.thin import WIDTHS, Scene, count, scene
from dsdmsr.evaluation.methods import HighRes


@pytest.mark.parametrize("width", WIDTHS)
def test_things_are_as_wide_as_they_are_called_and_nearer_than_the_wall(width):
    of = scene(width, 0)
    assert of.depth.shape == of.thin.shape == (480, 640)
    assert 0.01 < of.thin.mean() < 0.1
    # A post across the whole map: its columns in the first row, between spaces.
    row = np.flatnonzero(np.diff(np.concatenate([[0], of.thin[0].astype(int), [0]])))
    starts, ends = row[::2], row[1::2]
    assert width in (ends - starts).tolist()
    assert of.depth[of.thin].max() < of.depth[~of.thin].min()
    assert np.array_equal(scene(width, 0).depth, of.depth)
    assert not np.array_equal(scene(width, 1).depth, of.depth)


def test_what_is_found_and_what_is_false():
    depth = np.full((30, 60), 4.0)
    depth[:, 30] = 2.0
    of = Scene(depth, depth < 3)
    assert count(HighRes(depth), of) == (30, 30, 0, 30 * 14)
    nothing = np.full_like(depth, 4.0)
    assert count(HighRes(nothing), of) == (0, 30, 0, 30 * 14)
    shifted = np.roll(depth, 1, axis=1)
    assert count(HighRes(shifted), of).false == 0  # beside it, which does not count
    twice = depth.copy()
    twice[:10, 34], twice[:, 45], twice[10:15, 30] = 3.5, 2.0, 2.3
    assert count(HighRes(twice), of) == (25, 30, 10, 30 * 14)
