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


def chequers(shape: tuple[int, int]) -> np.ndarray:
    """Return +1 and -1 by turns: the 3×3 difference is 16 everywhere."""
    return (-1.0) ** np.add(*np.indices(shape))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_is_measured_on_the_scale_of_a_normal_distribution(dtype):
    values = (0.5 * chequers((12, 17))).astype(dtype)
    # A quarter of the absolute values of normal noise of 1 lies below 0.3186; 6² = 36 is the sum
    # of the squares of the difference's weights.
    noise = estimate_noise(values, np.ones(values.shape, bool))
    assert noise == pytest.approx(8 / (0.3186393639643752 * 6))
    assert type(noise) is float


@pytest.mark.parametrize("turned", [False, True])
def test_the_lower_quartile_of_the_differences_counts(turned):
    rows, columns = np.mgrid[:10, :11].astype(float)
    # Its 3×3 difference is the column, 1 to 9.
    values = rows**2 * columns**3 / 12
    values = values.T if turned else values
    noise = estimate_noise(values, np.ones(values.shape, bool))
    assert noise == pytest.approx(3 / (0.3186393639643752 * 6))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("shape", "found"), [((3, 66), True), ((3, 65), False), ((2, 500), False), ((9, 11), False)]
)
def test_64_places_are_needed(shape, found, turned):
    values = chequers(shape[::-1] if turned else shape)
    noise = estimate_noise(values, np.ones(values.shape, bool))
    assert (noise is not None) == found
    assert not looks_noisy(values / 1e9, np.zeros(values.shape, bool))
    assert looks_noisy(values, np.ones(values.shape, bool)) == found


@pytest.mark.parametrize("place", [(0, 0), (0, 9), (5, 4), (9, 0), (9, 9)])
def test_each_hole_takes_the_places_that_see_it(place):
    values, valid = chequers((10, 10)), np.ones((10, 10), bool)
    assert estimate_noise(values, valid) is not None
    valid[place] = False
    assert estimate_noise(values, valid) is None


@pytest.mark.parametrize(("share", "noisy"), [(0.00597, False), (0.00603, True)])
def test_the_range_is_that_of_valid_pixels(share, noisy):
    values, valid = np.tile(np.linspace(0, 10, 60), (40, 1)), np.ones((40, 60), bool)
    # The chequers that have as large differences as so much normal noise.
    values += 10.0 * share * (0.3186393639643752 * 6 / 16) * chequers(values.shape)
    values *= 10 / np.ptp(values)
    values[7, 5], valid[7, 5] = 1e6, False
    assert looks_noisy(values, valid) is noisy
