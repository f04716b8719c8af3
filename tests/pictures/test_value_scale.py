from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap
from dsdmsr.pictures.colours import EVEN, INVALID
from dsdmsr.pictures.value_scale import ValueScale, number_texts

RAMP = np.linspace(1, 3, 64).reshape(8, 8)
ALL = np.ones((8, 8), bool)


def test_colours_are_of_the_whole_range_and_near_is_bright():
    scale = ValueScale.of(DepthMap(RAMP, unit="m"))
    assert (scale.low, scale.high, scale.below, scale.above) == (1, 3, False, False)
    assert scale.meaning == "depth in metres"
    picture = scale.picture(RAMP, ALL)
    assert picture.getpixel((0, 0)) == tuple(EVEN[-1])
    assert picture.getpixel((7, 7)) == tuple(EVEN[0])
    disparity = ValueScale.of(DepthMap(RAMP - 2, kind="disparity")).picture(RAMP - 2, ALL)
    assert disparity.getpixel((0, 0)) == tuple(EVEN[0])


def test_no_value_has_the_colour_of_holes():
    assert INVALID not in {tuple(colour) for colour in EVEN.tolist()}
    valid = ALL.copy()
    valid[3, 4] = False
    picture = ValueScale.of(DepthMap(RAMP, valid)).picture(RAMP, valid)
    holes = (np.asarray(picture) == INVALID).all(-1)
    np.testing.assert_array_equal(holes, ~valid)


def test_a_few_values_far_away_leave_the_others_their_colours():
    values = np.tile(RAMP, (10, 10))
    values[0, 0], values[0, 1] = 5000, 0
    scale = ValueScale.of(DepthMap(values, unit="m"))
    assert scale.low == 0, "near enough to the others"
    assert scale.high == pytest.approx(3, abs=0.05)
    assert (scale.below, scale.above) == (False, True)
    assert scale.picture(values, values > -1).getpixel((0, 0)) == tuple(EVEN[0])
    # Two levels, one of them rare, are not such a case: there are no others.
    values = np.ones((40, 40))
    values[0, 0] = 2
    assert ValueScale.of(DepthMap(values)).high == 2


def test_the_bar_shows_the_ends_of_the_scale():
    bar = ValueScale.of(DepthMap(RAMP, unit="m")).bar(200)
    column = np.asarray(bar)[:, 3]
    coloured = np.flatnonzero((column != 255).any(1))
    coloured = coloured[coloured < 200]
    top, bottom = column[coloured[0]], column[coloured[-1]]
    assert tuple(top) == tuple(EVEN[0])
    assert tuple(bottom) == tuple(EVEN[-1])
    # Nothing is cut off: the outermost pixels are white.
    edges = np.asarray(bar)
    assert (edges[0] == 255).all()
    assert (edges[-1] == 255).all()
    assert (edges[:, -1] == 255).all()


def test_a_map_of_one_value_has_one_colour_and_one_number():
    scale = ValueScale.of(DepthMap(np.full((3, 3), 2.0), unit="m"))
    picture = np.asarray(scale.picture(np.full((3, 3), 2.0), np.ones((3, 3), bool)))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(np.asarray(scale.bar(150))[20:100, 3], axis=0)) == 1
    assert ValueScale.of(DepthMap([[np.nan]])) is None


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0, 4, ["4", "3", "2", "1", "0"]),
        (-200, 200, ["200", "100", "0", "-100", "-200"]),
        (3000.1, 3000.5, ["3000.5", "3000.4", "3000.3", "3000.2", "3000.1"]),
        (0.001, 0.005, ["0.005", "0.004", "0.003", "0.002", "0.001"]),
        (0, 120000, ["120000", "90000", "60000", "30000", "0"]),
    ],
)
def test_numbers_have_as_many_digits_as_tell_them_apart(low, high, texts):
    assert number_texts(np.linspace(high, low, 5)) == texts
