"""What files say beside their numbers: holes, nodata, places on the ground, encodings."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image
from testing.command import refused, run

from dsdmsr import DepthMap, Upscaler, read_depth, write_depth
from dsdmsr.io import Encoding

Y, X = np.mgrid[:24, :32]
WALL = (2 + 0.01 * X + 0.005 * Y).astype(np.float32)
KEYS = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
SIZE, TIE = (10.0, 10.0, 0.0), (0.0, 0.0, 0.0, 5e5, 54e5, 0.0)


def upscaled(capsys, path, *more: object):
    out = path.with_name(f"large{path.suffix}")
    code, _, err = run(capsys, "upscale", path, "-o", out, "--scale", 2, "--overwrite", *more)
    assert code == 0, err
    return out


def geotiff(path, values, nodata=None, keys=KEYS):
    tags = [(33550, "d", 3, SIZE, True), (33922, "d", 6, TIE, True), (34735, "H", 16, keys, True)]
    if nodata is not None:
        tags.append((42113, "s", 0, nodata, True))
    tifffile.imwrite(path, values, extratags=tags)


@pytest.mark.parametrize("marker", [np.nan, np.inf, -np.inf, 0.0])
@pytest.mark.parametrize("encoding", ["float", "metres", "inverse"])
def test_the_number_for_holes_comes_back(tmp_path, capsys, marker, encoding):
    if marker == 0 and encoding == "inverse":
        pytest.skip("0 is a value there")
    values = WALL.copy()
    values[8:16, 8:16] = marker
    np.save(tmp_path / "a.npy", values)
    out = np.load(upscaled(capsys, tmp_path / "a.npy", "--encoding", encoding))
    holes = np.isnan(out) if np.isnan(marker) else out == marker
    assert 230 < holes.sum() < 280
    assert np.isfinite(out[~holes]).all()
    assert (out[~holes] > 1).all()


def test_unknown_ground_and_the_sea_stay_apart(tmp_path, capsys):
    values = WALL - 2
    values[:, :8], values[16:, 20:] = 0, np.nan
    geotiff(tmp_path / "a.tif", values, "nan")
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif"))
    assert 340 < np.isnan(out).sum() < 420
    # All but the shore's own pixels are exactly 0.
    assert (out[:, :14] == 0).all()


@pytest.mark.parametrize(
    ("nodata", "kind"),
    [(-9999, "f4"), (-32768, "i2"), (9999, "f4"), (65535, "u2"), (0, "f4"), (250, "f4")],
)
def test_a_declared_nodata_is_no_land(tmp_path, capsys, nodata, kind):
    per = 100 if kind == "u2" else 1
    land = (200 + X + 0.5 * Y) * per
    land[land == nodata] += 1
    values = np.where(X < 16, np.array(nodata, kind), land.astype(kind)).astype(kind)
    geotiff(tmp_path / "a.tif", values, repr(nodata))
    path = upscaled(capsys, tmp_path / "a.tif")
    out = tifffile.imread(path).astype(float)
    assert (out[:, :30] == nodata).all()
    with tifffile.TiffFile(path) as file:
        assert float(file.pages[0].tags[42113].value) == nodata
    y, x = ((np.arange(2 * n) + 0.5) / 2 - 0.5 for n in WALL.shape)
    off = np.abs(out / per - (200 + x + 0.5 * y[:, None]))[4:-4, 34:-4]
    assert off.max() < 1


@pytest.mark.parametrize("points", [False, True])
def test_places_on_the_ground_stay(tmp_path, capsys, points):
    """The ground under a corner of the map is the same, by GeoTIFF's own formula."""
    keys = tuple(2 if points and k == 11 else n for k, n in enumerate(KEYS))
    geotiff(tmp_path / "a.tif", 200 + X.astype(np.float32), keys=keys)
    corners = []
    for path, scale in ((tmp_path / "a.tif", 1), (upscaled(capsys, tmp_path / "a.tif"), 2)):
        with tifffile.TiffFile(path) as file:
            tags = {tag.code: tag.value for tag in file.pages[0].tags if tag.code > 33000}
        size, (i, j, _, x, y, _), outer = tags[33550], tags[33922], -0.5 if points else 0.0
        assert size == (10 / scale, 10 / scale, 0)
        corners.append((x + (outer - i) * size[0], y - (outer - j) * size[1]))
        assert tags[34735] == keys
    np.testing.assert_allclose(corners[1], corners[0])
    large = tmp_path / "a.png"
    write_depth(large, DepthMap(WALL, unit="m", encoding="mm"))


def test_what_a_format_cannot_hold_is_said(tmp_path, capsys):
    geotiff(tmp_path / "a.tif", 200 + X.astype(np.float32))
    code, _, err = run(
        capsys, "upscale", tmp_path / "a.tif", "-o", tmp_path / "b.npy", "--scale", 2
    )
    assert code == 0
    assert "a NPY holds no georeference: it is left out; write .tif to keep it" in err


def test_ground_below_the_sea_is_valid(tmp_path, capsys):
    tifffile.imwrite(tmp_path / "a.tif", (-20 + X + 0.5 * Y).astype(np.float32))
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif"))
    assert (out.min(), out.max()) == (pytest.approx(-20, abs=0.5), pytest.approx(22.5, abs=0.5))
    assert np.isfinite(out).all()
    np.save(tmp_path / "a.npy", (-20 + X).astype(np.float32))
    says = refused(capsys, "upscale", tmp_path / "a.npy", "-o", tmp_path / "c.npy", "--scale", 2)
    assert "give another kind (disparity, inverse_depth, height)" in says


def test_cityscapes_counts_from_one(tmp_path, capsys):
    focal, baseline = 2262, 0.209313
    for number in (129, 257, 2049):
        png = tmp_path / "a.png"
        Image.fromarray(np.full((16, 16), number, np.uint16)).save(png)
        run(
            capsys,
            *("upscale", png, "-o", tmp_path / "o.npy", "--scale", 2, "--overwrite"),
            *("--encoding", "cityscapes", "--to-kind", "depth"),
            *("--focal", focal, "--baseline", baseline),
        )
        right = baseline * focal * 256 / (number - 1)
        np.testing.assert_allclose(np.load(tmp_path / "o.npy"), right, rtol=1e-6)


def test_an_encoding_of_ones_own_is_written_again(tmp_path, capsys):
    numbers = (8000 + 40 * X).astype(np.uint16)
    numbers[3, 4] = 0
    Image.fromarray(numbers).save(tmp_path / "a.png")
    own = Encoding(meaning="Matterport3D", per_unit=4000, unit="m", largest=65535)
    depth = read_depth(tmp_path / "a.png", own)
    np.testing.assert_allclose(depth.values[0], numbers[0] / 4000)
    write_depth(tmp_path / "b.png", depth)
    with Image.open(tmp_path / "b.png") as image:
        np.testing.assert_array_equal(np.asarray(image), numbers)
    out = upscaled(capsys, tmp_path / "a.png", "--units-per-metre", 4000)
    with Image.open(out) as image:
        assert abs(int(np.asarray(image)[40, 40]) - int(numbers[20, 20])) < 40


def test_a_masked_array_keeps_its_mask():
    masked = np.ma.masked_equal(np.where(X < 16, 9999, WALL), 9999)
    np.testing.assert_array_equal(DepthMap(masked).valid, X >= 16)
    both = DepthMap(masked, Y > 3)
    np.testing.assert_array_equal(both.valid, (X >= 16) & (Y > 3))


def test_a_float_map_in_millimetres_is_not_rounded(tmp_path, capsys):
    np.save(tmp_path / "a.npy", (1000 * WALL + 0.25).astype(np.float32))
    out = np.load(upscaled(capsys, tmp_path / "a.npy", "--encoding", "mm"))
    assert out.dtype == np.float32
    assert np.abs(out - np.round(out)).max() > 0.1


def test_values_beyond_float32_are_announced(tmp_path, capsys):
    np.save(tmp_path / "a.npy", 2.0**31 + X + 0.0)
    code, out, _ = run(capsys, "info", tmp_path / "a.npy")
    assert code == 0
    assert "are kept in steps of" in out


@pytest.mark.parametrize("far", [0, 1])
def test_zero_is_the_farthest_value_of_relative_depth(tmp_path, far):
    y, x = np.mgrid[:192, :192]
    fine = np.hypot(y - 95.5, x - 95.5) < 61.3
    near = fine[1::4, 1::4]
    Image.fromarray(np.where(near, 200, far).astype(np.uint8)).save(tmp_path / "a.png")
    depth = read_depth(tmp_path / "a.png")
    assert depth.valid.all()
    if far == 0:
        assert (depth.encoding, depth.kind) == ("relative", "inverse_depth")
    result = Upscaler.from_pretrained("dsdmsr-fast", scale=4)(depth)
    assert result.valid.all()


def test_a_ramp_down_to_zero_has_no_holes(tmp_path):
    ramp = np.clip(np.round((np.arange(48) - 8) / 2), 0, 255).astype(np.uint8)
    Image.fromarray(np.tile(ramp, (48, 1))).save(tmp_path / "a.png")
    assert read_depth(tmp_path / "a.png").valid.all()


def test_zeros_of_disparities_stay_unknown(tmp_path, rng):
    levels = rng.integers(60, 200, (48, 48)).astype(np.uint8)
    levels[20:24, 30:37] = 0
    Image.fromarray(levels).save(tmp_path / "a.png")
    depth = read_depth(tmp_path / "a.png")
    assert (depth.encoding, int((~depth.valid).sum())) == ("levels", 28)


def grey() -> Image.Image:
    return Image.fromarray((10 + 7 * X).astype(np.uint8))


PICTURES = {
    "RGB": lambda: Image.merge("RGB", [grey()] * 3),
    "grey and alpha": lambda: Image.merge("LA", [grey(), Image.new("L", (32, 24), 255)]),
    "RGB and alpha": lambda: Image.merge("RGBA", [*[grey()] * 3, Image.new("L", (32, 24), 255)]),
    "a palette of greys": lambda: grey().convert("P"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_that_are_grey_are_read(tmp_path, name):
    PICTURES[name]().save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_depth(tmp_path / "a.png").values, 10 + 7 * X)


def test_pictures_in_colours_and_half_transparent_ones_are_refused(tmp_path, capsys):
    Image.merge("RGB", [grey(), grey(), Image.new("L", (32, 24), 9)]).save(tmp_path / "a.png")
    assert "a picture in colours" in refused(capsys, "info", tmp_path / "a.png")
    Image.merge("LA", [grey(), Image.new("L", (32, 24), 128)]).save(tmp_path / "b.png")
    assert "half transparent" in refused(capsys, "info", tmp_path / "b.png")


def test_transparent_pixels_are_holes(tmp_path):
    alpha = Image.fromarray(np.where(X < 5, 0, 255).astype(np.uint8))
    Image.merge("LA", [grey(), alpha]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_depth(tmp_path / "a.png").valid, X >= 5)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
def test_tiffs_of_any_compression_are_read(tmp_path, compression, kind):
    """Against Pillow's and tifffile's writers."""
    numbers = (10 + 5 * X + Y).astype(kind)
    if compression == "zstd":
        tifffile.imwrite(tmp_path / "a.tif", numbers, compression="zstd", predictor=True)
    else:
        Image.fromarray(numbers).save(tmp_path / "a.tif", compression=compression)
    encoding = {"u1": "levels", "u2": "levels16", "f4": "disparity"}[kind]
    np.testing.assert_array_equal(read_depth(tmp_path / "a.tif", encoding).values, numbers)


def test_smaller_copies_and_masks_are_not_maps(tmp_path):
    numbers = np.tile(2 + 0.01 * np.arange(64, dtype=np.float32), (64, 1))
    mask = np.full((64, 64), 255, np.uint8)
    mask[:16] = 0
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(numbers, tile=(16, 16))
        writer.write(numbers[::2, ::2], subfiletype=1, tile=(16, 16))
        writer.write(mask > 0, subfiletype=4, photometric=4)
    depth = read_depth(tmp_path / "a.tif")
    assert depth.shape == (64, 64)
    np.testing.assert_array_equal(depth.valid, mask > 0)
    np.testing.assert_array_equal(depth.values[16:], numbers[16:])


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


@pytest.mark.parametrize("phase", ["corner", "aligned"])
def test_the_phase_of_samples_can_be_said(tmp_path, capsys, phase):
    """A plane made of every fourth pixel, or with aligned corners, comes back where it was."""
    height, width = (96, 128) if phase == "corner" else (93, 125)
    y, x = np.mgrid[:height, :width]
    plane = 2 + 0.003 * x + 0.002 * y
    small = plane[::4, ::4]
    np.save(tmp_path / "a.npy", small.astype(np.float32))
    size = f"{width}x{height}"
    ask = ("upscale", tmp_path / "a.npy", "-o", tmp_path / "b.npy", "--size", size)
    assert run(capsys, *ask, "--phase", phase)[0] == 0
    off = np.abs(np.load(tmp_path / "b.npy") - plane)[8:-8, 8:-8]
    assert off.max() < 1e-3
    assert run(capsys, *ask, "--overwrite")[0] == 0
    assert np.abs(np.load(tmp_path / "b.npy") - plane)[8:-8, 8:-8].max() > 3e-3
