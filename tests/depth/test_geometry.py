from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap, Intrinsics, Stereo
from dsdmsr.depth.geometry import distances, points, triangles
from dsdmsr.errors import DepthError

CAMERA = Intrinsics(fx=50, fy=40, cx=3, cy=2)


def test_points_project_back_to_their_pixels(rng):
    distance = rng.uniform(1, 3, (5, 7))
    x, y, z = np.moveaxis(points(distance, CAMERA).astype(float), -1, 0)
    np.testing.assert_allclose(z, distance, rtol=1e-6)
    rows, columns = np.indices((5, 7))
    np.testing.assert_allclose(CAMERA.fx * x / z + CAMERA.cx, columns, atol=1e-4)
    np.testing.assert_allclose(CAMERA.fy * y / z + CAMERA.cy, rows, atol=1e-4)


def test_a_larger_map_of_a_plane_lies_on_the_same_plane():
    """The camera is scaled by the pixel rule."""

    def plane(camera, shape):
        rows, columns = np.indices(shape)
        # z = 2 + 0.3 x, with x = (u - cx) / fx · z
        return 2 / (1 - 0.3 * (columns - camera.cx) / camera.fx) + 0 * rows

    for camera, shape in ((CAMERA, (4, 6)), (CAMERA.scaled(4), (16, 24))):
        x, _, z = np.moveaxis(points(plane(camera, shape), camera), -1, 0)
        np.testing.assert_allclose(z, 2 + 0.3 * x, rtol=1e-5)
    small, large = (np.stack(np.indices(s)[::-1], -1).reshape(-1, 2) for s in ((4, 6), (16, 24)))
    ray = (small[0] - (CAMERA.cx, CAMERA.cy)) / (CAMERA.fx, CAMERA.fy)
    scaled = CAMERA.scaled(4)
    rays = (large - (scaled.cx, scaled.cy)) / (scaled.fx, scaled.fy)
    block = rays.reshape(16, 24, 2)[:4, :4].mean((0, 1))
    np.testing.assert_allclose(block, ray)


def test_kinds_become_distances_and_what_lies_nowhere_is_left_out():
    values = np.array([[2.0, 0.0, 4.0]])
    distance, there = distances(DepthMap(values))
    assert there.tolist() == [[True, False, True]]
    distance, there = distances(DepthMap(values, kind="inverse_depth"))
    assert distance.tolist() == [[0.5, 0, 0.25]]
    assert there.tolist() == [[True, False, True]]
    stereo = Stereo(focal=10, baseline=0.4, doffs=1)
    distance, there = distances(DepthMap(values - 1.5, kind="disparity", stereo=stereo))
    np.testing.assert_allclose(distance, [[4 / 1.5, 0, 4 / 3.5]], rtol=1e-7)
    assert there.tolist() == [[True, False, True]]
    with pytest.raises(DepthError, match="no focal length and baseline are known"):
        distances(DepthMap(values, kind="disparity"))


def test_surfaces_are_whole_where_flat_and_cut_at_edges_and_holes():
    flat = np.full((4, 5), 2.0)
    there = np.ones_like(flat, dtype=bool)
    assert len(triangles(flat, there, CAMERA)) == 2 * 3 * 4
    stepped = flat.copy()
    stepped[:, 3:] = 3.0
    kept = triangles(stepped, there, CAMERA)
    assert len(kept) == 2 * 3 * 3
    assert set(np.ptp(stepped.ravel()[kept], axis=1)) == {0}
    assert len(triangles(stepped, there, CAMERA, steepest=89.9)) == 2 * 3 * 4
    there[1, 1] = False
    assert 5 + 1 not in triangles(flat, there, CAMERA)
    assert len(triangles(flat, there, CAMERA)) == 24 - 6


def test_faces_look_at_the_camera(rng):
    distance = 2 + 0.01 * rng.random((6, 6))
    corners = points(distance, CAMERA).reshape(-1, 3)[
        triangles(distance, np.ones((6, 6), bool), CAMERA)
    ]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (np.einsum("ij,ij->i", normals, corners[:, 0]) < 0).all()
