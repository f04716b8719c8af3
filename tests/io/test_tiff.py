from __future__ import annotations

import re
from types import SimpleNamespace

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.places import Georeference
from dsdmsr.errors import FileError
from dsdmsr.io import read_stored
from dsdmsr.io.tiff_pages import seen_by_lerc


@pytest.mark.parametrize("numbers", [[[0, 1], [300, 65535]], [[0.0, 1.5], [3.25, 1e5]]])
def test_tiff_is_what_pillow_reads_and_writes(tmp_path, numbers):
    whole = isinstance(numbers[0][0], int)
    given = np.array(numbers, dtype=np.uint16 if whole else np.float32)
    Image.fromarray(given).save(tmp_path / "a.tif")
    depth = read_depth(tmp_path / "a.tif", "levels16" if whole else "disparity")
    np.testing.assert_array_equal(depth.values, given)
    write_depth(tmp_path / "b.tiff", depth)
    with Image.open(tmp_path / "b.tiff") as image:
        np.testing.assert_array_equal(np.asarray(image), given)
    assert read_depth(tmp_path / "b.tiff").encoding == ("mm" if whole else "float")


def test_a_large_tiff_has_64_bit_offsets_before_32_bits_end(tmp_path, monkeypatch):
    monkeypatch.setattr("dsdmsr.io.tiff._CLASSIC", 4 * 300 * 300)
    for side, magic in ((300, 42), (301, 43)):
        write_depth(tmp_path / f"{side}.tif", DepthMap(np.ones((side, side)), encoding="metres"))
        head = (tmp_path / f"{side}.tif").read_bytes()[:4]
        assert int.from_bytes(head[2:4], "little") == magic
        assert read_depth(tmp_path / f"{side}.tif").shape == (side, side)


def test_a_page_of_several_is_named(tmp_path, rng):
    stack = rng.uniform(1, 5, (3, 8, 9)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    for number in range(3):
        read = read_depth(f"{tmp_path}/a.tif#{number}")
        np.testing.assert_array_equal(read.values, stack[number])
    for name in ("a.tif", "a.tif#3", "a.tif#x"):
        with pytest.raises(
            FileError, match=r"a\.tif holds 3 pages: name one, a\.tif#0 to a\.tif#2"
        ):
            read_depth(tmp_path / name)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_where_0_is_white_numbers_are_as_stored_and_a_note_says_so(tmp_path, kind):
    given = np.array([[5, 100], [7, 9]], kind)
    tifffile.imwrite(tmp_path / "a.tif", given, photometric="miniswhite")
    tifffile.imwrite(tmp_path / "b.tif", given, photometric="minisblack")
    for name, said in (("a.tif", True), ("b.tif", False)):
        stored = read_stored(tmp_path / name)
        np.testing.assert_array_equal(stored.numbers, given)
        assert any("0 is white" in note for note in stored.notes) == said


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("nodata", [-9999.0, float(np.finfo("f4").min), -1.7e308])
def test_tiles_that_are_left_out_are_holes(tmp_path, capfd, nodata):
    z = np.arange(1, 64 * 64 + 1, dtype=np.float32).reshape(64, 64)
    grid = [(16 * y, 16 * x) for y in range(4) for x in range(4)]
    tiles = (None if k in (3, 9) else z[y : y + 16, x : x + 16] for k, (y, x) in enumerate(grid))
    tags = [(42113, "s", 0, repr(nodata), True)]
    tifffile.imwrite(
        tmp_path / "a.tif", tiles, shape=z.shape, dtype="f4", tile=(16, 16), extratags=tags
    )
    capfd.readouterr()
    depth = read_depth(tmp_path / "a.tif")
    missing = np.zeros((64, 64), bool)
    missing[:16, 48:], missing[32:48, 16:32] = True, True
    np.testing.assert_array_equal(depth.valid, ~missing)
    np.testing.assert_array_equal(depth.values[~missing], z[~missing])
    assert capfd.readouterr().err == ""
    write_depth(tmp_path / "b.tif", depth)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert float(file.pages[0].tags[42113].value) == nodata or nodata < -1e300


def test_what_tifffile_warns_of_is_a_note(tmp_path, capfd):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 9), np.float32))
    content = bytearray((tmp_path / "a.tif").read_bytes())
    # The resolution's value lies behind the end of the file.
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        at = file.pages[0].tags["XResolution"].offset
    content[at + 8 : at + 12] = (2**31).to_bytes(4, "little")
    (tmp_path / "b.tif").write_bytes(content)
    capfd.readouterr()
    assert any("tifffile says" in note for note in read_depth(tmp_path / "b.tif").metadata.notes)
    assert capfd.readouterr().err == ""


def test_scale_and_offset_of_gdal_are_applied_and_not_lost(tmp_path):
    numbers = np.arange(100, 112, dtype=np.int16).reshape(3, 4)
    numbers[0, 0] = -1
    items = "".join(
        f'<Item name="{role.upper()}" sample="0" role="{role}">{value}</Item>'
        for role, value in (("scale", 0.5), ("offset", -100))
    )
    tags = [
        (42112, "s", 0, f"<GDALMetadata>{items}</GDALMetadata>", True),
        (42113, "s", 0, "-1", True),
    ]
    tifffile.imwrite(tmp_path / "a.tif", numbers, extratags=tags)
    depth = read_depth(tmp_path / "a.tif")
    assert (depth.kind, depth.unit, depth.encoding) == ("height", "m", "height")
    write_depth(tmp_path / "b.tif", depth)
    for name in ("a.tif", "b.tif"):
        again = read_depth(tmp_path / name)
        np.testing.assert_array_equal(again.valid, numbers != -1)
        seen = again.valid
        np.testing.assert_array_equal(again.values[seen], (0.5 * numbers - 100)[seen])


@pytest.mark.parametrize(("nodata", "written"), [(0, "nan"), (65535, 65535.0)])
def test_the_number_for_holes_among_packed_ones_is_no_height(tmp_path, nodata, written):
    metadata = (
        '<GDALMetadata><Item name="SCALE" sample="0" role="scale">0.1</Item>'
        '<Item name="OFFSET" sample="0" role="offset">-50</Item></GDALMetadata>'
    )
    packed = np.full((8, 9), 500, np.uint16)  # the sea, at 0 m
    packed[0], packed[4:] = nodata, np.arange(501, 537).reshape(4, 9)
    tags = [(42112, "s", 0, metadata, True), (42113, "s", 0, str(nodata), True)]
    tifffile.imwrite(tmp_path / "a.tif", packed, extratags=tags, metadata=None)
    depth = read_depth(tmp_path / "a.tif")
    write_depth(tmp_path / "b.tif", depth)
    back = read_depth(tmp_path / "b.tif")
    np.testing.assert_array_equal(back.valid, packed != nodata)
    np.testing.assert_array_equal(back.values[back.valid], depth.values[depth.valid])
    assert (depth.values[1:4] == 0).all()
    np.testing.assert_equal(read_stored(tmp_path / "b.tif").nodata, (float(written),))


@pytest.mark.parametrize("packed", [0, 1, 2], ids=["LERC", "LERC, Deflate", "LERC, ZSTD"])
@pytest.mark.parametrize("declared", [False, True])
def test_what_lerc_leaves_out_is_no_surface(tmp_path, packed, declared):
    pack = [bytes, imagecodecs.zlib_encode, imagecodecs.zstd_encode][packed]
    z = np.linspace(-3, 5, 48 * 70, dtype=np.float32).reshape(48, 70)
    seen = np.ones(z.shape, bool)
    seen[10:40, 20:40] = False
    blocks = [
        pack(imagecodecs.lerc_encode(block, masks=mask, level=0))
        for y in range(0, 48, 32)
        for x in range(0, 70, 32)
        for block, mask in [(_tile(z, y, x), _tile(seen, y, x))]
    ]
    tifffile.imwrite(
        tmp_path / "a.tif",
        iter(blocks),
        shape=z.shape,
        dtype="f4",
        tile=(32, 32),
        compression="lerc",
        compressionargs={"compression": [None, "deflate", "zstd"][packed]},
        extratags=[(42113, "s", 0, "nan", True)] * declared,
        photometric="minisblack",
    )
    depth = read_depth(tmp_path / "a.tif", "height")
    np.testing.assert_array_equal(depth.valid, seen)
    np.testing.assert_array_equal(depth.values[seen], z[seen])


def _tile(numbers: np.ndarray, y: int, x: int) -> np.ndarray:
    part = numbers[y : y + 32, x : x + 32]
    return np.pad(part, ((0, 32 - part.shape[0]), (0, 32 - part.shape[1])), "edge")


RAMP = np.arange(1, 7, dtype=np.uint16).reshape(2, 3)
WHITE = "it says that 0 is white: numbers are read as they are, not turned around"
HOLES = "its transparent pixels are holes"
EQUAL = "its red, green and blue are equal: read as grey"


def scaled(scale: float, offset: float) -> tuple[int, str, int, str, bool]:
    items = f'<Item role="scale">{scale}</Item><Item role="offset">{offset}</Item>'
    return (42112, "s", 0, f"<GDALMetadata>{items}</GDALMetadata>", True)


@pytest.mark.parametrize("shown", range(1, 9))
def test_a_map_lies_on_the_ground_only_where_it_is_not_turned(tmp_path, shown):
    size, ties = (0.5, 0.25, 0.0), (0.0, 1.0, 0.0, 100.0, 200.0, 0.0)
    tags = [(33550, "d", 3, size, True), (33922, "d", 6, ties, True)]
    numbers = np.stack([RAMP, np.full((2, 3), 65535, np.uint16)], 2)
    numbers[0, 2, 1] = 0
    tags.append((274, "H", 1, shown, True))
    tifffile.imwrite(
        tmp_path / "a.tif",
        numbers,
        extratags=tags,
        photometric="minisblack",
        metadata=None,
        extrasamples=["unassalpha"],
        planarconfig="contig",
    )
    stored = read_stored(tmp_path / "a.tif")
    place = Georeference(pixel_size=size, tie_points=ties)
    assert stored.georeference == (place if shown == 1 else None)
    assert stored.numbers.shape == ((2, 3) if shown < 5 else (3, 2))
    assert stored.numbers[~stored.valid].tolist() == [3]


def test_notes_follow_each_other(tmp_path):
    alpha = np.full((2, 3), 65535, np.uint16)
    alpha[1, 1] = 0
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.stack([RAMP, alpha], 2),
        photometric="miniswhite",
        extrasamples=["unassalpha"],
        planarconfig="contig",
        extratags=[scaled(0.5, -3)],
        metadata=None,
    )
    stored = read_stored(tmp_path / "a.tif")
    packed = (
        "its numbers stand for themselves × 0.5 + -3, as it says: values are written as they are"
    )
    assert stored.notes == (HOLES, WHITE, packed)
    assert (stored.encoding, tuple(stored.packing)) == ("height", (0.5, -3))
    np.testing.assert_array_equal(stored.valid, alpha > 0)
    np.testing.assert_array_equal(stored.numbers, RAMP)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("count", [3, 4])
def test_planes_of_equal_colours_are_grey(tmp_path, planar, count):
    colours = np.stack([RAMP] * 3 + [np.full((2, 3), 65535, np.uint16)] * (count - 3), 2)
    given = colours if planar == "contig" else np.moveaxis(colours, 2, 0)
    more = {"extrasamples": ["unassalpha"]} if count == 4 else {}
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.ascontiguousarray(given),
        photometric="rgb",
        planarconfig=planar,
        metadata=None,
        **more,
    )
    stored = read_stored(tmp_path / "a.tif")
    assert (stored.notes, stored.valid, stored.packing) == ((EQUAL,), None, None)
    assert stored.numbers.dtype == np.uint16
    np.testing.assert_array_equal(stored.numbers, RAMP)


def test_numbers_of_a_palette_are_its_greys(tmp_path):
    palette = np.repeat((np.arange(256, dtype=np.uint16)[::-1] * 257)[None], 3, 0)
    tifffile.imwrite(
        tmp_path / "a.tif", RAMP.astype(np.uint8), photometric="palette", colormap=palette
    )
    stored = read_stored(tmp_path / "a.tif")
    assert stored.numbers.dtype == np.uint8
    np.testing.assert_array_equal(stored.numbers, 255 - RAMP)


@pytest.mark.parametrize(
    ("numbers", "more", "says"),
    [
        (np.ones((2, 3), bool), {}, "holds black and white alone: give grey numbers"),
        (np.ones((2, 3, 4, 3), np.uint8), {"volumetric": True}, "holds a page of 2×3×4×3: give a"),
        (RAMP, {"subfiletype": 1}, "holds no page that is a map: give a grey one"),
        (RAMP, {"description": "expected absolute error"}, "holds the expected errors of a map"),
    ],
)
def test_pages_that_are_no_map_are_refused(tmp_path, numbers, more, says):
    path = tmp_path / "a.tif"
    more = {"photometric": "rgb" if numbers.ndim == 4 else "minisblack", "metadata": None} | more
    if numbers.ndim == 4:
        more["tile"] = (16, 16, 16)
    tifffile.imwrite(path, numbers, **more)
    with pytest.raises(FileError, match="^" + re.escape(f"{path} {says}")):
        read_stored(path)


def test_smaller_copies_are_left_aside_and_masks_are_of_the_map(tmp_path):
    seen = np.array([[255, 0, 255], [255, 255, 0]], np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(RAMP, metadata=None)
        file.write(RAMP[:1, :1], subfiletype=1, metadata=None)
        file.write(seen[:1] > 0, subfiletype=5, photometric="mask", metadata=None)
        file.write(seen > 0, subfiletype=4, photometric="mask", metadata=None)
    stored = read_stored(tmp_path / "a.tif")
    np.testing.assert_array_equal(stored.numbers, RAMP)
    np.testing.assert_array_equal(stored.valid, seen > 0)
    assert (stored.notes, stored.nodata, stored.encoding) == ((), (), None)


def test_lerc_without_parameters_is_compressed_once():
    mask = np.array([[True, False, True], [True, True, False]])
    block = imagecodecs.lerc_encode(np.ones((2, 3), np.float32), masks=mask, level=0)
    handle = SimpleNamespace(read_segments=lambda *_: [(block, 0), (b"", 1), (block, 3)])
    page = SimpleNamespace(
        compression=34887,
        chunks=(2, 3),
        chunked=(2, 2),
        tags={},
        parent=SimpleNamespace(filehandle=handle),
        dataoffsets=(),
        databytecounts=(),
    )
    expected = np.ones((4, 5), bool)
    expected[:2, :3] = mask
    expected[2:, 3:] = mask[:, :2]
    np.testing.assert_array_equal(seen_by_lerc(page, (4, 5)), expected)
    page.compression = 1
    assert seen_by_lerc(page, (4, 5)) is None


def test_where_a_map_lies_and_its_number_for_nothing_come_back(tmp_path):
    place = Georeference(
        pixel_size=(0.5, 0.25, 0.0),
        tie_points=(0.0, 0.0, 0.0, 1.0, 2.0, 0.0),
        points=True,
        tags=((34735, "H", 8, (1, 1, 0, 1, 1025, 0, 1, 2)), (34737, "s", 0, "WGS 84|")),
    )
    metadata = Metadata(georeference=place, invalid=-9999.0, declares_invalid=True)
    values = np.arange(1.0, 7).reshape(2, 3)
    valid = np.array([[True, False, True], [True] * 3])
    depth = DepthMap(values, valid, metadata=metadata, encoding="height", kind="height", unit="m")
    write_depth(tmp_path / "a.tif", depth)
    stored = read_stored(tmp_path / "a.tif")
    assert (stored.georeference, stored.nodata) == (place, (-9999.0,))
    np.testing.assert_array_equal(stored.numbers, np.where(valid, values, -9999))
