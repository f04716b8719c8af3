from __future__ import annotations

import numpy as np
import pytest
import torch

from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.find_degradation import (
    FOUND_FROM,
    STEPS_MIN,
    WEIGHTS,
    find_degradation,
    step_features,
    step_profiles,
)


def everywhere(values: np.ndarray) -> np.ndarray:
    return np.ones(values.shape, bool)


@pytest.fixture(scope="module")
def truths() -> list[torch.Tensor]:
    scenes = [np.array(render_depth(2**40 + 11, k, (480, 640)).values) for k in range(4)]
    return [torch.from_numpy(scene)[None, None] for scene in scenes]


def downsampled(truth: torch.Tensor, scale: int, kind: str) -> np.ndarray:
    return degrade(truth, scale, kind)[0][0, 0].numpy()


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("kind", ["bicubic", "area", "opencv_cubic", "interval"])
def test_scenes_tell_how_they_were_downsampled(truths, scale, kind):
    found = [
        find_degradation(small, everywhere(small))
        for small in (downsampled(truth, scale, kind) for truth in truths)
    ]
    told = [each.name for each in found if each is not None]
    assert len(told) >= 2
    # Samples and interpolation that is not antialiased are nearly alike at large factors.
    like = {kind} if kind in ("bicubic", "area") else {"opencv_cubic", "samples"}
    assert set(told) <= like | {None}
    assert told.count(None) < len(told)


def test_what_is_found_stays_for_other_units_and_turned_maps(truths):
    small = downsampled(truths[0], 4, "bicubic")
    found = find_degradation(small, everywhere(small))
    assert found.name == "bicubic"
    assert found.probability >= FOUND_FROM["bicubic"]
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-5)
    for other in (small.T, small[::-1], 7 - 3 * small, 1000 * small[:, ::-1]):
        again = find_degradation(np.float32(other), everywhere(other))
        assert again.name == "bicubic"
        assert again.steps == pytest.approx(found.steps, rel=0.03)
        assert again.probability == pytest.approx(found.probability, abs=0.1)


def test_what_stands_in_holes_changes_nothing(truths, rng):
    small = downsampled(truths[1], 4, "area")
    valid = rng.random(small.shape) > 0.02
    found = find_degradation(np.where(valid, small, 0), valid)
    assert find_degradation(np.where(valid, small, 1e6), valid) == found


def test_profiles_are_the_pixels_across_isolated_steps():
    row = np.float32([2, 2, 2, 2, 5, 5, 5, 5])
    np.testing.assert_array_equal(step_profiles(row[None], everywhere(row[None])), [row > 3])
    column = np.tile(row[:, None], (1, 3))
    assert step_profiles(column, everywhere(column)).shape == (3, 8)
    ringing = np.float32([[2, 2, 1.9, 2.6, 4.7, 5.1, 5, 5]])
    (profile,) = step_profiles(ringing, everywhere(ringing))
    np.testing.assert_allclose(profile, (ringing[0] - 2) / 3, atol=1e-6)
    for other in ([2, 3, 2, 2, 5, 5, 5, 5], [2, 2, 2, 2, 2.01, 2, 2, 5], [2] * 8, [2, 5, 5, 5]):
        values = np.float32([other])
        assert not len(step_profiles(values, everywhere(values)))


def test_a_step_is_nearest_to_what_its_source_makes_of_it():
    for number, kind in enumerate(("bicubic", "area", "opencv_cubic")):
        for at in range(4):
            step = torch.zeros(1, 1, 32, 96, dtype=torch.float64)
            step[..., 48 + at :] = 3
            small = downsampled(step, 4, kind)
            far = step_features(step_profiles(small, everywhere(small)))[:, -5:]
            assert (far[:, number] < 0.02).all()
    ramp = np.float32([[0, 0, 0.1, 0.35, 0.65, 0.9, 1, 1]])
    features = step_features(ramp)
    assert features.shape == (1, 34)
    assert features[0, 24:29].min() > 0.5


def test_many_steps_are_looked_at_here_and_there(truths):
    large = np.tile(downsampled(truths[0], 2, "area"), (2, 2))
    assert len(step_profiles(large, everywhere(large))) == 2048


def test_few_steps_and_small_maps_say_nothing():
    one = np.tile(np.float32([2, 2, 2, 2, 5, 5, 5, 5]), (STEPS_MIN - 1, 1))
    assert find_degradation(one, everywhere(one)) is None
    for tiny in (np.ones((1, 1)), np.ones((3, 200)), np.arange(49.0).reshape(7, 7)):
        assert find_degradation(tiny, everywhere(tiny)) is None
        assert find_degradation(tiny, ~everywhere(tiny)) is None


def test_the_weights_are_small():
    assert WEIGHTS.stat().st_size < 50_000
