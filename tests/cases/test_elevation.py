"""Elevation models: heights below 0, unknown ground, and where the pixels lie."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import tifffile
import zarr
from testing.command import refused, run, upscaled
from testing.containers import FLOATS, write_hdf5

from dsdmsr import DepthMap, Upscaler, read_depth, write_depth
from dsdmsr.io import read_numbers

Y, X = np.mgrid[:24, :32]
SLOPE = -20 + X + 0.5 * Y
LAND = 200 + X + 0.5 * Y
SHORE = (0.01 * X + 0.005 * Y).astype(np.float32)
KEYS = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
SIZE, TIE = (10.0, 10.0, 0.0), (0.0, 0.0, 0.0, 5e5, 54e5, 0.0)


def truth(scale: int) -> np.ndarray:
    """The land, larger."""
    y, x = ((np.arange(scale * n) + 0.5) / scale - 0.5 for n in LAND.shape)
    return 200 + x + 0.5 * y[:, None]


def geotiff(path, values, nodata=None, keys=KEYS, tie=TIE, more=(), **how):
    tags = [(33550, "d", 3, SIZE, True), (33922, "d", 6, tie, True), (34735, "H", 16, keys, True)]
    if nodata is not None:
        tags.append((42113, "s", 0, nodata, True))
    tifffile.imwrite(path, values, extratags=[*tags, *more], **how)


SEAS = {
    "NaN": (np.float32(np.nan), "nan"),
    "-9999": (np.float32(-9999), "-9999"),
    "undeclared NaN": (np.float32(np.nan), None),
    "undeclared -9999": (np.float32(-9999), None),
    "infinity": (np.float32(np.inf), "inf"),
}


def test_a_raster_that_declares_nodata_has_a_sea_wherever_it_lies(tmp_path, capsys):
    values = SHORE.copy()
    values[:, :8], values[16:, 20:] = 0, np.nan
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(42113, "s", 0, "nan", True)])
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif"))
    assert (np.isnan(out).sum(), (out == 0).sum()) == (pytest.approx(384, rel=0.05), 768)


@pytest.mark.parametrize("marker", SEAS)
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_unknown_ground_and_the_sea_stay_apart(tmp_path, capsys, marker, scale):
    number, declared = SEAS[marker]
    values = SHORE.copy()
    values[:, :8], values[16:, 20:] = 0, number
    geotiff(tmp_path / "a.tif", values, declared)
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif", scale=scale))
    holes = np.isnan(out) if np.isnan(number) else out == number
    assert holes.sum() == pytest.approx(96 * scale**2, rel=0.05)
    assert holes[16 * scale :, 20 * scale :].mean() > 0.98
    assert (out[:, : 8 * scale] == 0).all()
    assert (out[~holes][out[~holes] != 0] > 0).all()


def test_the_sea_is_level_in_tiles_as_in_the_whole():
    values = np.where(np.hypot(X - 16, 2 * Y - 24) < 14, 3 + np.hypot(X, Y), 0)
    depth = DepthMap(values, kind="height", unit="m")
    whole = Upscaler.from_pretrained("dsdmsr-fast", scale=4)(depth).values
    tiled = Upscaler.from_pretrained("dsdmsr-fast", scale=4, tile=7)(depth).values
    np.testing.assert_allclose(tiled, whole, rtol=1e-5, atol=1e-5)
    sea = (values == 0).repeat(4, 0).repeat(4, 1)
    assert (whole[sea] == 0).mean() > 0.95
    assert (whole[~sea] > 0).mean() > 0.95


def test_whole_numbers_tell_unknown_ground_and_the_sea_apart(tmp_path, capsys):
    """In the 16 bits of an elevation model, 0 is a value, too, where another number is not."""
    values = np.round(100 * SHORE)
    values[:, :8], values[16:, 20:] = 0, 65535
    geotiff(tmp_path / "a.tif", values.astype(np.uint16), "65535")
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif"))
    assert (out == 65535).sum() == pytest.approx(384, rel=0.05)
    assert (out[:, :16] == 0).all()
    depth = read_depth(tmp_path / "a.tif")
    assert (depth.kind, int(depth.valid.sum())) == ("height", 24 * 32 - 96)


NODATA = {
    "-9999": ("f4", -9999, "-9999"),
    "with a fraction and blanks": ("f4", -9999, " -9999.0 "),
    "doubles": ("f8", -9999, "-9999"),
    "half floats": ("f2", -9999, "-9999"),
    "16 bits with a sign": ("i2", -32768, "-32768"),
    "16 bits, 0": ("i2", 0, "0"),
    "32 bits with a sign": ("i4", -(2**31), "-2147483648"),
    "32 bits": ("u4", 2**32 - 1, "4294967295"),
    "8 bits with a sign": ("i1", -128, "-128"),
    "above the land": ("f4", 9999, "9999"),
    "within the land's range": ("f4", 225, "225"),
    "no whole number": ("f4", 0.1, "0.1"),
    "0": ("f4", 0, "0"),
    "infinity": ("f4", -np.inf, "-inf"),
    "the largest float": ("f4", 3.4028234663852886e38, "3.4028234663852886e+38"),
    "the largest float, shortened": ("f4", -3.4028234663852886e38, "-3.40282e+38"),
    "16 bits without a sign": ("u2", 65535, "65535"),
    "16 bits, a small number": ("u2", 7, "7"),
}


@pytest.mark.parametrize("name", NODATA)
@pytest.mark.parametrize("scale", [2, 8])
def test_a_declared_nodata_is_no_land(tmp_path, capsys, name, scale):
    kind, nodata, text = NODATA[name]
    per = {"u2": 100, "i1": 0.2}.get(kind, 1)
    land = per * LAND
    land[land == nodata] += 1
    values = np.where(X < 16, np.array(nodata, kind), land.astype(kind)).astype(kind)
    geotiff(tmp_path / "a.tif", values, text)
    out = tifffile.imread(path := upscaled(capsys, tmp_path / "a.tif", scale=scale)).astype(float)
    assert (out[:, : 15 * scale] == np.float32(nodata)).all()
    with tifffile.TiffFile(path) as file:
        declared = float(file.pages[0].tags[42113].value)
    assert np.float32(declared) == np.float32(nodata)
    assert not read_depth(path).valid[:, : 15 * scale].any()
    off = np.abs(out / per - truth(scale))[2 * scale : -2 * scale, 17 * scale : -2 * scale]
    assert off.max() < (5 if kind == "i1" else 1)


def test_the_largest_double_becomes_the_largest_float(tmp_path, capsys):
    """As GDAL does it, since outputs are float32."""
    geotiff(
        tmp_path / "a.tif", np.where(X < 16, -np.finfo(float).max, LAND), "-1.7976931348623157e+308"
    )
    code, out, err = run(capsys, "info", tmp_path / "a.tif")
    assert code == 0
    assert "TiffPage" not in out + err
    path = upscaled(capsys, tmp_path / "a.tif")
    assert (tifffile.imread(path)[:, :30] == np.finfo(np.float32).min).all()
    with tifffile.TiffFile(path) as file:
        assert np.float32(file.pages[0].tags[42113].value) == np.finfo(np.float32).min


@pytest.mark.parametrize("how", [{"byteorder": ">"}, {"compression": "lzw", "tile": (16, 16)}])
def test_nodata_in_other_tiffs(tmp_path, capsys, how):
    geotiff(tmp_path / "a.tif", np.where(X < 16, -9999, LAND).astype(np.float32), "-9999", **how)
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif"))
    assert (out == -9999).sum() == 48 * 32


def test_nodata_no_number_of_the_type_changes_nothing(tmp_path):
    values = (100 * LAND).astype(np.uint16)
    for text in ("-9999", "none"):
        geotiff(tmp_path / "a.tif", values, text)
        np.testing.assert_array_equal(read_depth(tmp_path / "a.tif").values, values)


def test_nodata_nan_and_codes_at_once(tmp_path, capsys):
    values = LAND.astype(np.float32)
    values[:, :8], values[:8, 16:], values[16:, 20:] = -9999, np.nan, -3.4028235e38
    geotiff(tmp_path / "a.tif", values, "-9999")
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif"))
    right = (values > 0).repeat(2, 0).repeat(2, 1)
    assert ((out == -9999) == ~right).mean() > 0.99
    assert (out[out != -9999] > 190).all()


@pytest.mark.parametrize("name", ["_FillValue", "missing_value"])
@pytest.mark.parametrize("number", [250, -1, 9999, 0])
@pytest.mark.parametrize("suffix", [".h5", ".zarr"])
def test_what_scientific_files_declare_is_no_land(tmp_path, capsys, name, number, suffix):
    values = np.where(X < 16, number, LAND).astype(np.float32)
    path = tmp_path / f"a{suffix}"
    if suffix == ".h5":
        write_hdf5(path, values, **{name: np.float32(number)})
    else:
        zarr.create_array(
            path, name="depth", data=values, attributes={name: float(number)}, zarr_format=2
        )
    np.testing.assert_array_equal(read_depth(path).valid, X >= 16)
    out = upscaled(capsys, path)
    assert (read_numbers(out)[:, :30] == number).all()
    if suffix == ".h5":
        with h5py.File(out) as file:
            assert file["depth"].attrs["_FillValue"] == number
    assert not read_depth(out).valid[:, :30].any()


def test_a_declared_number_that_outputs_cannot_declare_is_left_out(tmp_path, capsys):
    write_hdf5(tmp_path / "a.h5", (1000 + X).astype(np.uint16), _FillValue=-9999)
    out = upscaled(capsys, tmp_path / "a.h5", "--encoding", "relative16")
    assert read_depth(out, "relative16").valid.all()


def corners(path, scale: int) -> tuple[float, float]:
    """Where the upper left corner of the map lies, by GeoTIFF's own formula."""
    with tifffile.TiffFile(path) as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags if tag.code > 33000}
    keys, (i, j, _, x, y, _), size = tags[34735], tags[33922], tags[33550]
    np.testing.assert_allclose(size, (10 / scale, 10 / scale, 0))
    outer = -0.5 if keys[11] == 2 else 0.0
    return x + (outer - i) * size[0], y - (outer - j) * size[1]


@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize("scale", [2, 3, 4, 16])
@pytest.mark.parametrize("tie", [TIE, (16.0, 12.0, 0.0, 5e5, 54e5, 0.0)])
def test_places_on_the_ground_stay(tmp_path, capsys, points, scale, tie):
    """The ground under a corner of the map is the same."""
    keys = tuple(2 if points and k == 11 else n for k, n in enumerate(KEYS))
    texts = [(34736, "d", 2, (6378137.0, 298.25), True), (34737, "s", 0, "WGS 84|", True)]
    small = tmp_path / "a.tif"
    geotiff(small, LAND.astype(np.float32), "nan", keys=keys, tie=tie, more=texts)
    large = upscaled(capsys, small, scale=scale)
    np.testing.assert_allclose(corners(large, scale), corners(small, 1))
    with tifffile.TiffFile(large) as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags if tag.code > 33000}
    assert tags[34735] == keys
    assert (tags[34736], tags[34737], tags[42113]) == ((6378137.0, 298.25), "WGS 84|", "nan")


@pytest.mark.parametrize("points", [False, True])
def test_a_transformation_stays(tmp_path, capsys, points):
    """A turned map: the ground under its corners is the same."""
    keys = tuple(2 if points and k == 11 else n for k, n in enumerate(KEYS))
    matrix = (10.0, 2.0, 0.0, 5e5, 1.0, -10.0, 0.0, 54e5, *[0.0] * 7, 1.0)
    tags = [(34264, "d", 16, matrix, True), (34735, "H", 16, keys, True)]
    tifffile.imwrite(tmp_path / "a.tif", LAND.astype(np.float32), extratags=tags)
    places = []
    for path, scale in ((tmp_path / "a.tif", 1), (upscaled(capsys, tmp_path / "a.tif"), 2)):
        with tifffile.TiffFile(path) as file:
            found = np.reshape(file.pages[0].tags[34264].value, (4, 4))
        ends = np.array([[0, 0, 0, 1], [32 * scale, 24 * scale, 0, 1]]).T - 0.5 * points * np.array(
            [[1], [1], [0], [0]]
        )
        places.append(found @ ends)
    np.testing.assert_allclose(places[1], places[0])


def test_several_tie_points_stay(tmp_path, capsys):
    ties = np.array([[0, 0, 0, 5e5, 54e5, 0], [31, 0, 0, 500310, 54e5, 0], [0, 23, 0, 5e5, 0, 0]])
    tags = [(33922, "d", 18, tuple(ties.ravel()), True), (34735, "H", 16, KEYS, True)]
    tifffile.imwrite(tmp_path / "a.tif", LAND.astype(np.float32), extratags=tags)
    with tifffile.TiffFile(upscaled(capsys, tmp_path / "a.tif", scale=4)) as file:
        found = np.reshape(file.pages[0].tags[33922].value, (3, 6))
    np.testing.assert_allclose(found, ties * [4, 4, 1, 1, 1, 1])


def test_places_stay_in_python(tmp_path):
    geotiff(tmp_path / "a.tif", LAND.astype(np.float32))
    large = Upscaler.from_pretrained("dsdmsr-fast", scale=4)(read_depth(tmp_path / "a.tif"))
    write_depth(tmp_path / "b.tif", large)
    assert corners(tmp_path / "b.tif", 4) == corners(tmp_path / "a.tif", 1)


@pytest.mark.parametrize("suffix", [".npy", ".pfm", ".exr", ".h5"])
def test_what_a_format_cannot_hold_is_said(tmp_path, capsys, suffix):
    geotiff(tmp_path / "a.tif", LAND.astype(np.float32))
    ask = ("upscale", tmp_path / "a.tif", "-o", tmp_path / f"b{suffix}", "--scale", 2)
    code, _, err = run(capsys, *ask)
    assert code == 0
    assert "holds no georeference: it is left out; write .tif to keep it" in err


BELOW = {
    "floats": SLOPE.astype(np.float32),
    "doubles": SLOPE,
    "16 bits": SLOPE.astype(np.int16),
    "32 bits": SLOPE.astype(np.int32),
    "all below": (SLOPE - 100).astype(np.float32),
}


@pytest.mark.parametrize("name", BELOW)
@pytest.mark.parametrize("scale", [2, 8])
def test_ground_below_the_sea_is_valid(tmp_path, capsys, name, scale):
    values = BELOW[name]
    tifffile.imwrite(tmp_path / "a.tif", values)
    out = tifffile.imread(upscaled(capsys, tmp_path / "a.tif", scale=scale))
    assert np.isfinite(out).all()
    assert (out.min(), out.max()) == (
        pytest.approx(values.min(), abs=0.6),
        pytest.approx(values.max(), abs=0.6),
    )
    assert read_depth(tmp_path / "a.tif").valid.all()


@pytest.mark.parametrize("suffix", FLOATS)
@pytest.mark.parametrize("ask", [("--encoding", "height"), ("--from-kind", "height")])
def test_heights_of_any_file_may_be_below_zero(tmp_path, capsys, suffix, ask):
    FLOATS[suffix](tmp_path / f"a{suffix}", SLOPE.astype(np.float32))
    path = upscaled(capsys, tmp_path / f"a{suffix}", *ask)
    large = read_depth(path, "height")
    assert large.valid.all()
    assert np.abs(large.values - (truth(2) - 220)).max() < 0.6
    other = (tmp_path / f"a{suffix}", "-o", tmp_path / f"b{suffix}", "--scale", 2)
    says = refused(capsys, "upscale", *other, "--encoding", "metres")
    assert "give another kind (disparity, inverse_depth, height)" in says


@pytest.mark.parametrize("lowest", [-1.0, -430.5])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16])
def test_the_only_height_below_zero_is_ground(tmp_path, lowest, kind):
    """A salt lake, or a coast in whole metres."""
    geotiff(tmp_path / "a.tif", np.where(X < 8, lowest, SLOPE + 30).astype(kind))
    np.save(tmp_path / "a.npy", np.where(X < 8, lowest, SLOPE + 30).astype(kind))
    for depth in (read_depth(tmp_path / "a.tif"), read_depth(tmp_path / "a.npy", "height")):
        assert (depth.kind, bool(depth.valid.all())) == ("height", True)
        assert depth.values.min() == kind(lowest)


def test_heights_of_ones_own_are_written(tmp_path):
    large = Upscaler.from_pretrained(scale=2)(DepthMap(SLOPE, kind="height", unit="m"))
    for suffix in (".tif", ".npy", ".pfm"):
        write_depth(tmp_path / f"a{suffix}", large)
        np.testing.assert_array_equal(
            read_depth(tmp_path / f"a{suffix}", "height").values, large.values
        )
