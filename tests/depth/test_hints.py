from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.geometry import centred_camera, ray_lengths
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


def test_a_depth_buffer_says_how_it_becomes_depth():
    buffer = 1 - 0.2 / np.linspace(2.5, 60, 600).reshape(20, 30)
    expected = (
        "most values lie just below 1, as in a depth buffer: if it is one, depth is "
        "near·far / (far − value·(far − near))"
    )
    assert hints(DepthMap(buffer)) == [expected]


@pytest.mark.parametrize(
    ("most", "middle", "found"),
    [(1.0, 0.9001, 1), (1.001, 0.95, 0), (1.0, 0.899, 0), (0.95, 0.93, 1)],
)
def test_half_of_a_depth_buffer_is_close_to_1_and_nothing_above(most, middle, found):
    values = np.array([[0.1, 0.2, middle], [most, middle, most]])
    assert len(hints(DepthMap(values))) == found
    values = np.append(values, [[7.0] * 3], axis=0)
    valid = np.array([[True] * 3, [True] * 3, [False] * 3])
    assert len(hints(DepthMap(values, valid))) == found


def slope_before(background: float, count: int, shape=(40, 50), ends=(2.0, 4.0)) -> np.ndarray:
    rest = np.linspace(*ends, shape[0] * shape[1] - count)
    return np.append(np.full(count, background), rest).reshape(shape)


@pytest.mark.parametrize(
    ("shape", "count", "found"),
    [
        ((40, 50), 49, 0),
        ((40, 50), 50, 1),
        ((40, 100), 79, 0),
        ((40, 100), 81, 1),
        ((40, 50), 1959, 1),
        ((40, 50), 1961, 0),
    ],
)
def test_a_background_has_50_pixels_and_2_to_98_hundredths(shape, count, found):
    assert len(hints(DepthMap(slope_before(50, count, shape)))) == found


@pytest.mark.parametrize(("background", "found"), [(4.84, 0), (4.87, 1)])
def test_before_a_background_three_tenths_of_the_range_are_empty(background, found):
    assert len(hints(DepthMap(slope_before(background, 500)))) == found


@pytest.mark.parametrize(("depth", "found"), [(0.0019, 1), (0.0021, 0)])
def test_a_background_is_flat(depth, found):
    values = slope_before(1000, 400)
    values.flat[:370] = 1000 * (1 - depth)
    values.flat[370:399] = 1000 * (1 - depth / 2)
    assert len(hints(DepthMap(values))) == found


def test_a_background_says_where_it_is_and_how_it_is_left_out():
    values = slope_before(1234.5678, 500, ends=(2.0, 3.98765))
    expected = (
        "25% of the pixels lie at 1234.57, flat and far behind all others: if they are a "
        "renderer's background, --invalid-above 3.988 leaves them out"
    )
    assert hints(DepthMap(values)) == [expected]


def rays(shape: tuple[int, int], focal: float) -> np.ndarray:
    """Return distances along the ray of a room."""
    return room(shape, focal) * ray_lengths(centred_camera(focal, shape), shape)


@pytest.mark.parametrize("focal", [0.5, 0.6, 0.75, 0.87, 1.0, 1.2])
@pytest.mark.parametrize("shape", [(120, 160), (100, 48)])
def test_the_focal_length_is_told_in_widths(shape, focal):
    expected = (
        "surfaces are flatter if the values are distances along the ray, with a focal length of "
        f"about {focal:.2g} widths: --encoding hypersim reads metres so"
    )
    assert hints(DepthMap(rays(shape, focal))) == [expected]


@pytest.mark.parametrize(
    ("shape", "found"),
    [((16, 64), True), ((15, 64), False), ((60, 15), False), ((60, 32), True), ((120, 23), True)],
)
def test_maps_have_to_be_large_enough_to_bend(shape, found):
    assert bool(hints(DepthMap(rays(shape, 0.6)))) == found


def test_holes_and_zeros_do_not_bend(rng):
    values = rays((120, 160), 0.75)
    valid = rng.random(values.shape) > 0.1
    (hint,) = hints(DepthMap(np.where(valid, values, 0), valid))
    assert "about 0.75 widths" in hint
    assert hints(DepthMap(np.where(valid, values, 0))) == [hint]
    few = np.zeros(values.shape, bool)
    few[50:70, 60:80] = True
    assert hints(DepthMap(values, few)) == []


def test_a_wall_seen_along_the_ray_needs_bends_both_ways():
    shape = 90, 128
    for slope_right, slope_down in ((0.0, 0.0), (0.4, 0.0), (0.0, 0.4), (-0.3, 0.2)):
        camera = centred_camera(0.75, shape)
        rows, columns = np.indices(shape)
        right, down = (columns - camera.cx) / camera.fx, (rows - camera.cy) / camera.fy
        depth = 3 / (1 + slope_right * right + slope_down * down)
        assert len(hints(DepthMap(depth + 1e-9 * rows))) == 0
        (hint,) = hints(DepthMap(depth * ray_lengths(camera, shape)))
        assert "about 0.75 widths" in hint


@pytest.mark.parametrize("turned", [False, True])
def test_rows_or_columns_alone_tell_rays_too(rng, turned):
    shape = (96, 128)
    camera = centred_camera(0.75, shape)
    far = rng.uniform(1, 3, (1, 128) if turned else (96, 1))
    depth = far * ray_lengths(camera, shape)
    (hint,) = hints(DepthMap(depth))
    assert "about 0.75 widths" in hint
    assert hints(DepthMap(depth / ray_lengths(camera, shape))) == []


@pytest.mark.parametrize("unit", [20.0, 1000.0])
def test_hints_do_not_depend_on_the_unit(unit):
    depth, along = room((120, 160), 0.75), rays((120, 160), 0.75)
    assert hints(DepthMap(unit * depth)) == hints(DepthMap(depth)) == []
    assert hints(DepthMap(unit * along)) == hints(DepthMap(along)) != []
