from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dsdmsr.errors import FileError
from dsdmsr.io import checks
from dsdmsr.io.checks import (
    any_size,
    blocks_of_map,
    check_floats,
    check_parts,
    check_size,
    few,
    holds_errors,
    refuse_errors,
    single_channel,
    single_line,
    stored_bytes,
)

PATH = Path("a.tif")
EQUAL = "its red, green and blue are equal: read as grey"
HOLES = "its transparent pixels are holes"
TRUSTED = "if it is one that you trust, give --any-size (any_size=True)"


def refused(says: str):
    return pytest.raises(FileError, match=f"^{re.escape(says)}$")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("", ""),
        (" a\n b\t\tc ", "a b c"),
        (ValueError("no\nmap"), "no map"),
        ("x" * 400, "x" * 400),
        ("x" * 401, "x" * 400 + " …"),
        ("x" * 400 + "\n", "x" * 400),
    ],
)
def test_what_is_said_is_a_line_of_400_characters_at_most(said, line):
    assert single_line(said) == line


@pytest.mark.parametrize("name", ["error", "error.Z", "depth_error"])
def test_expected_errors_are_told_by_their_names(name):
    assert holds_errors(["depth", name])
    assert not holds_errors([name + "s", name.upper()])
    with refused("a.tif holds the expected errors of a map, not depth: give the map's file"):
        refuse_errors(PATH)


def test_floats_have_four_bytes_each():
    check_floats(PATH, 5, 3, 60)
    for size in (59, 61):
        with refused(f"a.tif promises 5×3 pixels, 60 bytes, but holds {size}"):
            check_floats(PATH, 5, 3, size)


@pytest.mark.parametrize(("promised", "itemsize"), [(2**25, 1), (2**26, 2), (2**27, 4), (2**27, 8)])
def test_numbers_may_have_so_many_bytes_anyway(promised, itemsize):
    check_size(PATH, promised, 0, itemsize)
    more = promised + itemsize
    with refused(f"a.tif promises {more:,} bytes of numbers, but stores 0: {TRUSTED}"):
        check_size(PATH, more, 0, itemsize)


def test_numbers_may_be_1100_times_what_is_stored():
    check_size(PATH, 1100 * 10**6, 10**6)
    says = f"a.tif promises 1,100,000,004 bytes of numbers, but stores 1,000,000: {TRUSTED}"
    with refused(says):
        check_size(PATH, 1100 * 10**6 + 4, 10**6)


def test_parts_are_counted_and_named():
    check_parts(PATH, 2**17, "tiles")
    check_parts(PATH, 7, "tiles", 7)
    with refused(f"a.tif has 131,073 tiles, and at most 131,072 are read: {TRUSTED}"):
        check_parts(PATH, 2**17 + 1, "tiles")
    with refused(f"a.tif has 8 chunks, and at most 7 are read: {TRUSTED}"):
        check_parts(PATH, 8, "chunks", 7)


def test_members_are_passed_on_as_far_as_they_are_few():
    assert list(few("abc", PATH, "pages")) == ["a", "b", "c"]
    assert sum(1 for _ in few(range(8192), PATH, "pages")) == 8192
    with refused(f"a.tif has 8,193 pages, and at most 8,192 are read: {TRUSTED}"):
        list(few(range(9000), PATH, "pages"))


def test_what_is_trusted_may_be_of_any_size_until_it_is_read():
    with any_size(True):
        with any_size(False):
            check_size(PATH, 2**40, 0)
            check_parts(PATH, 2**20, "tiles")
        check_size(PATH, 2**40, 0)
    with pytest.raises(FileError), any_size(False):
        check_size(PATH, 2**40, 0)
    with pytest.raises(FileError):
        check_parts(PATH, 2**20, "tiles")


@pytest.mark.parametrize(
    ("shape", "block", "count"),
    [
        ((6, 9), (2, 3), 9),
        ((7, 10), (2, 3), 16),
        ((5, 9, 10), (1, 3, 2), 15),
        ((5, 9, 10), (5, 9, 10), 1),
        ((4, 3), (0, 0), 12),
        ((2, 3, 4, 5), (1, 1, 1, 5), 24),
        ((7,), (2,), 4),
    ],
)
def test_blocks_of_one_map_are_counted(shape, block, count):
    assert blocks_of_map(shape, block) == count


@pytest.mark.parametrize(
    ("status", "size"),
    [
        ({"st_size": 5000, "st_blocks": 3}, 1536),
        ({"st_size": 5000, "st_blocks": 16}, 5000),
        ({"st_size": 5000, "st_blocks": 0}, 0),
        ({"st_size": 5000}, 5000),
    ],
)
def test_what_is_stored_is_what_has_blocks(status, size):
    assert stored_bytes(SimpleNamespace(stat=lambda: SimpleNamespace(**status))) == size


GREY = np.uint8([[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("holes", [False, True])
def test_grey_is_read_from_equal_colours_and_holes_from_alpha(count, kind, holes):
    numbers = np.repeat(GREY[..., None], count, 2).astype(kind)
    opaque = np.ones(GREY.shape, bool)
    notes = (EQUAL,) if count > 2 else ()
    if count in (2, 4):
        numbers[..., -1] = 1 if kind is np.float32 else np.iinfo(kind).max
        if holes:
            numbers[0, 2, -1], opaque[0, 2] = 0, False
            notes += (HOLES,)
    grey, seen, said = single_channel(numbers, PATH)
    assert (grey.dtype, said) == (kind, notes)
    np.testing.assert_array_equal(grey, GREY)
    if opaque.all():
        assert seen is None
    else:
        assert (seen.dtype, seen.tolist()) == (bool, opaque.tolist())


def test_numbers_of_two_axes_stay_what_they_are():
    grey, opaque, notes = single_channel(GREY, PATH)
    assert (grey is GREY, opaque, notes) == (True, None, ())


@pytest.mark.parametrize(
    ("kind", "alpha"), [(np.uint8, 254), (np.uint8, 1), (np.uint16, 255), (np.float32, 0.5)]
)
@pytest.mark.parametrize("count", [2, 4])
def test_half_transparent_pixels_are_refused(kind, alpha, count):
    numbers = np.zeros((2, 3, count), kind)
    numbers[1, 2, -1] = alpha
    says = "a.tif has pixels that are half transparent: give an alpha of nothing or all"
    with refused(says):
        single_channel(numbers, PATH)


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_colours_are_refused(count, channel):
    numbers = np.full((2, 3, count), 255, np.uint8)
    numbers[1, 2, channel] = 254
    says = "a.tif is a picture in colours, which stand for no depth: give grey numbers"
    with refused(says):
        single_channel(numbers, PATH)


def test_nan_of_all_colours_is_equal_and_of_one_is_not():
    numbers = np.ones((2, 3, 3), np.float32)
    numbers[0, 1] = np.nan
    assert np.isnan(single_channel(numbers, PATH)[0]).tolist() == [
        [False, True, False],
        [False] * 3,
    ]
    for channel in range(3):
        other = numbers.copy()
        other[0, 1, channel] = 1
        with pytest.raises(FileError, match="a picture in colours"):
            single_channel(other, PATH)


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 0), (7,), (1, 2, 3, 1)])
def test_other_forms_are_refused(shape):
    form = "×".join(map(str, shape))
    with refused(f"a.tif holds {form} numbers: give one grey map"):
        single_channel(np.zeros(shape, np.uint8), PATH)


def test_the_limits_are_those_that_the_documentation_names():
    assert (checks.MOST_COMPRESSED, checks.SURE) == (1100, 2**27)
    assert (checks.MOST_BLOCKS, checks.MOST_MEMBERS) == (131_072, 8192)
