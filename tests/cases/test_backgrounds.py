"""What stands for "nothing there", and wide ranges, beside a wall whose right values are known."""

from __future__ import annotations

import numpy as np
import pytest
from testing.command import run
from testing.containers import FLOATS, WHOLE

import dsdmsr
from dsdmsr import DepthMap, Upscaler, read_depth

Y, X = np.mgrid[:24, :32]
WALL = 2 + 0.01 * X + 0.005 * Y


def truth(scale: int) -> np.ndarray:
    y, x = ((np.arange(scale * n) + 0.5) / scale - 0.5 for n in WALL.shape)
    return 2 + 0.01 * x + 0.005 * y[:, None]


def grown(place: np.ndarray) -> np.ndarray:
    """Return a place with all pixels that touch it."""
    padded = np.pad(place, 1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return windows.any(axis=(2, 3))


def beside(number: float) -> np.ndarray:
    return np.where(X < 16, number, WALL)


FILES = {
    "Blender's EXR": (".exr", beside(1e10).astype(np.float32)),
    "half-float EXR": (".exr", beside(65504).astype(np.float16)),
    "BlenderProc": (".h5", beside(1e10).astype(np.float32)),
    "16-bit PNG": (".png", np.round(1000 * beside(65.535)).astype(np.uint16)),
    "16-bit PGM": (".pgm", np.round(1000 * beside(65.535)).astype(np.uint16)),
    "16-bit NPY": (".npy", np.round(1000 * beside(65.534)).astype(np.uint16)),
    "Depth Pro": (".npy", beside(1e4).astype(np.float32)),
    "largest float": (".npy", beside(3.4028235e38).astype(np.float32)),
    "largest double": (".npy", beside(np.finfo(np.float64).max)),
    "high byte first": (".npy", beside(1e10).astype(">f4")),
    "half-float NPY": (".npy", beside(65504).astype(np.float16)),
    "CARLA": (".npy", beside(1000).astype(np.float32)),
    "netCDF": (".h5", beside(9.96921e36).astype(np.float32)),
    "MVS": (".tif", beside(-1).astype(np.float32)),
    "65535 as metres": (".npy", beside(65.535).astype(np.float32)),
    "two codes": (".npy", np.where(X < 8, 1e10, beside(-9999)).astype(np.float32)),
    "a code and NaN": (".npy", np.where(X < 8, np.nan, beside(1e10)).astype(np.float32)),
    "a code and infinity": (".pfm", np.where(X < 8, np.inf, beside(1e4)).astype(np.float32)),
    **{
        f"1e10 in {suffix}": (suffix, beside(1e10).astype(np.float32))
        for suffix in (".mat", ".zarr", ".npz", ".pfm", ".dpt", ".tif")
    },
}


@pytest.mark.parametrize("source", FILES)
def test_a_wall_stays_within_a_centimetre_beside_a_code(tmp_path, capsys, source):
    suffix, values = FILES[source]
    whole = values.dtype == np.uint16
    path, out = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    (WHOLE if whole else FLOATS)[suffix](path, values)
    code, _, err = run(capsys, "upscale", path, "-o", out, "--scale", 4)
    assert code == 0
    assert "taken for no surface; --invalid none keeps them" in err
    large = read_depth(out, read_depth(path).encoding)
    off = np.abs(large.values - truth(4))[:, 68:]
    assert large.valid[:, 68:].all()
    assert not large.valid[:, :60].any()
    assert off.max() < 0.01 + 0.0005 * whole
    # What came in for "nothing" goes out.
    holes = dsdmsr.io.read_numbers(out)[:, :60]
    largest = np.finfo(np.float32).max
    assert (np.isin(holes, np.clip(values[:, :16], -largest, largest)) | np.isnan(holes)).all()


PLACES = {
    "a thin column": X == 10,
    "a thin diagonal": np.abs(X - Y) < 1,
    "a disc": np.hypot(X - 12, Y - 12) < 6,
    "scattered": (X % 6 == 3) & (Y % 6 == 3),
    "four pixels": (X < 2) & (Y < 2),
    "nearly all": X < 26,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("scale", [2, 4, 16])
def test_a_wall_stays_around_a_code_in_any_place(tmp_path, place, scale):
    np.save(tmp_path / "a.npy", np.where(PLACES[place], 1e10, WALL).astype(np.float32))
    depth = read_depth(tmp_path / "a.npy")
    np.testing.assert_array_equal(depth.valid, ~PLACES[place])
    large = Upscaler.from_pretrained(scale=scale)(depth)
    beyond = grown(PLACES[place]).repeat(scale, 0).repeat(scale, 1)
    assert large.valid[~beyond].all()
    assert np.abs(large.values - truth(scale))[~beyond].max() < 0.01


@pytest.mark.parametrize("number", [-9999.0, -32768.0, -3.4028235e38])
def test_a_single_pixel_of_a_code_below_zero_is_no_surface(tmp_path, capsys, number):
    values = WALL.astype(np.float32)
    values[12, 16] = number
    for suffix in (".npy", ".tif"):
        FLOATS[suffix](tmp_path / f"a{suffix}", values)
        depth = read_depth(tmp_path / f"a{suffix}")
        assert (depth.kind, int((~depth.valid).sum())) == ("depth", 1)
        ask = ("upscale", tmp_path / f"a{suffix}", "-o", tmp_path / f"b{suffix}", "--scale", 2)
        assert run(capsys, *ask)[0] == 0
        out = dsdmsr.io.read_numbers(tmp_path / f"b{suffix}")
        assert 0 < (out == np.float32(number)).sum() <= 12
        assert out[out != np.float32(number)].min() > 1.9


@pytest.mark.parametrize("nearest", [65535, 51200])
@pytest.mark.parametrize("far", [0, 12000])
def test_the_nearest_surface_of_inverse_depth_is_no_code(tmp_path, nearest, far):
    disc = PLACES["a disc"]
    WHOLE[".png"](tmp_path / "a.png", np.where(disc, nearest, far + 0 * X).astype(np.uint16))
    for depth in (
        read_depth(tmp_path / "a.png", "relative16"),
        read_depth(tmp_path / "a.png", kind="inverse_depth"),
    ):
        assert depth.valid.all()
        assert set(np.unique(depth.values)) == {nearest, far}
    np.save(tmp_path / "a.npy", np.where(disc, 4.5, 1e-4 * (far > 0)).astype(np.float32))
    assert read_depth(tmp_path / "a.npy", "inverse").valid.all()


BACKGROUNDS = {
    "5 m": beside(5),
    "20 m": beside(20),
    "99.87 m": beside(99.87),
    "1000.55 m": beside(1000.55),
    "slanted, 20 to 1000 m": beside(0) + np.where(X < 16, 20 + 61 * X + 2.5 * Y, 0),
    "two, 30 and 1000 m": np.where(X < 8, 1000.0, beside(30)),
    "three, 8, 90 and 700 m": np.where(X < 5, 700.0, np.where(X < 10, 90.0, beside(8))),
}


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("scale", [2, 4, 8, 16])
def test_a_wall_stays_within_a_centimetre_before_any_background(background, scale):
    result = Upscaler.from_pretrained(scale=scale)(DepthMap(BACKGROUNDS[background])).values
    off = np.abs(result - truth(scale))[2 * scale : -2 * scale, 17 * scale :]
    assert off.max() < 0.01


@pytest.mark.parametrize("background", ["5 m", "20 m", "99.87 m", "1000.55 m"])
@pytest.mark.parametrize("kind", ["inverse_depth", "disparity"])
@pytest.mark.parametrize("scale", [2, 4, 8, 16])
def test_so_it_does_through_inverse_depth(background, kind, scale):
    inverse = DepthMap(1 / BACKGROUNDS[background], kind=kind)
    result = 1 / Upscaler.from_pretrained(scale=scale)(inverse).values
    off = np.abs(result - truth(scale))[2 * scale : -2 * scale, 17 * scale :]
    assert off.max() < 0.01


@pytest.mark.parametrize("place", ["a thin column", "a disc", "scattered"])
@pytest.mark.parametrize("far", [5.0, 20.0, 1000.55])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_a_curved_surface_stays_before_backgrounds_in_any_place(place, far, scale):
    def curved(x, y):
        return 2 + 0.0002 * (x - 20) ** 2 + 0.0001 * (y - 10) ** 2

    depth = DepthMap(np.where(PLACES[place], far, curved(X, Y)))
    result = Upscaler.from_pretrained(scale=scale)(depth).values
    y, x = ((np.arange(scale * n) + 0.5) / scale - 0.5 for n in WALL.shape)
    off = np.abs(result - curved(x, y[:, None]))
    off[grown(PLACES[place]).repeat(scale, 0).repeat(scale, 1)] = 0
    assert off[2 * scale : -2 * scale, 2 * scale : -2 * scale].max() < 0.01


@pytest.mark.parametrize("wrong", [0.02, 0.3, 10.0, 65.535, 1000.0])
@pytest.mark.parametrize("scale", [2, 4, 8, 16])
@pytest.mark.parametrize("place", [(12, 16), (0, 0), (12, 31)])
def test_a_wrong_pixel_bends_nothing(wrong, scale, place):
    values, (row, column) = WALL.copy(), place
    values[place] = wrong
    result = Upscaler.from_pretrained(scale=scale)(DepthMap(values)).values
    off = np.abs(result - truth(scale))
    rows, columns = (slice(scale * k, scale * (k + 1)) for k in (row, column))
    square = rows, columns
    np.testing.assert_allclose(result[square], wrong, rtol=1e-6)
    off[square] = 0
    assert off.max() < 0.01


@pytest.mark.parametrize("kind", ["disparity", "inverse_depth", "height"])
@pytest.mark.parametrize("beside", ["nothing", "a hole", "noise"])
def test_a_wrong_pixel_bends_no_other_map(rng, kind, beside):
    values, valid = WALL.copy(), np.ones(WALL.shape, bool)
    if beside == "a hole":
        valid[10:14, 17:20] = False
    elif beside == "noise":
        values += rng.normal(0, 0.003, values.shape)
    upscaler = Upscaler.from_pretrained(scale=4)
    without = upscaler(DepthMap(values, valid, kind=kind))
    values[12, 16] = 65.535
    off = np.abs(upscaler(DepthMap(values, valid, kind=kind)).values - without.values)
    off[48:52, 64:68] = 0
    assert off[without.valid].max() < 0.01


@pytest.mark.parametrize("wrong", [1, 10_000, 65_535])
def test_a_wrong_pixel_in_a_file_bends_nothing(tmp_path, capsys, wrong):
    numbers = np.round(1000 * WALL).astype(np.uint16)
    numbers[12, 16] = wrong
    WHOLE[".png"](tmp_path / "a.png", numbers)
    ask = ("upscale", tmp_path / "a.png", "-o", tmp_path / "b.png", "--scale", 4)
    assert run(capsys, *ask)[0] == 0
    off = np.abs(dsdmsr.io.read_numbers(tmp_path / "b.png") / 1000 - truth(4))
    off[48:52, 64:68] = 0
    assert off.max() < 0.01


def test_many_wrong_pixels_bend_nothing(rng):
    values = WALL.copy()
    wrong = rng.choice(WALL.size, 20, replace=False)
    values.flat[wrong] = rng.uniform(8, 60, 20)
    result = Upscaler.from_pretrained(scale=4)(DepthMap(values)).values
    right = np.ones(WALL.shape, bool)
    right.flat[wrong] = False
    assert np.abs(result - truth(4))[right.repeat(4, 0).repeat(4, 1)].max() < 0.01


def test_tiles_of_wide_ranges_equal_the_whole(rng):
    values = BACKGROUNDS["slanted, 20 to 1000 m"].copy()
    values[12, 20], values[3, 30] = 0.4, 60
    whole = Upscaler.from_pretrained("dsdmsr-fast", scale=4)(DepthMap(values)).values
    tiled = Upscaler.from_pretrained("dsdmsr-fast", scale=4, tile=7)(DepthMap(values)).values
    np.testing.assert_allclose(tiled, whole, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "valid"),
    [
        (("--farthest-invalid",), X >= 16),
        (("--invalid-above", 10), X >= 16),
        (("--invalid", "99.87"), X >= 16),
        ((), X >= 0),
    ],
)
def test_backgrounds_near_no_code_are_said(tmp_path, capsys, options, valid):
    np.save(tmp_path / "a.npy", BACKGROUNDS["99.87 m"].astype(np.float32))
    ask = ("upscale", tmp_path / "a.npy", "-o", tmp_path / "b.npy", "--scale", 2, *options)
    assert run(capsys, *ask)[0] == 0
    out = np.load(tmp_path / "b.npy")
    assert ((out > 50).mean() > 0.4) == bool(valid.all())


def test_none_keeps_codes(tmp_path, capsys):
    np.save(tmp_path / "a.npy", beside(1e4).astype(np.float32))
    ask = ("upscale", tmp_path / "a.npy", "-o", tmp_path / "b.npy", "--scale", 2)
    code, _, err = run(capsys, *ask, "--invalid", "none")
    assert code == 0
    assert "no surface" not in err
    assert np.isclose(np.load(tmp_path / "b.npy")[:, :30], 1e4, rtol=0.01).all()
