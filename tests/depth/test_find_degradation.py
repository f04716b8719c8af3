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


def stairs(row: list[float], count: int) -> np.ndarray:
    return np.tile(np.float32(row), (count, 1))


SHARP = [2, 2, 2, 2, 5, 5, 5, 5]


def test_twelve_steps_are_enough_and_are_counted():
    found = find_degradation(stairs(SHARP, STEPS_MIN), everywhere(stairs(SHARP, STEPS_MIN)))
    assert found.steps == STEPS_MIN
    assert tuple(found.probabilities) == ("bicubic", "area", "opencv_cubic", "samples", "other")
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert found.probability == max(found.probabilities.values())
    assert all(type(each) is float for each in (found.probability, *found.probabilities.values()))


def test_what_is_likeliest_has_a_name_only_if_it_is_likely_enough(rng):
    names = set()
    for softness in np.linspace(0, 0.85, 35):
        row = [2, 2, 2 - 0.3 * softness, 2 + softness, 5 - softness, 5 + 0.3 * softness, 5, 5]
        values = stairs(row, 20) + rng.normal(0, 0.004, (20, 8)).astype(np.float32)
        found = find_degradation(values, everywhere(values))
        likeliest = max(found.probabilities, key=found.probabilities.__getitem__)
        enough = found.probability >= FOUND_FROM.get(likeliest, 2)
        assert found.name == (likeliest if enough else None)
        names.add(found.name)
    assert None in names
    assert len(names) > 1


def test_only_named_sources_are_found():
    assert FOUND_FROM == {"bicubic": 0.6, "area": 0.85, "opencv_cubic": 0.85, "samples": 0.85}


def profiles_in(row: list[float], valid: np.ndarray | None = None) -> np.ndarray:
    values = np.array([row])
    found = step_profiles(values, everywhere(values) if valid is None else valid)
    assert found.dtype == np.float32
    turned = step_profiles(values.T, everywhere(values.T) if valid is None else valid.T)
    np.testing.assert_array_equal(turned, found)
    return found


@pytest.mark.parametrize(
    ("row", "count"),
    [
        (SHARP, 1),
        (SHARP[::-1], 1),
        ([2] * 3 + [5] * 5, 0),
        ([2] * 5 + [5] * 3, 0),
        ([2] * 4 + [5] * 3, 0),
        ([0] * 10 + [5] * 10, 1),
        # Each outer pair differs by 0.08 of the step at most.
        ([0, 0.07, 0, 0, 1, 1, 1, 1], 1),
        ([0.09, 0, 0, 0, 1, 1, 1, 1], 0),
        ([0, 0, 0, 0, 1, 1, 1, 1.07], 1),
        ([0, 0, 0, 0, 1, 1, 1.1, 1], 0),
        # The largest difference is in the middle; of two that are alike, the second counts.
        ([0, 0, 0, 0.3, 0.9, 1, 1, 1, 1], 1),
        ([0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1], 1),
        ([0, 0, 0, 0, 0.4, 1, 1, 1], 0),
        ([0, 0, 0, 0.6, 1, 1, 1, 1], 0),
    ],
)
def test_steps_stand_alone_between_flat_sides(row, count):
    assert len(profiles_in(row)) == count


@pytest.mark.parametrize(("step", "count"), [(0.039, 0), (0.041, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_has_four_hundredths_of_the_range(step, count, sign):
    row = [0.0] * 4 + [sign * step] * 8 + [sign * 0.5, sign]
    assert len(profiles_in(row)) == count


@pytest.mark.parametrize(("largest", "count"), [(0.0118, 0), (0.0122, 1)])
@pytest.mark.parametrize("unit", [1, 0.01, 100])
def test_a_gentle_step_has_three_tenths_of_the_least_one_in_its_middle(largest, count, unit):
    row = np.cumsum([0, 0, 0.0085, 0.0085, largest, 0.0085, 0.0085, 0, 0])
    assert len(profiles_in([unit * each for each in (*row, 0.9, 1)])) == count


def test_profiles_go_from_0_to_1_on_average():
    (profile,) = profiles_in([5, 5.1, 5, 4, 2, 1, 1.1, 1])
    expected = (np.array([5, 5.1, 5, 4, 2, 1, 1.1, 1]) - 5.05) / -4
    np.testing.assert_allclose(profile, expected, atol=1e-6)


@pytest.mark.parametrize("hole", range(10))
def test_steps_beside_holes_do_not_count(hole):
    valid = np.ones((1, 10), bool)
    valid[0, hole] = False
    assert len(profiles_in([7, *SHARP, 7], valid)) == (hole in (0, 9))


def test_holes_do_not_widen_the_range():
    valid = np.ones((1, 10), bool)
    valid[0, [0, 9]] = False
    assert len(profiles_in([-1e4, *SHARP, 1e4], valid)) == 1
    assert len(profiles_in([-1e4, *SHARP, 1e4])) == 0


def test_steps_along_rows_come_first():
    values = np.zeros((8, 9), np.float32)
    values[4:] = 3
    assert len(step_profiles(values, everywhere(values))) == 9
    values[:, 4:] += 5
    found = step_profiles(values, everywhere(values))
    assert found.shape == (17, 8)
    assert step_profiles(values.T, everywhere(values.T)).shape == (17, 8)


def test_features_of_an_ideal_step():
    (sharp,) = step_features(np.float32([[0, 0, 0, 0, 1, 1, 1, 1]]))
    assert sharp.dtype == np.float32
    np.testing.assert_array_equal(sharp[:24], 0)
    assert sharp[27] == pytest.approx(-1, abs=0.01)  # it is what samples give
    np.testing.assert_allclose(sharp[29:], sharp[24:29] - sharp[24:29].min(), atol=1e-6)


def test_features_are_how_far_pixels_are_from_their_side_on_three_scales():
    profile = np.float32([[0.012, -0.06, 0.3, 3, -2, 0.7, 1.012, 0.94]])
    away = np.array([0.012, -0.06, 0.3, 2, 2, 0.3, -0.012, 0.06])
    (features,) = step_features(profile)
    np.testing.assert_allclose(features[:8], np.tanh(away / 0.012), atol=1e-5)
    np.testing.assert_allclose(features[8:16], np.tanh(away / 0.06), atol=1e-5)
    np.testing.assert_allclose(features[16:24], away, atol=1e-6)


def test_features_of_several_steps_are_those_of_each(rng):
    profiles = rng.uniform(-0.2, 1.2, (6, 8)).astype(np.float32)
    together = step_features(profiles)
    alone = np.concatenate([step_features(profile[None]) for profile in profiles])
    np.testing.assert_allclose(together, alone, atol=1e-6)


RINGING = [2, 2, 1.9, 2.6, 4.7, 5.1, 5, 5]
RAMP = [0, 0, 0.1, 0.35, 0.65, 0.9, 1, 1]
BETWEEN = [0, 0, 0, 0.2, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("row", "count", "name", "expected"),
    [
        (SHARP, 12, "samples", [0.0011, 0.0002, 0.0004, 0.9983, 0.0001]),
        (RINGING, 12, "bicubic", [0.9639, 0.0081, 0.0014, 0.0260, 0.0006]),
        (RINGING, 60, "bicubic", [0.9595, 0.0076, 0.0016, 0.0307, 0.0007]),
        (RAMP, 12, None, [0.0233, 0.0230, 0.0158, 0.0199, 0.9180]),
        (BETWEEN, 12, "bicubic", [0.7882, 0.0715, 0.0505, 0.0578, 0.0320]),
        (BETWEEN, 60, "bicubic", [0.8116, 0.0363, 0.0508, 0.0601, 0.0412]),
    ],
)
def test_the_network_weighs_the_same_steps_alike_on_every_machine(row, count, name, expected):
    values = stairs(row, count)
    found = find_degradation(values, everywhere(values))
    assert found.name == name
    assert list(found.probabilities.values()) == pytest.approx(expected, abs=5e-4)
