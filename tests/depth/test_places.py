from __future__ import annotations

import pytest

from dsdmsr.depth.phase import Axis
from dsdmsr.depth.places import Georeference, ImageWindow

X, Y = Axis(4, 1.5), Axis(2, 0.5)
ON_CORNERS = Axis(4, 0), Axis(2, 0)


def test_pixels_become_smaller_on_the_ground():
    assert Georeference(pixel_size=(8, 6, 5)).mapped(X, Y).pixel_size == (2, 3, 5)
    assert Georeference(pixel_size=(8, 6)).mapped(X, Y).pixel_size == (2, 3)


def test_what_is_not_said_stays_unsaid_and_the_rest_stays_what_it_is():
    tags = ((34735, "SHORT", 4, (1, 1, 0, 0)),)
    given = Georeference(tags=tags)
    assert given.mapped(X, Y) == given
    assert (given.pixel_size, given.tie_points, given.transformation) == (None, None, None)
    assert (given.points, Georeference().tags) == (False, ())
    mapped = Georeference(pixel_size=(8, 6, 0), points=True, tags=tags).mapped(X, Y)
    assert mapped == Georeference(pixel_size=(2, 3, 0), points=True, tags=tags)


@pytest.mark.parametrize(
    ("points", "axes", "first", "second"),
    [
        # From outer corner to outer corner they are so many times as far away.
        (False, (X, Y), (0, 0), (40, 14)),
        (True, (X, Y), (1.5, 0.5), (41.5, 14.5)),
        (False, ON_CORNERS, (-1.5, -0.5), (38.5, 13.5)),
        (True, ON_CORNERS, (0, 0), (40, 14)),
    ],
)
def test_tie_points_keep_their_place_on_the_ground(points, axes, first, second):
    ties = (0, 0, 1, 500.5, 70.25, 3, 10, 7, 2, 580.5, 14.25, 4)
    mapped = Georeference(tie_points=ties, points=points).mapped(*axes)
    expected = (*first, 1, 500.5, 70.25, 3, *second, 2, 580.5, 14.25, 4)
    assert mapped.tie_points == pytest.approx(expected)


def test_what_is_no_whole_tie_point_is_left_out():
    assert Georeference(tie_points=(0, 0, 1, 5, 7, 3, 10)).mapped(X, Y).tie_points == (
        *(0, 0, 1, 5, 7, 3),
    )
    assert Georeference(tie_points=()).mapped(X, Y).tie_points == ()
    assert Georeference(tie_points=(0, 0, 1, 5, 7)).mapped(X, Y).tie_points == ()


@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize("axes", [(X, Y), ON_CORNERS, (Axis(3, -2), Axis(5, 7))])
def test_a_matrix_sends_mapped_places_to_the_same_ground(points, axes):
    matrix = (8, 2, 3, 500, -1, 6, 5, 70, 0.5, 0.25, 1, -9, 0, 0, 0, 1)
    given = Georeference(transformation=matrix, points=points)
    mapped = given.mapped(*axes).transformation
    assert len(mapped) == 16
    for i, j, k in ((0, 0, 0), (3, 5, 0), (-2, 1.5, 4)):
        across, down = (
            along.of(at) if points else along.of_corner(at)
            for along, at in zip(axes, (i, j), strict=True)
        )
        for row in range(4):
            a, b, c, d = matrix[4 * row : 4 * row + 4]
            e, f, g, h = mapped[4 * row : 4 * row + 4]
            ground = a * i + b * j + c * k + d
            assert e * across + f * down + g * k + h == pytest.approx(ground)


def test_a_matrix_of_corners_and_one_of_centres():
    matrix = (8, 0, 0, 500, 0, -6, 0, 70, 0, 0, 1, 2, 0, 0, 0, 1)
    of_corners = (2, 0, 0, 500, 0, -3, 0, 70, 0, 0, 1, 2, 0, 0, 0, 1)
    of_centres = (2, 0, 0, 497, 0, -3, 0, 71.5, 0, 0, 1, 2, 0, 0, 0, 1)
    for points, expected in ((False, of_corners), (True, of_centres)):
        mapped = Georeference(transformation=matrix, points=points).mapped(X, Y)
        assert mapped.transformation == pytest.approx(expected)
        assert mapped.points == points


def test_a_window_and_its_picture_grow_alike():
    window = ImageWindow(left=3, top=-5, display=(1, -2, 9, 7))
    assert window.mapped(X, Y) == ImageWindow(left=12, top=-10, display=(4, -4, 39, 15))
    # 1.5 times: to whole pixels.
    half = Axis(1.5, 0.25)
    assert window.mapped(half, half) == ImageWindow(left=4, top=-8, display=(2, -3, 14, 11))
