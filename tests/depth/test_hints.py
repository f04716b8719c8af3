from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.geometry import ray_lengths
from dsdmsr.depth.hints import hints


def room(shape: tuple[int, int], focal: float) -> np.ndarray:
    """Return the depth of a floor, two walls and a ceiling, seen from within, in metres."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(float)
    right, down = (x - (width - 1) / 2) / (focal * width), (y - (height - 1) / 2) / (focal * width)
    far = 5 / (1 + 0.3 * right)
    with np.errstate(divide="ignore"):
        sides = np.minimum(2 / np.abs(right), 1.4 / np.abs(down))
    return np.minimum(far, sides)


@pytest.mark.parametrize("shape", [(480, 640), (120, 160), (96, 256)])
@pytest.mark.parametrize("focal", [0.6, 0.87, 1.1])
def test_distances_along_the_ray_are_told_from_depth(shape, focal):
    depth = room(shape, focal)
    fx, cx, cy = focal * shape[1], (shape[1] - 1) / 2, (shape[0] - 1) / 2
    camera = Intrinsics(fx=fx, fy=fx, cx=cx, cy=cy)
    assert hints(DepthMap(depth, unit="m")) == []
    (hint,) = hints(DepthMap(depth * ray_lengths(camera, shape), unit="m"))
    assert "distances along the ray" in hint
    found = float(hint.split("about ")[1].split()[0])
    assert found == pytest.approx(focal, rel=0.2)


def test_noise_and_lone_surfaces_give_no_hint(rng):
    depth = room((120, 160), 0.8)
    assert hints(DepthMap(depth + rng.normal(0, 0.02, depth.shape), unit="m")) == []
    assert hints(DepthMap(np.full((60, 80), 2.0), unit="m")) == []
    assert hints(DepthMap([[1.0, 2.0], [3.0, 4.0]], unit="m")) == []
    assert hints(DepthMap(np.zeros((5, 5)), np.zeros((5, 5), bool))) == []


def test_a_depth_buffer_is_recognised():
    near, far, depth = 0.1, 100.0, room((120, 160), 0.8)
    buffer = far / (far - near) * (1 - near / depth)
    (hint,) = hints(DepthMap(buffer))
    assert "depth buffer" in hint
    np.testing.assert_allclose(near * far / (far - buffer * (far - near)), depth, rtol=1e-9)


@pytest.mark.parametrize("background", [99.87, 1000.55, 1048.6])
def test_a_flat_background_far_behind_is_said(background):
    depth = room((120, 160), 0.8)
    depth[:30] = background + np.linspace(0, 1e-4 * background, 160)
    (hint,) = hints(DepthMap(depth, unit="m"))
    assert hint.startswith("25% of the pixels lie at")
    above = float(hint.split("--invalid-above ")[1].split()[0])
    assert above == pytest.approx(room((120, 160), 0.8)[30:].max(), rel=1e-3)


@pytest.mark.parametrize("kind", ["disparity", "inverse_depth", "height"])
def test_other_kinds_get_none(kind):
    assert hints(DepthMap(1 / room((120, 160), 0.8), kind=kind)) == []
