"""Tags of TIFF files as they are read and written, and pages as they are turned."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.places import Georeference
from dsdmsr.errors import FileError
from dsdmsr.io.stored import Packing
from dsdmsr.io.tiff_pages import check_page, filled, mask_of, present, turned
from dsdmsr.io.tiff_tags import (
    ReadTag,
    georeference,
    is_white_zero,
    nodata,
    orientation,
    packing,
    tags_to_write,
)

SIZE, TIES = (0.5, 0.25, 2.0), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
MATRIX = tuple(float(n) for n in range(16))
TEXT = "WGS 84 / UTM|"


def doubles(*values: float) -> ReadTag:
    return ReadTag(values, 12, len(values))


def keys(*entries: tuple[int, int, int, int]) -> ReadTag:
    values = [1, 1, 0, len(entries)] + [number for entry in entries for number in entry]
    return ReadTag(tuple(values), 3, len(values))


@pytest.mark.parametrize("shown", range(1, 9))
def test_a_page_is_turned_as_its_tag_says(shown):
    numbers = np.array([[1, 2, 3], [4, 5, 6]])
    expected = {
        1: [[1, 2, 3], [4, 5, 6]],
        2: [[3, 2, 1], [6, 5, 4]],
        3: [[6, 5, 4], [3, 2, 1]],
        4: [[4, 5, 6], [1, 2, 3]],
        5: [[1, 4], [2, 5], [3, 6]],
        6: [[4, 1], [5, 2], [6, 3]],
        7: [[6, 3], [5, 2], [4, 1]],
        8: [[3, 6], [2, 5], [1, 4]],
    }
    assert turned(numbers, shown).tolist() == expected[shown]
    assert orientation({274: ReadTag(shown, 3, 1)}) == shown
    assert orientation({}) == 1


@pytest.mark.parametrize(
    ("value", "numbers"),
    [
        ("-9999", (-9999.0,)),
        (" 1.5\n\t\0", (1.5,)),
        (7, (7.0,)),
        ("none", ()),
        ("", ()),
    ],
)
def test_the_number_for_nothing_is_that_of_gdals_tag(value, numbers):
    assert nodata({42113: ReadTag(value, 2, 1)}) == numbers
    assert nodata({}) == ()
    assert np.isnan(nodata({42113: ReadTag("nan", 2, 1)})[0])


def test_white_is_zero_by_the_photometric_tag_alone():
    assert is_white_zero({262: ReadTag(0, 3, 1)})
    assert not is_white_zero({262: ReadTag(1, 3, 1)})
    assert not is_white_zero({274: ReadTag(0, 3, 1)})


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        ({}, None),
        ({34735: keys((1025, 0, 1, 2))}, None),
        ({33550: doubles(*SIZE)}, {"pixel_size": SIZE}),
        ({33922: doubles(*TIES)}, {"tie_points": TIES}),
        ({34264: doubles(*MATRIX)}, {"transformation": MATRIX}),
        ({34264: doubles(*MATRIX[:15])}, {}),
        (
            {33550: doubles(*SIZE), 33922: doubles(*TIES), 34264: doubles(*MATRIX)},
            {"pixel_size": SIZE, "tie_points": TIES, "transformation": MATRIX},
        ),
    ],
)
def test_a_map_lies_where_any_of_three_tags_says(tags, place):
    assert georeference(tags) == (None if place is None else Georeference(**place))


@pytest.mark.parametrize(
    ("entries", "points"),
    [
        ([(1025, 0, 1, 2)], True),
        ([(1025, 0, 1, 1)], False),
        ([(1024, 0, 1, 2)], False),
        ([(1024, 0, 1, 1), (1025, 0, 1, 2)], True),
        ([(1025, 0, 1, 2), (2048, 0, 1, 1)], True),
        ([(1024, 0, 1, 1025), (2048, 1025, 2, 2)], False),
        ([], False),
    ],
)
def test_a_key_says_whether_raster_coordinates_are_of_centres(entries, points):
    tags = {33550: doubles(*SIZE), 34735: keys(*entries)}
    assert georeference(tags).points is points


def test_tags_of_the_coordinate_system_are_kept_and_written():
    named = keys((1025, 0, 1, 1), (3072, 0, 1, 32632))
    tags = {
        33550: doubles(*SIZE),
        34735: named,
        34736: doubles(6378137.0, 298.25),
        34737: ReadTag(TEXT, 2, len(TEXT) + 1),
        42113: ReadTag("-1", 2, 3),
    }
    place = georeference(tags)
    assert place.tags == (
        (34735, "H", 12, named.value),
        (34736, "d", 2, (6378137.0, 298.25)),
        (34737, "s", 0, TEXT),
    )
    written = tags_to_write(Metadata(georeference=place))
    assert written == [(33550, "d", 3, SIZE, True), *((*tag, True) for tag in place.tags)]


def test_where_a_map_lies_is_written():
    place = Georeference(pixel_size=SIZE, tie_points=TIES, transformation=MATRIX)
    assert tags_to_write(Metadata(georeference=place)) == [
        (33550, "d", 3, SIZE, True),
        (33922, "d", 6, TIES, True),
        (34264, "d", 16, MATRIX, True),
    ]
    assert tags_to_write(Metadata()) == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (-9999.0, "-9999"),
        (0, "0"),
        (0.5, "0.5"),
        (999_999_999_999_999.0, "999999999999999"),
        (1e15, "1000000000000000.0"),
        (-1e15, "-1000000000000000.0"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_the_number_for_nothing_is_written_as_a_text(number, text):
    tags = tags_to_write(Metadata(invalid=number, declares_invalid=True))
    assert tags == [(42113, "s", 0, text, True)]
    assert tags_to_write(Metadata(invalid=number)) == []
    assert tags_to_write(Metadata(declares_invalid=True)) == []


def items(**roles: object) -> dict[int, ReadTag]:
    made = "".join(f'<Item role="{role}" >{value}</Item>' for role, value in roles.items())
    return {42112: ReadTag(f"<GDALMetadata>{made}</GDALMetadata>", 2, 1)}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        (items(), None),
        (items(scale=1, offset=0), None),
        (items(scale=0.5), (0.5, 0)),
        (items(offset=-3), (1, -3)),
        (items(scale=" 2 ", offset="\n4e1\n", other=7), (2, 40)),
        (items(scale="x"), None),
        (items(scale=0), None),
        (items(scale=2, offset="inf"), None),
        (items(scale="0." + "0" * 37 + "1"), (1e-38, 0)),
        (items(scale="0." + "0" * 38 + "1"), None),
        ({42112: ReadTag("XX", 2, 1)}, None),
    ],
)
def test_scale_and_offset_are_those_of_gdals_items(tags, expected):
    assert packing(tags) == (None if expected is None else Packing(*expected))


def page(**fields: object) -> SimpleNamespace:
    known = {"databytecounts": (4,), "dtype": np.dtype("f4"), "shape": (2, 3), "chunks": (2, 3)}
    return SimpleNamespace(**(known | fields))


def test_a_page_of_too_many_parts_or_numbers_is_refused(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"x" * 100)
    check_page(page(), path)
    check_page(page(databytecounts=np.ones(2**17, int)), path)
    parts = f"{path} has 131,073 tiles or strips, and at most 131,072 are read: if it is one that"
    with pytest.raises(FileError, match="^" + re.escape(parts)):
        check_page(page(databytecounts=np.ones(2**17 + 1, int)), path)
    for fields, promised, stored in [
        ({"shape": (2**14, 2**12)}, 2**28, 4),
        ({"chunks": (2**14, 2**12)}, 2**28, 4),
        ({"shape": (2**14, 2**12), "databytecounts": (40, 2)}, 2**28, 42),
        ({"shape": (2**14, 2**12), "dtype": None}, 2**26, 4),
        ({"shape": (2**14, 2**12), "dtype": np.dtype("u2")}, 2**27, 4),
    ]:
        says = f"{path} promises {promised:,} bytes of numbers, but stores {stored}: if it is one"
        with pytest.raises(FileError, match="^" + re.escape(says)):
            check_page(page(**fields), path)


def test_tiles_that_are_not_stored_are_none_of_the_map():
    made = page(databytecounts=(4, 0, 0, 4, 4, 4), chunked=(2, 3), chunks=(2, 3))
    expected = np.ones((3, 8), bool)
    expected[:2, 3:] = False
    np.testing.assert_array_equal(present(made, (3, 8)), expected)
    made.databytecounts = (4, 0, 4)  # of colours in planes of their own, say
    assert present(made, (3, 8)) is None


def test_floats_that_are_not_stored_become_the_number_for_nothing():
    stored = np.array([[True, False]])
    for kind, after in (("f4", -1), ("f8", -1), ("u2", 5)):
        numbers = np.array([[5, 5]], kind)
        made = filled(numbers, stored, -1)
        assert (made.dtype, made.tolist()) == (numbers.dtype, [[5, after]])
        assert filled(numbers, None, -1) is numbers
    colours = np.ones((1, 2, 3), np.float32)
    assert filled(colours, stored, -1) is colours


def test_a_mask_is_the_first_page_of_the_maps_size(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"x" * 100)
    small = page(shape=(1, 1), asarray=lambda: np.zeros((1, 1)))
    first = page(asarray=lambda: np.uint8([[0, 255, 1], [2, 0, 3]]))
    second = page(asarray=lambda: np.zeros((2, 3)))
    mask = mask_of([small, first, second], (2, 3, 4), path)
    assert mask.tolist() == [[False, True, True], [True, False, True]]
    for masks in ([], [small]):
        assert mask_of(masks, (2, 3, 4), Path("a")) is None
