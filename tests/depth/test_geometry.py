from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap, Intrinsics, Stereo
from dsdmsr.depth.geometry import (
    centred_camera,
    distances,
    point_cloud,
    points,
    ray_lengths,
    triangles,
)
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


def test_each_pixel_has_its_point():
    distance = np.array([[1.0, 2, 4], [8, 16, 32]])
    made = points(distance, Intrinsics(fx=2, fy=4, cx=1, cy=0.5))
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made[..., 2], distance)
    np.testing.assert_array_equal(made[..., 0], [[-0.5, 0, 2], [-4, 0, 16]])
    np.testing.assert_array_equal(made[..., 1], [[-0.125, -0.25, -0.5], [1, 2, 4]])


def test_a_centred_camera_looks_through_the_middle():
    expected = Intrinsics(fx=6, fy=6, cx=3.5, cy=1.5)
    assert centred_camera(0.75, (4, 8)) == expected
    assert centred_camera(2, (3, 1)) == Intrinsics(fx=2, fy=2, cx=0, cy=1)


def test_rays_grow_longer_away_from_the_axis():
    camera = Intrinsics(fx=2, fy=4, cx=1, cy=3)
    lengths = ray_lengths(camera, (5, 4))
    assert lengths.shape == (5, 4)
    assert lengths.dtype == np.float64
    assert lengths[3, 1] == 1
    assert lengths[3, 3] == pytest.approx(2**0.5)
    assert lengths[1, 1] == pytest.approx(1.25**0.5)
    assert lengths[0, 0] == pytest.approx((1 + 0.25 + 0.5625) ** 0.5)
    np.testing.assert_array_equal(ray_lengths(camera, (2, 4), 3), lengths[3:])
    made = points(1 / lengths, camera).astype(float)
    np.testing.assert_allclose(np.linalg.norm(points(np.ones((5, 4)), camera), axis=-1), lengths)
    np.testing.assert_allclose(np.linalg.norm(made, axis=-1), 1, rtol=1e-6)


def test_distances_are_doubles_and_begin_above_0():
    distance, there = distances(DepthMap([[0.0, 1e-30, 0.5, 3]], [[True, True, True, False]]))
    assert distance.dtype == np.float64
    assert there.tolist() == [[False, True, True, False]]


def test_squares_are_cut_from_the_lower_left_to_the_upper_right():
    flat = np.full((2, 3), 2.0)
    faces = triangles(flat, np.ones((2, 3), bool), CAMERA)
    assert faces.dtype == np.int32
    assert faces.tolist() == [[0, 3, 1], [1, 4, 2], [1, 3, 4], [2, 4, 5]]


@pytest.mark.parametrize(
    ("camera", "focal"),
    [(Intrinsics(fx=50, fy=40, cx=3, cy=2), 40), (Intrinsics(fx=40, fy=50, cx=3, cy=2), 40)],
)
@pytest.mark.parametrize(("times", "cut"), [(0.99, False), (1.01, True)])
@pytest.mark.parametrize(("steepest", "slope"), [(None, 11.430052), (45, 1)])
def test_a_surface_is_cut_where_it_is_too_steep(camera, focal, times, cut, steepest, slope):
    options = {} if steepest is None else {"steepest": steepest}
    near = 2.0
    far = near + times * slope * near / focal
    for distance in ([[near, far], [near, near]], [[far, far], [near, far]]):
        faces = triangles(np.array(distance), np.ones((2, 2), bool), camera, **options)
        assert len(faces) == (0 if cut else 2)


def test_valid_pixels_become_points_and_triangles_between_them():
    values = [[2.0, 2, 2], [2, 0, 2], [2, 2, 9]]
    depth = DepthMap(values, [[True] * 3, [True] * 3, [True, True, False]])
    vertices, faces = point_cloud(depth, CAMERA)
    assert faces is None
    there = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 0]], bool)
    np.testing.assert_array_equal(vertices, points(np.array(values), CAMERA)[there])
    again, faces = point_cloud(depth, CAMERA, mesh=True)
    np.testing.assert_array_equal(again, vertices)
    assert faces.dtype == np.int32
    # 0 1 2
    # 3   4
    # 5 6
    assert faces.tolist() == [[0, 3, 1]]


def test_a_point_cloud_is_cut_at_edges():
    depth = DepthMap([[2.0, 2, 3], [2, 2, 3]])
    _, faces = point_cloud(depth, CAMERA, mesh=True)
    assert faces.tolist() == [[0, 3, 1], [1, 3, 4]]
    _, faces = point_cloud(depth, CAMERA, mesh=True, steepest=89.9)
    assert len(faces) == 4
    assert point_cloud(depth, CAMERA)[0].shape == (6, 3)


def test_a_map_of_holes_has_no_points():
    depth = DepthMap([[2.0, 0.0]], [[False, True]])
    with pytest.raises(DepthError, match=r"^no pixel is valid, so there are no points$"):
        point_cloud(depth, CAMERA)
