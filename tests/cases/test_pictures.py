"""Pictures that are maps: greys in colours, 0 as the farthest value, and TIFFs of many pages."""

from __future__ import annotations

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from testing.command import refused, upscaled
from testing.containers import WHOLE

from dsdmsr import Upscaler, read_depth
from dsdmsr.io import read_numbers

Y, X = np.mgrid[:24, :32]


@pytest.mark.parametrize("far", [0, 1])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_an_edge_before_the_farthest_value_is_an_edge(tmp_path, far, scale):
    """A disc before 0 comes out as one before 1 does: no hole, and as round."""
    y, x = np.mgrid[:192, :192]
    middle = 191 / 2
    fine = np.hypot(y - middle, x - middle) < 61.3
    at = scale * np.arange(192 // scale) + (scale - 1) / 2
    near = np.hypot(at[:, None] - middle, at - middle) < 61.3
    Image.fromarray(np.where(near, 200, far).astype(np.uint8)).save(tmp_path / "a.png")
    depth = read_depth(tmp_path / "a.png")
    if far == 0:
        assert (depth.encoding, depth.kind) == ("relative", "inverse_depth")
    result = Upscaler.from_pretrained(scale=scale)(depth)
    assert depth.valid.all()
    assert result.valid.all()
    squares = near.repeat(scale, 0).repeat(scale, 1)
    assert ((result.values > 100) != fine).sum() < 0.7 * (squares != fine).sum()


DISC = np.hypot(Y - 11.5, X - 15.5) < 7
RELATIVE = {
    "a disc": np.where(DISC, 200, 0),
    "a disc, scaled to 255": np.where(DISC, 255, 0),
    "a ramp": np.clip(np.round((X - 8) / 2), 0, 255),
    "a cone, scaled to 255": np.clip(255 - 16 * np.hypot(Y - 12, X - 16), 0, 255),
    "a cone": np.clip(200 - 12 * np.hypot(Y - 12, X - 16), 0, 255),
    "all values once": np.round((32 * Y + X) / 767 * 255),
}


@pytest.mark.parametrize("name", RELATIVE)
@pytest.mark.parametrize("suffix", WHOLE)
def test_zero_is_the_farthest_value_in_any_file(tmp_path, capsys, name, suffix):
    numbers = RELATIVE[name].astype(np.uint8)
    WHOLE[suffix](tmp_path / f"a{suffix}", numbers)
    depth = read_depth(tmp_path / f"a{suffix}")
    assert (depth.encoding, bool(depth.valid.all())) == ("relative", True)
    path = upscaled(capsys, tmp_path / f"a{suffix}")
    large = read_depth(path, "relative")
    assert (large.valid.all(), read_numbers(path).dtype) == (True, np.uint8)
    assert large.values.min() <= 1


@pytest.mark.parametrize("name", RELATIVE)
@pytest.mark.parametrize("ask", [("--encoding", "relative16"), ("--from-kind", "inverse_depth")])
def test_zero_is_the_farthest_value_of_16_bits(tmp_path, capsys, name, ask):
    WHOLE[".png"](tmp_path / "a.png", (257 * RELATIVE[name].astype(np.uint8).astype(np.uint16)))
    large = read_depth(upscaled(capsys, tmp_path / "a.png", *ask), "relative16")
    assert large.valid.all()
    assert large.values.min() <= 257


def test_zeros_of_disparities_stay_unknown(tmp_path, rng):
    levels = rng.integers(60, 200, (48, 48)).astype(np.uint8)
    levels[20:24, 30:37] = 0
    Image.fromarray(levels).save(tmp_path / "a.png")
    depth = read_depth(tmp_path / "a.png")
    assert (depth.encoding, int((~depth.valid).sum())) == ("levels", 28)


GREYS = (10 + 7 * X).astype(np.uint8)


def grey() -> Image.Image:
    return Image.fromarray(GREYS)


def palette_backwards() -> Image.Image:
    picture = Image.fromarray(255 - GREYS)
    picture.putpalette([255 - k // 3 for k in range(768)])
    return picture


OPAQUE = Image.new("L", (32, 24), 255)
PICTURES = {
    "RGB": lambda: Image.merge("RGB", [grey()] * 3),
    "grey and alpha": lambda: Image.merge("LA", [grey(), OPAQUE]),
    "RGB and alpha": lambda: Image.merge("RGBA", [*[grey()] * 3, OPAQUE]),
    "a palette of greys": lambda: grey().convert("P"),
    "a palette of greys backwards": palette_backwards,
    "a palette of greys in any order": lambda: Image.merge("RGB", [grey()] * 3).quantize(256),
}


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_that_are_grey_are_read(tmp_path, capsys, name, suffix):
    PICTURES[name]().save(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read_depth(tmp_path / f"a{suffix}").values, GREYS)
    large = read_numbers(upscaled(capsys, tmp_path / f"a{suffix}"))
    assert (large.shape, large.dtype) == ((48, 64), np.uint8)


def test_pictures_by_opencv_are_read(tmp_path):
    for suffix in (".png", ".tif"):
        cv2.imwrite(str(tmp_path / f"a{suffix}"), np.dstack([GREYS] * 3))
        np.testing.assert_array_equal(read_depth(tmp_path / f"a{suffix}").values, GREYS)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_pictures_of_16_bits_that_are_grey_are_read(tmp_path, capsys, channels):
    """By OpenCV, but for grey and alpha, which it doesn't write."""
    numbers = (1000 + 257 * X + Y).astype(np.uint16)
    alpha = np.where(X < 5, 0, 65535).astype(np.uint16)
    planes = [numbers] * (channels if channels == 3 else channels - 1)
    picture = np.dstack(planes if channels == 3 else [*planes, alpha])
    if channels == 2:
        (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(picture))
    else:
        cv2.imwrite(str(tmp_path / "a.png"), picture)
    depth = read_depth(tmp_path / "a.png", "levels16")
    np.testing.assert_array_equal(depth.valid, (X >= 5) | (channels == 3))
    np.testing.assert_array_equal(depth.values[depth.valid], numbers[depth.valid])
    assert read_numbers(upscaled(capsys, tmp_path / "a.png")).dtype == np.uint16
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    assert "damaged or cut off" in refused(capsys, "info", tmp_path / "a.png")
    cv2.imwrite(str(tmp_path / "a.png"), np.dstack([numbers, numbers, numbers + 1]))
    assert "a picture in colours" in refused(capsys, "info", tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_tiffs_of_equal_colours_are_read(tmp_path, kind, planes):
    numbers = (10 + 7 * X + Y).astype(kind)
    colours = np.stack([numbers] * 3, -1 if planes == "contig" else 0)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", planarconfig=planes)
    np.testing.assert_array_equal(read_depth(tmp_path / "a.tif", "height").values, numbers)


def test_pictures_in_colours_and_half_transparent_ones_are_refused(tmp_path, capsys):
    coloured = Image.merge("RGB", [grey(), grey(), Image.new("L", (32, 24), 9)])
    for suffix in (".png", ".tif"):
        for picture in (coloured, coloured.quantize(64)):
            picture.save(tmp_path / f"a{suffix}")
            assert "a picture in colours" in refused(capsys, "info", tmp_path / f"a{suffix}")
    Image.merge("LA", [grey(), Image.new("L", (32, 24), 128)]).save(tmp_path / "b.png")
    assert "half transparent" in refused(capsys, "info", tmp_path / "b.png")


@pytest.mark.parametrize("mode", ["LA", "RGBA", "L with a number", "P with a number"])
def test_transparent_pixels_are_holes(tmp_path, mode):
    alpha = Image.fromarray(np.where(X < 5, 0, 255).astype(np.uint8))
    if mode == "LA":
        Image.merge("LA", [grey(), alpha]).save(tmp_path / "a.png")
    elif mode == "RGBA":
        Image.merge("RGBA", [*[grey()] * 3, alpha]).save(tmp_path / "a.png")
    else:
        picture = grey() if mode[0] == "L" else grey().convert("P")
        picture.putdata(np.where(X < 5, 3, GREYS).ravel().tolist())
        picture.save(tmp_path / "a.png", transparency=3)
    np.testing.assert_array_equal(read_depth(tmp_path / "a.png").valid, X >= 5)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_tiffs_of_pillow_are_read(tmp_path, compression, kind):
    numbers = (10 + 5 * X + Y).astype(kind)
    Image.fromarray(numbers).save(tmp_path / "a.tif", compression=compression)
    encoding = {"u1": "levels", "u2": "levels16", "f4": "disparity"}[kind]
    np.testing.assert_array_equal(read_depth(tmp_path / "a.tif", encoding).values, numbers)


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_tiffs_of_opencv_are_read(tmp_path, kind):
    """It compresses with LZW unless told otherwise."""
    numbers = (10 + 5 * X + Y).astype(kind)
    cv2.imwrite(str(tmp_path / "a.tif"), numbers)
    np.testing.assert_array_equal(read_depth(tmp_path / "a.tif", "height").values, numbers)


@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", "lzma", "packbits"])
@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "i4", "f2", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiffs_of_any_compression_are_read(tmp_path, compression, kind, order):
    """Written by tifffile, in tiles, with a predictor where the compression has one."""
    numbers = (10 + 5 * X + Y).astype(kind)
    tifffile.imwrite(
        tmp_path / "a.tif",
        numbers,
        compression=compression,
        predictor=compression in ("lzw", "deflate", "zstd") or None,
        byteorder=order,
        tile=(16, 16),
    )
    np.testing.assert_array_equal(read_depth(tmp_path / "a.tif", "height").values, numbers)


WIDE = np.tile(2 + 0.01 * np.arange(64, dtype=np.float32), (64, 1))
LET_THROUGH = np.repeat(np.arange(64) >= 16, 64).reshape(64, 64)


def copies(writer):
    writer.write(WIDE, tile=(16, 16))
    for k in (2, 4, 8):
        writer.write(WIDE[::k, ::k], subfiletype=1, tile=(16, 16))


def copies_below_the_page(writer):
    writer.write(WIDE, tile=(16, 16), subifds=2)
    for k in (2, 4):
        writer.write(WIDE[::k, ::k], subfiletype=1)


def copy_first(writer):
    writer.write(WIDE[::2, ::2], subfiletype=1)
    writer.write(WIDE)


def thumbnail(writer):
    writer.write(WIDE)
    writer.write((50 * WIDE[::4, ::4]).astype(np.uint8), subfiletype=1)


def mask(writer):
    writer.write(WIDE, tile=(16, 16))
    writer.write(LET_THROUGH, subfiletype=4, photometric=4)


def masks_of_copies(writer):
    writer.write(WIDE, tile=(16, 16))
    writer.write(WIDE[::2, ::2], subfiletype=1, tile=(16, 16))
    writer.write(LET_THROUGH, subfiletype=4, photometric=4)
    writer.write(LET_THROUGH[::2, ::2], subfiletype=5, photometric=4)


@pytest.mark.parametrize(
    "pages", [copies, copies_below_the_page, copy_first, thumbnail, mask, masks_of_copies]
)
@pytest.mark.parametrize("how", [{}, {"byteorder": ">"}, {"bigtiff": True}])
def test_smaller_copies_and_masks_are_not_maps(tmp_path, capsys, pages, how):
    with tifffile.TiffWriter(tmp_path / "a.tif", **how) as writer:
        pages(writer)
    depth = read_depth(tmp_path / "a.tif")
    valid = LET_THROUGH if "mask" in pages.__name__ else np.ones((64, 64), bool)
    np.testing.assert_array_equal(depth.valid, valid)
    np.testing.assert_array_equal(depth.values, np.where(valid, WIDE, 0))
    large = read_depth(upscaled(capsys, tmp_path / "a.tif"))
    np.testing.assert_array_equal(large.valid, valid.repeat(2, 0).repeat(2, 1))


def test_two_maps_are_refused(tmp_path, capsys):
    for second in (WIDE + 1, WIDE[::2, ::2]):
        with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
            writer.write(WIDE)
            writer.write(second)
        assert "a.tif holds 2 pages: name one, a.tif#0 to a.tif#1" in refused(
            capsys, "info", tmp_path / "a.tif"
        )


@pytest.mark.parametrize(
    ("orientation", "place"),
    [
        (1, lambda r, c, h, w: (r, c)),
        (2, lambda r, c, h, w: (r, w - 1 - c)),
        (3, lambda r, c, h, w: (h - 1 - r, w - 1 - c)),
        (4, lambda r, c, h, w: (h - 1 - r, c)),
        (5, lambda r, c, h, w: (c, r)),
        (6, lambda r, c, h, w: (c, h - 1 - r)),
        (7, lambda r, c, h, w: (w - 1 - c, h - 1 - r)),
        (8, lambda r, c, h, w: (w - 1 - c, r)),
    ],
)
def test_tiffs_are_turned_as_they_say(tmp_path, orientation, place):
    """By TIFF 6.0's table of the sides on which row 0 and column 0 are shown."""
    numbers = (1 + X + 40 * Y).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", numbers, extratags=[(274, "H", 1, orientation, True)])
    shown = read_depth(tmp_path / "a.tif", "levels16").values
    assert shown.shape == (numbers.shape if orientation < 5 else numbers.shape[::-1])
    for (row, column), number in np.ndenumerate(numbers):
        assert shown[place(row, column, *numbers.shape)] == number


def scaled(values: np.ndarray) -> np.ndarray:
    """Scale to 16 bits, as networks for relative depth do."""
    low, high = values.min(), values.max()
    return np.round(65535 * (values - low) / (high - low)).astype(np.uint16)


@pytest.mark.parametrize("name", ["slope", "bowl", "steps"])
def test_16_bits_that_fill_their_range_down_to_0_are_relative(tmp_path, name):
    values = {
        "slope": X + 2.0 * Y,
        "bowl": np.hypot(X - 15.5, Y - 11.5) ** 2,
        "steps": X + 0.1 * Y + 30.0 * (X > 20),
    }[name]
    WHOLE[".png"](tmp_path / "a.png", scaled(values))
    depth = read_depth(tmp_path / "a.png")
    assert depth.encoding == "relative16"
    assert depth.valid.all()


@pytest.mark.parametrize("holes", [0, 65535, "both"])
def test_a_sensors_millimetres_stay_such(tmp_path, rng, holes):
    depth = (700 + 20 * X + 10 * Y).astype(np.uint16)
    where = rng.random(depth.shape) < 0.1
    depth[where] = 0 if holes == "both" else holes
    if holes == "both":
        depth[:, :8] = 65535
    depth[0, 0] = 65535
    WHOLE[".png"](tmp_path / "a.png", depth)
    assert read_depth(tmp_path / "a.png").encoding == "mm"


def test_real_maps_of_16_bits_are_not_taken_for_relative(data_dir):
    paths = [p for p in sorted(data_dir.glob("**/*.png")) if "sintel" not in p.parts]
    for path in paths:
        numbers = read_numbers(path)
        if numbers.dtype == np.uint16:
            assert read_depth(path).encoding == "mm", path
