from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.data.scenes.cutouts import render_cutouts
from dsdmsr.data.scenes.sensing import (
    SensingConfig,
    fray,
    round_to_levels,
    soften,
    valid_from_second_camera,
)
from dsdmsr.data.seeds import generator
from dsdmsr.errors import ConfigError


def test_quantised_scenes_hold_whole_levels_within_the_stated_span():
    config = SensingConfig(quantised=1, levels=(30, 50))
    for index in range(20):
        rng = generator(0, index)
        scene = round_to_levels(rng, render_cutouts(rng, (64, 64)), config)
        np.testing.assert_array_equal(scene, np.round(scene))
        assert 28 <= np.ptp(scene) <= 55


def test_shadows_lie_beside_near_things_and_are_as_wide_as_the_step_is_deep(rng):
    scene = np.zeros((20, 60))
    scene[:, 25:35] = 1.0
    scene[10:, 25:35] = 0.5
    config = SensingConfig(holes=1, shadow=(8.5, 8.5))
    sides = set()
    for _ in range(12):
        hidden = ~valid_from_second_camera(rng, scene, config)
        assert not hidden[:, 25:35].any()
        assert (hidden[:10].sum(1) == 8).all()
        assert (hidden[10:].sum(1) == 4).all()
        sides.add("left" if hidden[:, :25].any() else "right")
        assert hidden[0, 17:25].all() or hidden[0, 35:43].all()
    assert sides == {"left", "right"}


def test_frayed_steps_move_by_a_few_pixels_and_surfaces_stay(rng):
    slope = np.linspace(0, 0.2, 80)[None].repeat(60, 0)
    scene = np.where(np.arange(80) < 40, slope, 1 - slope)
    frayed = fray(rng, scene, SensingConfig(frayed=1, fraying=(0.6, 0.6)))
    changed = (frayed != scene).any(0)
    assert changed[35:45].any()
    assert not changed[:36].any()
    assert not changed[44:].any()
    # Each pixel is on one side of the step or on the other.
    assert ((frayed < 0.11) | (frayed > 0.79)).all()
    places = (frayed < 0.5).sum(1)
    assert 0.2 < places.std() < 1.5
    assert abs(places.mean() - 40) < 0.5
    assert fray(rng, slope, SensingConfig(frayed=0)) is slope
    state = rng.bit_generator.state
    fray(rng, slope, SensingConfig(frayed=0))
    assert rng.bit_generator.state == state


def test_flat_scenes_stay_as_they_are(rng):
    scene = np.full((5, 6), 3.0)
    config = SensingConfig(quantised=1, holes=1)
    assert (round_to_levels(rng, scene, config) == 3).all()
    assert valid_from_second_camera(rng, scene, config).all()
    never = SensingConfig(quantised=0, holes=0)
    slope = np.arange(30.0).reshape(5, 6) ** 2 / 7
    assert round_to_levels(rng, slope, never) is slope
    assert valid_from_second_camera(rng, slope, never).all()


@pytest.mark.parametrize(
    "values",
    [
        {"levels": (0.0, 4.0)},
        {"shadow": (9.0, 3.0)},
        {"holes": -0.1},
        {"quantised": 1.5},
        {"frayed": 2},
        {"exact": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(values):
    with pytest.raises(ConfigError, match="give"):
        SensingConfig(**values)


def test_soft_steps_are_ramps(rng):
    scene = np.repeat([[1.0] * 20 + [3.0] * 20], 40, axis=0)
    config = SensingConfig(soft=1, blurring=(1, 1))
    between = [
        np.sum((soft > 1.05) & (soft < 2.95), axis=1)
        for soft in (soften(rng, scene, config) for _ in range(12))
    ]
    assert all(count.min() >= 2 and count.max() <= 8 for count in between)
    assert soften(rng, scene, SensingConfig()) is scene


def test_soft_scenes_keep_what_is_linear(rng):
    scene = np.add.outer(np.arange(40.0), 2 * np.arange(40.0))
    config = SensingConfig(soft=1, blurring=(0.4, 2))
    for _ in range(12):
        soft = soften(rng, scene, config)
        assert soft[9:-9, 9:-9] == pytest.approx(scene[9:-9, 9:-9], abs=0.8)
