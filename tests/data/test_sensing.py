from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.data.cutouts import paint_cutouts
from dsdmsr.data.scenes import generator
from dsdmsr.data.sensing import SensingConfig, sense
from dsdmsr.errors import ConfigError


def test_quantised_scenes_hold_whole_levels_within_the_stated_span():
    config = SensingConfig(quantised=1, levels=(30, 50))
    for index in range(20):
        rng = generator(0, index)
        scene, valid = sense(rng, paint_cutouts(rng, (64, 64)), config)
        assert scene.dtype == np.float32
        np.testing.assert_array_equal(scene, np.round(scene))
        assert 28 <= np.ptp(scene) <= 55
        assert valid.all()


def test_shadows_lie_beside_near_things_and_are_as_wide_as_the_step_is_deep(rng):
    scene = np.zeros((20, 60))
    scene[:, 25:35] = 1.0
    scene[10:, 25:35] = 0.5
    config = SensingConfig(quantised=0, holes=1, shadow=(8.5, 8.5))
    sides = set()
    for _ in range(12):
        seen, valid = sense(rng, scene, config)
        np.testing.assert_array_equal(seen, scene.astype(np.float32))
        hidden = ~valid
        assert not hidden[:, 25:35].any()
        assert (hidden[:10].sum(1) == 8).all()
        assert (hidden[10:].sum(1) == 4).all()
        sides.add("left" if hidden[:, :25].any() else "right")
        assert hidden[0, 17:25].all() or hidden[0, 35:43].all()
    assert sides == {"left", "right"}


def test_flat_scenes_stay_as_they_are(rng):
    scene = np.full((5, 6), 3.0)
    seen, valid = sense(rng, scene, SensingConfig(quantised=1, holes=1))
    assert (seen == 3).all()
    assert valid.all()


@pytest.mark.parametrize(
    "values",
    [{"levels": (0.0, 4.0)}, {"shadow": (9.0, 3.0)}, {"holes": -0.1}, {"quantised": 1.5}],
)
def test_settings_that_make_no_sense_are_refused(values):
    with pytest.raises(ConfigError, match="give"):
        SensingConfig(**values)
