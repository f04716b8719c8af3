from __future__ import annotations

import math

import pytest
import torch

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import DepthError
from dsdmsr.metrics import normal_error, normals

CAMERA = Intrinsics(fx=100, fy=120, cx=10.3, cy=7)


def plane(normal: tuple[float, float, float], height: int = 20, width: int = 24) -> torch.Tensor:
    """Return the depth of the plane with a normal that the optical axis meets 2 away."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    y, x = y.double(), x.double()
    a, b, c = normal
    along = a * (x - CAMERA.cx) / CAMERA.fx + b * (y - CAMERA.cy) / CAMERA.fy + c
    return (2 * c / along)[None, None]


def test_the_normal_of_a_plane_is_exact_at_every_pixel():
    given = torch.nn.functional.normalize(torch.tensor([0.3, -0.4, -1.0]).double(), dim=0)
    found = normals(plane(tuple(given.tolist())), CAMERA)
    assert found.shape == (1, 3, 18, 22)
    assert (found - given[None, :, None, None]).abs().max() < 1e-9


def test_the_error_is_the_angle_between_two_planes():
    target = plane((0.0, 0.0, -1.0))
    valid = torch.ones_like(target, dtype=torch.bool)
    turned = plane((math.sin(0.2), 0.0, -math.cos(0.2)))
    measured = normal_error(turned, target, valid, CAMERA, step=1)
    assert float(measured) == pytest.approx(math.degrees(0.2), abs=1e-6)
    assert float(normal_error(target, target, valid, CAMERA, step=1)) == pytest.approx(0, abs=1e-5)


def test_pixels_beside_edges_and_holes_do_not_count():
    target = torch.full((1, 1, 5, 12), 2.0, dtype=torch.float64)
    target[..., 6:] = 5
    valid = torch.ones_like(target, dtype=torch.bool)
    spoilt = target.clone()
    spoilt[..., 5:7] = 3.5  # flying; the 3×3 pixels around columns 4 to 7 see them
    valid[..., 2, 10], spoilt[..., 2, 10], target[..., 2, 10] = False, 9.0, -1.0
    assert float(normal_error(spoilt, target, valid, CAMERA, step=1)) == pytest.approx(0, abs=1e-5)
    spoilt[..., 1] = 2.1
    turned = normals(spoilt, CAMERA)[0, 2, :, :3].neg().clamp(max=1).acos().rad2deg()
    # Columns 1 to 3 and 8 count: the 3×3 pixels around column 9 and 10 see the hole.
    measured = float(normal_error(spoilt, target, valid, CAMERA, step=1))
    assert measured == pytest.approx(0.75 * float(turned.mean()), abs=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target": torch.zeros(1, 1, 4, 4)}, "distances, not disparities"),
        ({"step": 0}, "give a positive number"),
        ({"pred": torch.ones(1, 1, 4, 5)}, "differ in shape"),
    ],
)
def test_what_has_no_normals_is_refused(change, says):
    given = {"pred": torch.ones(1, 1, 4, 4), "target": torch.ones(1, 1, 4, 4), "step": 1.0}
    valid = torch.ones(1, 1, 4, 4, dtype=torch.bool)
    with pytest.raises(DepthError, match=says):
        normal_error(**{**given, **change}, valid=valid, camera=CAMERA)
    with pytest.raises(DepthError, match="give 3×3 pixels or more"):
        normals(torch.ones(1, 1, 2, 9), CAMERA)
