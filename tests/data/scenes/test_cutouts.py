from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.data.scenes.cutouts import CutoutConfig, render_cutouts
from dsdmsr.data.scenes.shapes import SILHOUETTES
from dsdmsr.data.seeds import generator
from dsdmsr.errors import ConfigError


def test_scenes_are_finite_and_have_sharp_edges():
    sharp = 0
    for index in range(20):
        scene = render_cutouts(generator(0, index), (96, 128))
        assert scene.shape == (96, 128)
        assert scene.dtype == np.float32
        assert np.isfinite(scene).all()
        steps = np.abs(np.diff(scene, axis=1))
        sharp += steps.max() > 10 * np.median(steps)
    assert sharp >= 16


@pytest.mark.parametrize("name", sorted(SILHOUETTES))
def test_silhouettes_lie_within_their_reach_and_are_not_empty(name):
    maker, drawn = SILHOUETTES[name][0], 0
    for seed in range(40):
        shape = maker(np.random.default_rng(seed), 20.0)
        x = np.arange(-90, 91, dtype=np.float32)[None]
        y = np.arange(-90, 91, dtype=np.float32)[:, None]
        inside = shape.inside(x, y)
        assert inside.shape == (181, 181)
        rows, columns = np.nonzero(inside)
        drawn += len(rows) > 3
        if len(rows):
            assert max(np.abs(rows - 90).max(), np.abs(columns - 90).max()) <= shape.reach
    assert drawn >= 36


def test_silhouettes_are_the_same_shape_at_any_resolution():
    for name, (maker, _) in SILHOUETTES.items():
        shape = maker(np.random.default_rng(5), 30.0)
        coarse = np.arange(-40, 41, 2, dtype=np.float32)
        fine = np.arange(-40, 41, dtype=np.float32)
        small = shape.inside(coarse[None], coarse[:, None])
        large = shape.inside(fine[None], fine[:, None])
        np.testing.assert_array_equal(large[::2, ::2], small, err_msg=name)


@pytest.mark.parametrize(
    "values",
    [{"objects": (0, 4)}, {"radius": (9.0, 3.0)}, {"flat": -0.1}, {"ragged": 1.5}],
)
def test_scenes_that_make_no_sense_are_refused(values):
    with pytest.raises(ConfigError, match="give"):
        CutoutConfig(**values)
