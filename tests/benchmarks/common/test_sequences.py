from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.common.sequences import RenderedSequence, flicker_errors
from dsdmsr.data.scenes.scenery import SceneryConfig


def sequence(step: float) -> RenderedSequence:
    return RenderedSequence.sample(np.random.default_rng(1), (36, 48), SceneryConfig(), step)


def test_a_smaller_rendering_shows_the_rays_in_the_middle_of_its_pixels():
    moving = sequence(0.01)
    whole, third = moving.render((36, 48), 2), moving.render((36, 48), 2, scale=3)
    np.testing.assert_allclose(third, whole[..., 1::3, 1::3], rtol=1e-9)


def test_frames_differ_when_the_camera_moves_alone():
    still, moving = sequence(0.0).render((36, 48), 3), sequence(0.01).render((36, 48), 3)
    assert still.shape == moving.shape == (3, 1, 36, 48)
    assert (still == still[:1]).all()
    assert (moving[0] == still[0]).all()
    assert (moving[1] != moving[0]).any()


def test_every_step_is_as_long_as_it_is_to_be():
    moving = sequence(0.01)
    assert np.linalg.norm(moving.step) == pytest.approx(0.01)
    moved = dataclasses.replace(
        moving, camera=dataclasses.replace(moving.camera, position=2 * moving.step)
    )
    np.testing.assert_array_equal(moving.render((36, 48), 3)[2], moved.render((36, 48), 1)[0])


def test_flicker_is_what_the_prediction_changes_by_and_the_truth_does_not():
    target = np.array([[[1.0, 1.0, 1.0]], [[1.0, 1.25, 3.0]]])
    pred = np.array([[[1.5, 1.0, 1.0]], [[1.0, 1.5, 1.0]]])
    errors, same = flicker_errors(pred, target, same=1.0)
    np.testing.assert_allclose(errors, [[[0.5, 0.25, 2.0]]])
    np.testing.assert_array_equal(same, [[[True, True, False]]])
