from __future__ import annotations

import re

import numpy as np
import OpenEXR
import pytest

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.phase import axis
from dsdmsr.errors import FileError
from dsdmsr.io import read_stored


def test_exr_is_its_only_channel_or_z(tmp_path):
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    ramp = np.arange(6, dtype=np.float32).reshape(2, 3)
    for name, channels in {
        "half": {"Y": ramp.astype(np.float16)},
        "several": {"R": 0 * ramp, "G": 0 * ramp, "B": 0 * ramp, "Z": ramp},
    }.items():
        with OpenEXR.File(header, channels) as file:
            file.write(str(tmp_path / f"{name}.exr"))
        depth = read_depth(tmp_path / f"{name}.exr")
        np.testing.assert_array_equal(depth.values, ramp)
        assert depth.encoding == "float"


def save(path, channels, **header) -> None:
    head = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **header}
    with OpenEXR.File(head, channels) as file:
        file.write(str(path))


def corners(left, top, right, bottom):
    return np.array([left, top], np.int32), np.array([right, bottom], np.int32)


def test_numbers_are_read_as_they_are_in_any_compression_and_form(tmp_path, rng):
    for dtype, numbers in {
        np.float16: rng.integers(1, 0x7BFF, (40, 30)).astype(np.uint16).view(np.float16),
        np.float32: rng.uniform(0, 9, (40, 30)),
        np.uint32: rng.integers(0, 2**32, (40, 30)),
    }.items():
        numbers = numbers.astype(dtype)
        for form in ({}, {"type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription()}):
            for compression in (OpenEXR.PIZ_COMPRESSION, OpenEXR.NO_COMPRESSION):
                save(tmp_path / "a.exr", {"Z": numbers}, compression=compression, **form)
                read = read_stored(tmp_path / "a.exr").numbers
                assert read.dtype == dtype
                np.testing.assert_array_equal(read, numbers)


@pytest.mark.parametrize(
    ("data", "display"), [((10, 5, 15, 8), (0, 0, 63, 47)), ((-2, -1, 3, 2), (1, 1, 4, 3))]
)
def test_windows_go_to_the_larger_file(tmp_path, data, display):
    ramp = np.arange(1, 25, dtype=np.float32).reshape(4, 6)
    windows = {"dataWindow": corners(*data), "displayWindow": corners(*display)}
    save(tmp_path / "a.exr", {"Z": ramp}, **windows)
    depth = read_depth(tmp_path / "a.exr")
    write_depth(tmp_path / "same.exr", depth)
    larger = DepthMap(
        np.repeat(np.repeat(ramp, 2, 0), 2, 1),
        metadata=depth.metadata.mapped(axis(1, 2), axis(1, 2)),
    )
    write_depth(tmp_path / "larger.exr", larger)
    for name, factor in (("same", 1), ("larger", 2)):
        expected = []
        for left, top, right, bottom in (data, display):
            last = factor * (right + 1) - 1, factor * (bottom + 1) - 1
            expected += [factor * left, factor * top, *last]
        with OpenEXR.File(str(tmp_path / f"{name}.exr")) as file:
            head = file.header()
            made = np.ravel([head["dataWindow"], head["displayWindow"]]).tolist()
            assert made == expected
            assert file.channels()["Z"].pixels.shape == (4 * factor, 6 * factor)


@pytest.mark.parametrize(
    ("channels", "name"),
    [
        (["Z"], "Z"),
        (["V"], "V"),
        (["ViewLayer.Depth.Z", "ViewLayer.Combined.R", "ViewLayer.Mist.Z"], "ViewLayer.Depth.Z"),
        (["Depth.V", "Image.R", "Image.G", "Image.B"], "Depth.V"),
        (["R", "G", "B"], "Y"),
        (["World_Depth.R", "World_Depth.G", "World_Depth.B", "R", "G", "B"], "World_Depth.Y"),
    ],
)
def test_the_channel_keeps_its_name(tmp_path, channels, name):
    ramp = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    save(tmp_path / "a.exr", dict.fromkeys(channels, ramp))
    depth = read_depth(tmp_path / "a.exr")
    larger = DepthMap(np.repeat(ramp, 2, 0), metadata=depth.metadata.mapped(axis(3, 3), axis(2, 4)))
    write_depth(tmp_path / "b.exr", larger)
    with OpenEXR.File(str(tmp_path / "b.exr"), separate_channels=True) as file:
        assert list(file.channels()) == [name]
    np.testing.assert_array_equal(read_depth(tmp_path / "b.exr").values, larger.values)


def test_a_channel_that_would_not_be_read_is_called_z(tmp_path):
    ramp = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    save(tmp_path / "a.exr", {"Mist.V": ramp, "R": 2 * ramp})
    write_depth(tmp_path / "b.exr", read_depth(f"{tmp_path / 'a.exr'}#Mist.V"))
    with OpenEXR.File(str(tmp_path / "b.exr"), separate_channels=True) as file:
        assert list(file.channels()) == ["Z"]


def test_a_plain_file_has_no_window(tmp_path):
    save(tmp_path / "a.exr", {"Z": np.ones((2, 3), np.float32)})
    stored = read_stored(tmp_path / "a.exr")
    assert (stored.window, stored.valid, stored.channel, stored.notes) == (None, None, "Z", ())


def test_damaged_files_are_told(tmp_path, rng):
    save(tmp_path / "a.exr", {"Z": rng.uniform(1, 2, (64, 32)).astype(np.float32)})
    content = (tmp_path / "a.exr").read_bytes()
    start = content.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    huge = np.array([999_999, 999_999], "<i4").tobytes()
    for damaged, says in {
        content[:-1]: "damaged, or no EXR",
        content[: len(content) // 2]: "damaged, or no EXR",
        content[:100]: "damaged, or no EXR",
        b"": "damaged, or no EXR",
        b"P5\n2 2\n255\nabcd": "damaged, or no EXR",
        content[: start + 8]
        + huge
        + content[start + 16 :]: r"promises [\d,]+ bytes of numbers, but stores",
    }.items():
        (tmp_path / "b.exr").write_bytes(damaged)
        with pytest.raises(FileError, match=says) as caught:
            read_depth(tmp_path / "b.exr")
        assert "\n" not in str(caught.value)


RAMP = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
EQUAL = "its red, green and blue are equal: read as grey"


@pytest.mark.parametrize(
    ("alpha", "valid", "notes"),
    [
        ([[1, 1, 1], [1, 1, 1]], None, (EQUAL,)),
        (
            [[1, 0, 1], [1, 1, 0]],
            [[1, 0, 1], [1, 1, 0]],
            (EQUAL, "its transparent pixels are holes"),
        ),
        ([[0, 0, 0], [0, 0, 0]], None, (EQUAL, "its alpha is 0 everywhere: left out")),
    ],
)
def test_alpha_says_where_equal_colours_have_holes(tmp_path, alpha, valid, notes):
    colours = dict.fromkeys("RGB", RAMP) | {"A": np.float32(alpha)}
    save(tmp_path / "a.exr", colours)
    stored = read_stored(tmp_path / "a.exr")
    np.testing.assert_array_equal(stored.numbers, RAMP)
    assert stored.notes == notes
    seen = stored.valid
    assert (seen if seen is None else seen.astype(int).tolist()) == valid


def test_what_was_chosen_comes_before_what_was_read(tmp_path):
    save(tmp_path / "a.exr", dict.fromkeys(["Depth.R", "Depth.G", "Depth.B", "Q"], RAMP))
    stored = read_stored(tmp_path / "a.exr")
    chosen = "of its 4 channels, Depth.R is taken for depth; #NAME names another"
    assert (stored.notes, stored.channel) == ((chosen, EQUAL), "Depth.Y")


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        (
            dict.fromkeys("RGB", np.ones((2, 3), np.float32)),
            "is a picture of a single colour: name",
        ),
        (
            {"R": RAMP, "G": RAMP, "B": 2 * RAMP},
            "is a picture in colours, which stand for no depth",
        ),
        ({"Q": RAMP, "S": RAMP}, "holds Q, S, of which none is called depth"),
    ],
)
def test_pictures_that_are_no_depth_are_refused(tmp_path, channels, says):
    path = tmp_path / "a.exr"
    save(path, channels)
    with pytest.raises(FileError, match="^" + re.escape(f"{path} {says}")):
        read_stored(path)


@pytest.mark.parametrize("sides", [(10, 20), (-3, 0), (0, 7)])
def test_a_window_is_kept_side_by_side(tmp_path, sides):
    left, top = sides
    windows = {
        "dataWindow": corners(left, top, left + 2, top + 1),
        "displayWindow": corners(-5, -4, 40, 30),
    }
    save(tmp_path / "a.exr", {"Z": RAMP}, **windows)
    window = read_stored(tmp_path / "a.exr").window
    assert (window.left, window.top, window.display) == (left, top, (-5, -4, 40, 30))
