from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.accuracy.sensor_frames import SENSORS, SPECKLES, sensed

FOCAL = 144.0


def wall(metres: float) -> torch.Tensor:
    return torch.full((2, 1, 120, 160), metres, dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "millimetres"),
    [
        # z²·0.08/(f·b), matched at four times the focal length.
        ("active stereo", 1000 * 4 * 0.08 / (4 * FOCAL * 0.05)),
        # 0.002 z².
        ("time of flight", 8.0),
    ],
)
def test_noise_is_as_strong_as_the_sensors(name, millimetres):
    frames = sensed(SENSORS[name], wall(2.0), FOCAL, 0)
    assert frames.dtype == np.uint16
    seen = frames[frames > 0].astype(float)
    assert seen.std() == pytest.approx(millimetres, rel=0.1)
    assert seen.mean() == pytest.approx(2000, abs=2)
    assert (frames == 0).mean() == pytest.approx(SPECKLES, rel=0.2)
    assert (frames[0] != frames[1]).mean() > 0.5  # every frame has noise of its own


def test_structured_light_has_the_steps_of_the_first_kinect():
    frames = sensed(SENSORS["structured light"], wall(2.0), FOCAL, 0)
    steps = 1000 * 351.3 / frames[frames > 0]
    np.testing.assert_allclose(steps, np.round(steps), atol=0.1)
    assert np.ptp(steps) < 2.5


@pytest.mark.parametrize(
    ("name", "columns"),
    # b·f·(1/1 - 1/2) columns, rounded down.
    [("structured light", 5), ("active stereo", 3), ("time of flight", 0)],
)
def test_shadows_are_as_wide_as_the_baseline_says(name, columns):
    depth = wall(2.0)
    depth[..., 80:] = 1.0
    frames = sensed(SENSORS[name], depth, FOCAL, 0)
    lost = (frames == 0).mean(axis=(0, 1))
    assert (lost[80 - columns : 80] == 1).all()
    assert lost[: 80 - columns].max() < 0.1
    assert lost[80:].max() < 0.1
