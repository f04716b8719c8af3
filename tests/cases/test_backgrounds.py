"""What stands for "nothing there", and wide ranges, beside a wall whose right values are known."""

from __future__ import annotations

import h5py
import numpy as np
import OpenEXR
import pytest
import tifffile
from PIL import Image
from testing.command import run

import dsdmsr
from dsdmsr import DepthMap, Upscaler, read_depth

Y, X = np.mgrid[:24, :32]
WALL = 2 + 0.01 * X + 0.005 * Y


def truth(scale: int) -> np.ndarray:
    y, x = ((np.arange(scale * n) + 0.5) / scale - 0.5 for n in WALL.shape)
    return 2 + 0.01 * x + 0.005 * y[:, None]


def beside(number: float) -> np.ndarray:
    return np.where(X < 16, number, WALL)


def exr(path, values):
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"Z": np.ascontiguousarray(values)}) as file:
        file.write(str(path))


def hdf5(path, values):
    with h5py.File(path, "w") as file:
        file["depth"] = values


def png(path, values):
    Image.fromarray(values).save(path)


FILES = {
    "Blender's EXR": (exr, ".exr", beside(1e10).astype(np.float32), 1),
    "half-float EXR": (exr, ".exr", beside(65504).astype(np.float16), 1),
    "BlenderProc": (hdf5, ".hdf5", beside(1e10).astype(np.float32), 1),
    "16-bit PNG": (png, ".png", np.round(1000 * beside(65.535)).astype(np.uint16), 1000),
    "Depth Pro": (np.save, ".npy", beside(1e4).astype(np.float32), 1),
    "largest float": (np.save, ".npy", beside(3.4028235e38).astype(np.float32), 1),
    "CARLA": (np.save, ".npy", beside(1000).astype(np.float32), 1),
    "netCDF": (hdf5, ".h5", beside(9.96921e36).astype(np.float32), 1),
    "MVS": (tifffile.imwrite, ".tif", beside(-1).astype(np.float32), 1),
    "65535 as metres": (np.save, ".npy", beside(65.535).astype(np.float32), 1),
    "two codes": (np.save, ".npy", np.where(X < 8, 1e10, beside(-9999)).astype(np.float32), 1),
}


@pytest.mark.parametrize("source", FILES)
def test_a_wall_stays_within_a_centimetre_beside_a_code(tmp_path, capsys, source):
    write, suffix, values, per_metre = FILES[source]
    path, out = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write(path, values)
    code, _, err = run(capsys, "upscale", path, "-o", out, "--scale", 4)
    assert code == 0
    assert "taken for no surface; --invalid none keeps them" in err
    large = read_depth(out, read_depth(path).encoding)
    off = np.abs(large.values - truth(4))[:, 68:]
    assert large.valid[:, 68:].all()
    assert not large.valid[:, :60].any()
    assert off.max() < 0.01 + 0.5 / per_metre
    # What came in for "nothing" goes out.
    holes = dsdmsr.io.read_numbers(out)[:, :60]
    assert set(np.unique(holes)) <= set(np.unique(values[:, :16]))


BACKGROUNDS = {
    "5 m": beside(5),
    "20 m": beside(20),
    "99.87 m": beside(99.87),
    "1000.55 m": beside(1000.55),
    "slanted, 20 to 1000 m": beside(0) + np.where(X < 16, 20 + 61 * X + 2.5 * Y, 0),
    "two, 30 and 1000 m": np.where(X < 8, 1000.0, beside(30)),
}


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_a_wall_stays_within_a_centimetre_before_any_background(background, scale):
    result = Upscaler.from_pretrained(scale=scale)(DepthMap(BACKGROUNDS[background])).values
    off = np.abs(result - truth(scale))[2 * scale : -2 * scale, 17 * scale :]
    assert off.max() < 0.01


@pytest.mark.parametrize("wrong", [0.02, 0.3, 10.0, 65.535, 1000.0])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_a_wrong_pixel_bends_nothing(wrong, scale):
    values = WALL.copy()
    values[12, 16] = wrong
    result = Upscaler.from_pretrained(scale=scale)(DepthMap(values)).values
    off = np.abs(result - truth(scale))
    square = np.s_[12 * scale : 13 * scale, 16 * scale : 17 * scale]
    np.testing.assert_allclose(result[square], wrong, rtol=1e-6)
    off[square] = 0
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
