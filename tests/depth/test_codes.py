from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from dsdmsr.depth.codes import CLEAR, USUAL, Code, find_codes

Y, X = np.mgrid[:24, :32]
WALL = 2 + 0.01 * X + 0.005 * Y


def codes_in(numbers: np.ndarray) -> list[float]:
    usable = np.isfinite(numbers)
    return [code.number for code in find_codes(numbers, usable)]


@pytest.mark.parametrize("number", [*CLEAR, *USUAL])
@pytest.mark.parametrize("share", [0.03, 0.5])
def test_a_code_beside_a_wall_is_recognised(number, share):
    numbers = np.where(32 * share > X, number, WALL)
    assert codes_in(numbers) == [number]
    if abs(number) < 1e38:
        narrow = numbers.astype(np.float32)
        assert codes_in(narrow) == [np.float32(number)]


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(65504, np.float16), (65535, np.uint16), (65534, np.uint16), (-32768, np.int16)],
)
def test_codes_of_short_numbers(largest, dtype):
    numbers = np.where(X < 16, largest, 1000 * WALL).astype(dtype)
    assert codes_in(numbers) == [largest]


@pytest.mark.parametrize(("others", "found"), [(40_000, [65535]), (64_000, [])])
def test_a_full_number_needs_a_gap_alone(others, found):
    numbers = np.where(X < 16, 65535, others - 100 * X).astype(np.uint16)
    assert codes_in(numbers) == found


@pytest.mark.parametrize(("others", "found"), [(20_000, [32767]), (33_600, [])])
def test_the_largest_number_of_a_type_is_one_where_others_end_below_it(others, found):
    numbers = np.where(X < 16, 32767, others - 100 * X).astype(np.int16)
    assert codes_in(numbers) == found
    # A few pixels of it are the farthest surface.
    few = np.where((X == 3) & (Y < 3), 32767, others - 100 * X).astype(np.int16)
    assert codes_in(few) == []
    assert codes_in(np.full((24, 32), 32767, np.int16)) == []


@pytest.mark.parametrize("far", [3e3, 8.5e5, 4.2e19])
def test_a_flat_background_a_thousand_times_as_far_is_a_code_of_any_value(far):
    (code,) = find_codes(np.where(X < 16, far, WALL), np.ones(X.shape, bool))
    assert (code.number, code.beyond) == (far, None)
    assert "times as large as any other" in code.meaning
    assert len(code.meaning) < 60


@pytest.mark.parametrize("power", [11, 12, 30])
def test_powers_of_ten_are_known_as_floats_of_32_bits(power):
    numbers = np.where(X < 16, 10.0**power, WALL).astype(np.float32)
    (code,) = find_codes(numbers, np.ones(X.shape, bool))
    assert code.meaning == "a power of ten"


@pytest.mark.parametrize(
    "numbers",
    [
        WALL,
        np.where(X < 16, 99.87, WALL),  # a background that is near no code
        np.where(X < 16, 1000.55, WALL),
        np.where((X == 3) & (Y == 4), 1e4, WALL),  # a single pixel
        np.where((X == 3) & (Y < 3), 1e10, WALL),
        np.where(X < 16, 1000.0, 700 + WALL),  # surfaces nearly as far
        np.where(X < 16, 65535.0, 30_000 + 1000 * X),
        np.where(X < 16, -1.0, WALL - 3),  # other negative values
        np.where(X < 16, -9999.0, -9000 + 10 * X),
        np.linspace(0, 65535, 24 * 32).reshape(24, 32),
        np.where(X < 16, 255, 3).astype(np.uint8),
        np.full((24, 32), 1000.0),
        np.zeros((24, 32)),
        1e-12 * WALL,
    ],
)
def test_what_may_be_a_surface_stays_one(numbers):
    assert codes_in(numbers) == []


def test_an_elevation_model_may_reach_far_and_have_one_code():
    numbers = np.where(X < 4, -9999.0, np.linspace(-400, 8848, 32)[X])
    assert codes_in(numbers) == [-9999]


def test_several_codes_and_their_blends():
    numbers = np.where(X < 8, 1e10, np.where(X < 12, -9999.0, WALL))
    numbers[:, 8] = 0.3e10 + 1e7 * Y[:, 8]  # antialiased
    first, second = find_codes(numbers, np.ones(X.shape, bool))
    assert (first.number, second.number) == (1e10, -9999)
    np.testing.assert_array_equal(first.matches(numbers), X < 9)
    np.testing.assert_array_equal(second.matches(numbers), (X >= 9) & (X < 12))


def test_a_map_of_nothing_but_a_code_has_it():
    codes = found_in(np.full((4, 4), 65535, np.uint16))
    assert codes == [(65535, "the largest 16-bit number", None)]
    assert found_in(np.full((4, 4), -9999.0)) == [(-9999, "GDAL's usual no data", None)]


def test_pixels_that_are_known_to_mean_nothing_are_not_looked_at():
    numbers = np.where(X < 16, np.nan, WALL)
    numbers[:, 20:24] = math.inf
    assert codes_in(numbers) == []
    assert find_codes(numbers, np.zeros(X.shape, bool)) == []


def found_in(numbers, kind="depth", usable=None) -> list[Code]:
    return find_codes(numbers, np.ones(numbers.shape, bool) if usable is None else usable, kind)


def with_pixels(numbers: np.ndarray, number: float, count: int) -> np.ndarray:
    """Return a copy of a map whose first pixels have a number."""
    numbers = numbers.copy()
    numbers.flat[:count] = number
    return numbers


def test_a_code_matches_its_number_and_its_blends():
    numbers = np.array([[5, 7, 8], [9, np.nan, -5]])
    alone, blended = Code(5, "x"), Code(5, "x", 8)
    assert alone.beyond is None
    np.testing.assert_array_equal(alone.matches(numbers), [[1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(blended.matches(numbers), [[1, 0, 1], [1, 0, 0]])
    assert blended.matches(numbers).dtype == np.bool_


def test_a_clear_number_needs_four_pixels():
    assert found_in(with_pixels(WALL, 1e10, 3)) == []
    assert found_in(with_pixels(WALL, 1e10, 4)) == [(1e10, CLEAR[1e10], None)]


@pytest.mark.parametrize(("others", "count"), [(21845, 0), (21844, 1)])
def test_a_clear_number_is_more_than_three_times_as_large_as_most_others(others, count):
    numbers = with_pixels(np.full(X.shape, float(others)), 65535, 4)
    assert found_in(numbers) == [(65535, "the largest 16-bit number", None)] * count


def test_nine_tenths_of_the_others_tell_what_is_far():
    for lost, count in ((70, 1), (90, 0)):
        numbers = with_pixels(np.full(X.shape, 2.0), 40_000, lost)
        numbers[-1, -4:] = 65535
        assert len(found_in(numbers)) == count


@pytest.mark.parametrize(
    ("number", "others", "blend", "beyond"),
    [
        (1e10, 2.0, 1e8, 1e8),
        (1e10, 2.0, 0.99e8, None),
        (65535, 10_000.0, 30_000, 30_000),
        (65535, 10_000.0, 29_999, None),
        (65535, -5.0, 655.35, 655.35),
    ],
)
def test_blends_begin_at_a_hundredth_of_a_code_and_three_times_the_surfaces(
    number, others, blend, beyond
):
    numbers = with_pixels(np.full(X.shape, others), number, 20)
    numbers[-1, -1] = blend
    (code,) = found_in(numbers, "height")
    assert code.number == number
    assert code.beyond == (None if beyond is None else pytest.approx(beyond))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint32])
@pytest.mark.parametrize(("share", "pixels", "found"), [(0.9499, 16, 1), (0.951, 16, 0)])
def test_a_full_number_of_many_pixels_is_a_code_where_others_end_well_below(
    dtype, share, pixels, found
):
    full = np.iinfo(dtype).max
    numbers = with_pixels(np.full(X.shape, int(share * full), dtype), full, pixels)
    assert found_in(numbers) == [(full, CLEAR[full], None)] * found
    assert found_in(with_pixels(np.full(X.shape, int(0.9 * full), dtype), full, 15)) == []
    # A float that is as large isn't full.
    assert found_in(numbers.astype(float)) == []


def test_a_map_of_nothing_but_a_usual_number_has_no_code():
    assert found_in(np.full((4, 4), 1000.0)) == []
    assert found_in(np.full((4, 4), -5.0)) == []


@pytest.mark.parametrize(("shape", "many"), [((24, 32), 16), ((100, 100), 50)])
def test_a_usual_number_needs_many_pixels(shape, many):
    wall = np.full(shape, 3.0)
    assert found_in(with_pixels(wall, 1000, many - 1)) == []
    assert found_in(with_pixels(wall, 1000, many)) == [(1000, USUAL[1000], None)]


@pytest.mark.parametrize(("others", "count"), [(1365, 0), (1364.0, 1), (-1365.0, 0), (-1364.0, 1)])
@pytest.mark.parametrize("kind", ["depth", "disparity", "inverse_depth", "height"])
def test_a_usual_number_is_more_than_three_times_as_large_as_all_others(others, count, kind):
    numbers = with_pixels(np.full(X.shape, 2.0), 4095, 20)
    numbers[-1, -2:] = others, 1.5 * np.sign(others)
    codes = found_in(numbers, kind)
    assert codes == [(4095, "the largest 12-bit number", None)] * count


@pytest.mark.parametrize(("number", "count"), [(3000, 0), (3001, 1)])
@pytest.mark.parametrize("kind", ["depth", "disparity", "inverse_depth", "height"])
def test_any_number_a_thousand_times_as_large_is_a_code_where_large_is_far(number, count, kind):
    numbers = with_pixels(np.full(X.shape, 3.0), number, 16)
    meaning = "1e+03 times as large as any other number"
    expected = [(number, meaning, None)] * count
    assert found_in(numbers, kind) == (expected if kind in ("depth", "height") else [])
    assert found_in(with_pixels(np.full(X.shape, 3.0), number, 15), kind) == []


def test_codes_may_be_small():
    numbers = with_pixels(np.full(X.shape, 2e-4), 1, 16)
    assert found_in(numbers) == [(1, "5e+03 times as large as any other number", None)]


def test_beside_nothing_but_zeros_a_clear_number_alone_is_a_code():
    assert found_in(with_pixels(np.zeros(X.shape), 1000, 20)) == []
    assert found_in(with_pixels(np.zeros(X.shape), 7777, 20)) == []
    codes = found_in(with_pixels(np.zeros(X.shape), 65535, 20))
    assert codes == [(65535, "the largest 16-bit number", None)]


@pytest.mark.parametrize(("dtype", "found"), [(np.uint16, []), (np.float32, [65535])])
def test_full_inverse_depth_is_the_nearest_surface_in_whole_numbers(dtype, found):
    numbers = with_pixels(np.full(X.shape, 9, dtype), 65535, 20)
    assert [code.number for code in found_in(numbers, "inverse_depth")] == found
    assert [code.number for code in found_in(numbers, "disparity")] == [65535]


def test_whole_inverse_depth_may_have_a_negative_code():
    numbers = with_pixels(np.full(X.shape, 9, np.int16), -32768, 1)
    assert found_in(numbers, "inverse_depth") == [(-32768, "SRTM's void", None)]


@pytest.mark.parametrize(("count", "found"), [(3, 0), (4, 1)])
@pytest.mark.parametrize("least", [0, 0.5])
def test_the_only_negative_number_is_a_code_in_four_pixels(count, found, least):
    numbers = with_pixels(WALL, -1.5, count)
    numbers[-1, -1] = least
    for kind in ("depth", "disparity", "inverse_depth"):
        assert found_in(numbers, kind) == [(-1.5, "the only negative number", None)] * found
    assert found_in(numbers, "height") == []
    numbers[-1, -2] = -0.5
    assert found_in(numbers) == []


@pytest.mark.parametrize(
    ("lowest", "highest", "found"),
    [(0, 9998, 1), (0, 9999, 0), (-4999, 0, 1), (-4999.5, 0, 0), (2000, 13_998, 1), (-1, 9997, 0)],
)
def test_a_clear_number_below_lies_further_down_than_others_range_in_any_pixel(
    lowest, highest, found
):
    numbers = with_pixels(np.full(X.shape, float(lowest)), -9999, 1)
    numbers[-1, -1] = highest
    codes = found_in(numbers, "height")
    assert codes == [(-9999, "GDAL's usual no data", None)] * found


def test_a_map_has_four_codes_at_most_and_zeros_are_none():
    numbers = WALL.copy()
    far = float(np.finfo(np.float32).max)
    for row, number in enumerate((far, 1e10, 65535, -9999, 0, 0)):
        numbers[row, :4] = number
    four = [far, 1e10, 65535, -9999]
    assert codes_in(numbers) == four
    numbers[5, :4] = -1
    assert codes_in(numbers) == four
    numbers[3, :4] = 2
    assert codes_in(numbers) == [far, 1e10, 65535, -1]


@pytest.mark.parametrize(
    ("number", "count", "others", "found"),
    [
        (1e10, 3, 2.0, 0),
        (1e10, 4, 2.0, 1),
        (4095, 15, 2.0, 0),
        (4095, 16, 2.0, 1),
        (4095, 20, 1365.0, 0),
        (4095, 20, 1364.0, 1),
        (-1.5, 3, 2.0, 0),
        (-1.5, 4, 2.0, 1),
        (0, 4, 2.0, 0),
        (2999, 20, 3.0, 0),
        (3001, 20, 3.0, 1),
    ],
)
def test_beside_one_code_others_are_told_as_without_it(number, count, others, found):
    numbers = with_pixels(np.full(X.shape, others), number, count)
    assert len(found_in(numbers)) == found
    far = float(np.finfo(np.float32).max)
    numbers[-1, -4:] = far
    assert [code.number for code in found_in(numbers)] == [far, number][: found + 1]


def test_numbers_that_cannot_be_used_hide_no_code():
    usable = np.ones(X.shape, bool)
    usable[0] = False
    for hidden in (-7.0, -9999.0, 1e12, np.nan, np.inf):
        for number in (-1.0, 65535.0):
            numbers = WALL.copy()
            numbers[0], numbers[1, :4] = hidden, number
            assert [code.number for code in found_in(numbers, usable=usable)] == [number]
    numbers[0] = 65535
    numbers[1, :4] = 2
    assert found_in(numbers, usable=usable) == []


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.complex64])
def test_other_types_have_no_codes(dtype):
    numbers = np.ones(X.shape, dtype)
    numbers[:4] = 100
    numbers[5:7] = 0
    assert found_in(numbers) == []
    assert found_in(np.full(X.shape, 100, dtype)) == []


def test_numbers_are_depth_unless_said_otherwise():
    numbers = with_pixels(np.full(X.shape, 3.0), 4500, 16)
    usable = np.ones(X.shape, bool)
    assert find_codes(numbers, usable) == find_codes(numbers, usable, "depth") != []


def test_real_maps_have_none(data_dir):
    """Of real and rendered maps of 16 bits, those alone have a code whose README declares it."""
    found = {}
    for path in sorted(data_dir.rglob("*.png")):
        with Image.open(path) as image:
            numbers = np.asarray(image)
        if numbers.ndim == 2 and numbers.dtype.itemsize > 1:
            found[path.relative_to(data_dir).parts[0], path.name] = codes_in(
                numbers.astype(np.uint16)
            )
    assert len(found) > 60
    assert {key[0] for key, codes in found.items() if codes} <= {"rendered"}
