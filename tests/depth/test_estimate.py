from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.depth.estimate import NOISY_FROM, estimate_noise, looks_noisy


def steps_and_slopes(height: int = 60, width: int = 80) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    depth = 2.0 + 0.01 * rows + 0.02 * columns
    depth[10:40, 20:50] = 1.0
    depth[45:, :30] = 5.0 - 0.03 * rows[45:, :30]
    return depth


def test_planes_and_steps_have_no_noise():
    depth = steps_and_slopes()
    assert estimate_noise(depth, np.ones_like(depth, bool)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("sigma", [0.003, 0.05, 2.0])
def test_noise_is_found_beside_steps(rng, sigma):
    depth = steps_and_slopes() + sigma * rng.normal(size=(60, 80))
    assert estimate_noise(depth, np.ones_like(depth, bool)) == pytest.approx(sigma, rel=0.12)


def test_values_under_holes_count_for_nothing(rng):
    depth = steps_and_slopes() + 0.1 * rng.normal(size=(60, 80))
    valid = rng.random(depth.shape) > 0.03
    found = estimate_noise(depth, valid)
    assert found == pytest.approx(0.1, rel=0.12)
    for other in (1e9, np.nan):
        assert estimate_noise(np.where(valid, depth, other), valid) == found


def test_too_little_says_nothing(rng):
    depth, valid = rng.random((9, 9)), np.ones((9, 9), bool)
    assert estimate_noise(depth, valid) is None
    assert estimate_noise(depth[:2], valid[:2]) is None
    assert estimate_noise(rng.random((10, 10)), np.ones((10, 10), bool)) is not None


def test_noise_moves_with_the_unit(rng):
    depth = steps_and_slopes() + 0.1 * rng.normal(size=(60, 80))
    valid = np.ones_like(depth, bool)
    found = estimate_noise(depth, valid)
    assert estimate_noise(1000 * depth + 7, valid) == pytest.approx(1000 * found, rel=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1000.0])
def test_maps_look_noisy_from_a_share_of_their_range_on(rng, unit):
    clean = unit * steps_and_slopes()
    valid = np.ones_like(clean, bool)
    assert not looks_noisy(clean, valid)
    for times, noisy in ((0.5, False), (2.0, True)):
        sigma = times * NOISY_FROM * np.ptp(clean)
        assert looks_noisy(clean + sigma * rng.normal(size=clean.shape), valid) == noisy
    assert not looks_noisy(np.full_like(clean, 3.0), valid)
    assert not looks_noisy(clean, np.zeros_like(valid))
