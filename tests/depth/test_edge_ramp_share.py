from __future__ import annotations

import numpy as np
import pytest
import torch

from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.estimate import edge_ramp_share, looks_averaged


def downsampled(hr_depth: np.ndarray, scale: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    target = torch.from_numpy(hr_depth.copy())[None, None]
    depth, valid = degrade(target, scale, kind, torch.ones_like(target, dtype=torch.bool))
    return depth[0, 0].numpy(), valid[0, 0].numpy()


def everywhere(depth: np.ndarray) -> np.ndarray:
    return np.ones(depth.shape, bool)


@pytest.mark.parametrize("number", [1, 3, 6])
@pytest.mark.parametrize("scale", [4, 8])
def test_the_degradation_of_rendered_maps_is_seen_in_them(number, scale):
    hr_depth = render_depth(2**40 + 7, number, (480, 640)).values
    assert looks_averaged(*downsampled(hr_depth, scale, "bicubic"))
    for kind in ("opencv_cubic", "interval"):
        assert not looks_averaged(*downsampled(hr_depth, scale, kind))


def test_it_is_the_share_of_ramps_among_steps():
    depth = np.zeros((40, 12))
    depth[:, 6:] = 1.0
    assert edge_ramp_share(depth, everywhere(depth)) == 0
    depth[:10, 5] = 0.5
    # Where no value is in between, two pairs span a step; there is one more, down column 5.
    share = edge_ramp_share(depth, everywhere(depth))
    assert share == pytest.approx(10 / (10 + 2 * 30 + 2))
    assert edge_ramp_share(depth.T, everywhere(depth.T)) == share
    assert edge_ramp_share(7 - 3 * depth[::-1], everywhere(depth)) == share


def test_slopes_and_small_steps_are_no_steps():
    rows, columns = np.mgrid[:40, :60]
    slope = 1 + 0.1 * rows + 0.05 * columns
    assert edge_ramp_share(slope, everywhere(slope)) is None
    slope[:, 30:] += 0.03
    assert edge_ramp_share(slope, everywhere(slope)) is None


def test_too_little_says_nothing():
    depth = np.zeros((14, 6))
    depth[:, 3:] = 1
    assert edge_ramp_share(depth, everywhere(depth)) is None
    assert edge_ramp_share(np.vstack([depth] * 2), np.ones((28, 6), bool)) == 0
    for tiny in (np.ones((1, 1)), np.eye(4), np.ones((9, 9))):
        assert edge_ramp_share(tiny, everywhere(tiny)) is None
        assert edge_ramp_share(tiny, ~everywhere(tiny)) is None
        assert not looks_averaged(tiny, everywhere(tiny))


def test_values_under_holes_count_for_nothing(rng):
    hr_depth = render_depth(2**40 + 7, 1, (480, 640)).values
    depth, _ = downsampled(hr_depth, 4, "bicubic")
    valid = rng.random(depth.shape) > 0.05
    found = edge_ramp_share(depth, valid)
    for other in (1e9, np.nan):
        assert edge_ramp_share(np.where(valid, depth, other), valid) == found
