from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

import dsdmsr
from dsdmsr import DepthMap, DsdmsrError
from dsdmsr.pictures.colours import EVEN, INVALID
from dsdmsr.pictures.comparison import Comparison, single_map
from dsdmsr.pictures.preview import ContactSheet, picture_of


def steps(shape: tuple[int, int], *, hole: bool = True) -> DepthMap:
    """Four stripes from 1 m to 4 m, the upper left quarter of the first one a hole."""
    height, width = shape
    values = np.broadcast_to(1.0 + np.arange(width) * 4 // width, shape).copy()
    valid = np.ones(shape, bool)
    if hole:
        valid[: height // 4, : width // 4] = False
    return DepthMap(values, valid, unit="m")


def pictures(strip) -> list[np.ndarray]:
    return [np.asarray(cell.picture) for row in strip.rows for cell in row]


def compared(lr_depth: DepthMap, upscaled: DepthMap, **layout) -> list[np.ndarray]:
    comparison = Comparison("", lr_depth, upscaled.shape, **layout)
    assert comparison.keep(upscaled) is upscaled
    return pictures(comparison.strip())


def test_equal_values_have_equal_colours_in_input_and_result():
    shown, _, result, *_ = compared(steps((8, 8)), steps((32, 32)))
    assert shown.shape == result.shape == (640, 640, 3)
    np.testing.assert_array_equal(shown, result)
    assert (shown[300:, :150] == EVEN[-1]).all()
    assert (shown[:, -100:] == EVEN[0]).all()


def test_holes_have_their_own_colour_in_maps_and_reliefs():
    for picture in compared(steps((8, 8)), steps((32, 32))):
        holes = (picture == INVALID).all(-1)
        assert holes[:160, :160].all()
        assert holes.mean() == pytest.approx(1 / 16)


def test_bicubic_interpolation_is_shown_where_the_result_is_valid():
    flat = DepthMap(np.full((4, 4), 2.0), unit="m")
    _, bicubic, result, *_ = compared(flat, DepthMap(np.full((16, 16), 2.0), unit="m"))
    np.testing.assert_array_equal(bicubic, result)
    soft = compared(steps((8, 8), hole=False), steps((32, 32), hole=False))[1]
    assert len(np.unique(soft.reshape(-1, 3), axis=0)) > 10


def test_the_relief_of_a_plane_is_even():
    def plane(side: int) -> DepthMap:
        at = (np.arange(side) + 0.5) / side
        return DepthMap(3 + at[:, None] + 2 * at, unit="m")

    _, _, _, shown, bicubic, result = compared(plane(16), plane(128))
    for relief in (shown, result, bicubic[100:-100, 100:-100]):
        assert np.ptp(relief.astype(int)) <= 1
    assert abs(int(shown[0, 0, 0]) - int(result[0, 0, 0])) <= 1


def test_large_results_are_reduced_while_their_bands_come():
    lr_depth, large = steps((300, 400)), steps((1200, 1600))
    whole = compared(lr_depth, large)
    comparison = Comparison("", lr_depth, large.shape)
    for top in range(0, 1200, 100):
        part = slice(top, top + 100)
        comparison.keep(DepthMap(large.values[part], large.valid[part], unit="m"))
    strip = comparison.strip()
    for one, other in zip(whole, pictures(strip), strict=True):
        assert one.shape == (480, 640, 3)
        np.testing.assert_array_equal(one, other)
    assert "shown reduced, to 1/2.5 of" in strip.title


def test_little_is_kept_of_a_result_larger_than_its_picture():
    lr_depth, band = steps((1000, 50)), steps((80, 1000))
    tracemalloc.start()
    comparison = Comparison("", lr_depth, (20_000, 1000))
    for _ in range(250):
        comparison.keep(band)
    comparison.strip()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 1000 * 4 / 8


def test_wide_maps_are_shown_one_below_the_other():
    comparison = Comparison("", steps((2, 50), hole=False), (4, 100))
    comparison.keep(steps((4, 100), hole=False))
    strip = comparison.strip()
    assert [len(row) for row in strip.rows] == [1] * 6
    assert 1000 < picture_of(strip).width <= 2080


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (480, 640), (3, 3)])
def test_pictures_of_any_shape_are_at_most_2000_pixels_wide(shape):
    depth = DepthMap(np.full(shape, 2.0), unit="m")
    for picture in (
        dsdmsr.preview(depth),
        dsdmsr.preview(depth, DepthMap(np.full((2 * shape[0], 2 * shape[1]), 2.0), unit="m")),
    ):
        assert picture.width <= 2080
        assert picture.height <= 3500


def test_a_map_without_a_value_is_all_hole():
    strip = single_map("blank", DepthMap(np.full((3, 4), np.nan)))
    assert strip.bar is None
    assert "no pixel has a value" in strip.title
    for picture in pictures(strip):
        assert (picture == INVALID).all()


def test_negative_heights_have_the_range_from_low_to_high():
    values = np.linspace(-50, 150, 64).reshape(8, 8)
    strip = single_map("dem", DepthMap(values, kind="height", unit="m"))
    assert (strip.bar.low, strip.bar.high) == (-50, 150)
    assert "height in metres" in strip.title
    assert (pictures(strip)[0][0, 0] == EVEN[0]).all()


def test_the_largest_numbers_are_plotted():
    most = float(np.finfo(np.float32).max)
    values = np.where(np.arange(16) < 8, -most, most) * np.ones((12, 1))
    depth = DepthMap(values, kind="height")
    shown, _, result, *_ = compared(
        depth, DepthMap(values.repeat(2, 0).repeat(2, 1), kind="height")
    )
    np.testing.assert_array_equal(shown, result)
    assert (shown[:, 0] == EVEN[0]).all()
    assert (shown[:, -1] == EVEN[-1]).all()


def test_a_contact_sheet_has_a_row_for_each_file_and_says_what_is_left_out():
    sheet, one = ContactSheet(most=3), ContactSheet()
    heights = []
    for number in range(3):
        sheet.add(single_map(f"{number}.png", steps((8, 8)), in_sheet=True))
        heights.append(sheet.picture().height)
    one.add(single_map("0.png", steps((8, 8)), in_sheet=True))
    assert heights[0] == one.picture().height
    assert heights[1] - heights[0] == heights[2] - heights[1] > 300
    assert sheet.full
    assert sheet.remark is None
    sheet.left_out = 4
    assert sheet.remark == "shows the first 3 files; 4 more are left out"
    assert sheet.picture().height > heights[2], "a line more"


def test_what_is_no_result_of_the_input_is_refused():
    lr_depth = steps((8, 8))
    for upscaled, says in [
        (steps((4, 4)), "at least as large"),
        (DepthMap(np.ones((16, 16)), unit=None), "same kind and unit"),
        (DepthMap(np.ones((16, 16)), kind="height", unit="m"), "same kind and unit"),
        (np.ones((16, 16)), "not a DepthMap"),
    ]:
        with pytest.raises(DsdmsrError, match=says):
            dsdmsr.preview(lr_depth, upscaled)


def test_notebooks_show_a_map():
    depth = steps((8, 8))
    with Image.open(io.BytesIO(depth._repr_png_())) as picture:
        assert picture.format == "PNG"
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(dsdmsr.preview(depth)))
