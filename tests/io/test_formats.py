"""What sensors and pipelines write, made here by hand or by another library."""

from __future__ import annotations

import io
import math
import zlib
from itertools import pairwise

import h5py
import numpy as np
import pytest
import scipy.io
import tifffile
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io import write_bands


def png(path, numbers: np.ndarray) -> None:
    Image.fromarray(numbers).save(path)


def test_virtual_kitti_2_has_a_sky_that_is_no_depth(tmp_path):
    numbers = np.array([[1, 250, 65534], [65535, 0, 10_000]], np.uint16)
    png(tmp_path / "depth.png", numbers)
    depth = read_depth(tmp_path / "depth.png", "vkitti2")
    np.testing.assert_array_equal(depth.valid, [[True, True, True], [False, False, True]])
    np.testing.assert_array_equal(depth.values[0], np.float32([0.01, 2.5, 655.34]))
    write_depth(tmp_path / "back.png", depth)
    with Image.open(tmp_path / "back.png") as image:
        np.testing.assert_array_equal(np.asarray(image), [[1, 250, 65534], [65535, 65535, 10_000]])


def test_sun_rgbd_has_its_bits_rotated(tmp_path):
    # The toolbox reads bitor(bitshift(d, -3), bitshift(d, 16 - 3)), in millimetres.
    millimetres = [0, 1, 1500, 9000, 40_000, 65_535]
    rotated = [int(f"{n:016b}"[3:] + f"{n:016b}"[:3], 2) for n in millimetres]
    png(tmp_path / "depth.png", np.array([rotated], np.uint16))
    depth = read_depth(tmp_path / "depth.png", "sunrgbd")
    np.testing.assert_allclose(depth.values[0], np.array(millimetres) / 1000, rtol=1e-6)
    np.testing.assert_array_equal(depth.valid[0], [n > 0 for n in millimetres])
    write_depth(tmp_path / "back.png", depth)
    with Image.open(tmp_path / "back.png") as image:
        np.testing.assert_array_equal(np.asarray(image), [rotated])


def test_kitti_disparity_and_relative_inverse_depth(tmp_path):
    png(tmp_path / "disparity.png", np.array([[0, 1, 25_600]], np.uint16))
    depth = read_depth(tmp_path / "disparity.png", "disparity16")
    assert (depth.kind, depth.unit) == ("disparity", "px")
    np.testing.assert_array_equal(depth.values, [[0, 1 / 256, 100]])
    np.testing.assert_array_equal(depth.valid, [[False, True, True]])
    # A network's answer may be 0, far away, and below.
    np.save(tmp_path / "midas.npy", np.array([[0.0, 812.5, np.nan, -3]], np.float32))
    depth = read_depth(tmp_path / "midas.npy", "inverse")
    assert (depth.kind, depth.unit) == ("inverse_depth", None)
    np.testing.assert_array_equal(depth.values, [[0, 812.5, 0, -3]])
    np.testing.assert_array_equal(depth.valid, [[True, True, False, True]])


def test_what_a_robot_records_as_npy(tmp_path):
    np.save(tmp_path / "32FC1.npy", np.array([[1.25, np.nan, 0]], np.float32))
    depth = read_depth(tmp_path / "32FC1.npy", "metres")
    np.testing.assert_array_equal(depth.valid, [[True, False, False]])
    np.save(tmp_path / "16UC1.npy", np.array([[1250, 0]], np.uint16))
    depth = read_depth(tmp_path / "16UC1.npy")
    assert depth.encoding == "mm"
    np.testing.assert_array_equal(depth.values, np.float32([[1.25, 0]]))


def matlab(path, **variables: np.ndarray) -> None:
    """Write as MATLAB's save -v7.3 does: HDF5 after 512 bytes, columns kept together."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, numbers in variables.items():
            file[name] = np.asarray(numbers).T


def test_mat_files_are_turned_as_matlab_means_them(tmp_path, rng):
    numbers = rng.uniform(1, 5, (3, 7)).astype(np.float32)
    matlab(tmp_path / "one.mat", whatever=numbers)
    np.testing.assert_array_equal(read_depth(tmp_path / "one.mat").values, numbers)
    write_depth(tmp_path / "back.mat", DepthMap(numbers))
    content = (tmp_path / "back.mat").read_bytes()
    assert content.startswith(b"MATLAB 7.3 MAT-file")
    assert content[124:128] == b"\x00\x02IM"
    with h5py.File(tmp_path / "back.mat") as file:
        np.testing.assert_array_equal(file["depth"][()].T, numbers)
        assert file["depth"].attrs["MATLAB_class"] == b"single"


def test_one_map_of_many_is_named(tmp_path, rng):
    stack = rng.uniform(1, 5, (5, 6, 4)).astype(np.float32)  # H×W×N, as NYU v2's depths
    matlab(tmp_path / "nyu.mat", depths=stack, images=rng.integers(0, 9, (5, 6, 3, 4)))
    for number in range(4):
        made = read_depth(f"{tmp_path}/nyu.mat#{number}", "metres")
        np.testing.assert_array_equal(made.values, stack[..., number])
    with h5py.File(tmp_path / "many.h5", "w") as file:
        file["depths"] = stack.transpose(2, 0, 1)
    np.testing.assert_array_equal(read_depth(f"{tmp_path}/many.h5#3").values, stack[..., 3])
    for text in ("nyu.mat", "nyu.mat#4", "many.h5"):
        with pytest.raises(FileError, match=r"holds 4 maps: name one, .*#0 to .*#3"):
            read_depth(tmp_path / text)
    png(tmp_path / "a.png", np.ones((2, 2), np.uint16))
    with pytest.raises(FileError, match="png file holds one map: leave #0 out"):
        read_depth(tmp_path / "a.png#0")
    with pytest.raises(FileError, match="give a file name without #"):
        write_depth(tmp_path / "a.h5#0", DepthMap(stack[..., 0]))
    # A file may be called so.
    np.save(tmp_path / "scan#2.npy", stack[..., 0])
    np.testing.assert_array_equal(read_depth(tmp_path / "scan#2.npy").values, stack[..., 0])


def test_old_matlab_files_and_other_shapes_are_refused(tmp_path):
    scipy.io.savemat(tmp_path / "old.mat", {"depth": np.ones((2, 2))})
    with pytest.raises(FileError, match="older than version 7"):
        read_depth(tmp_path / "old.mat")
    for name, content, says in [
        ("flat.h5#0", np.ones((3, 4)), "it holds one map: leave #0 out"),
        ("zero.h5", np.ones((0, 3, 4)), "holds 0×3×4 numbers: give one map"),
        ("one.h5", np.float32(3), "holds single numbers: give one map"),
    ]:
        with h5py.File(tmp_path / name.partition("#")[0], "w") as file:
            file["depth"] = content
        with pytest.raises(FileError, match=says):
            read_depth(tmp_path / name)
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["alias"] = np.full((2, 2), 5.0)
        file["depth"], file["rgb"] = file["alias"], np.ones((2, 2, 3))
    assert read_depth(tmp_path / "linked.h5").values[0, 0] == 5
    matlab(tmp_path / "line.mat", depth=np.ones(5))
    with pytest.raises(FileError, match="holds 5 numbers: give one map"):
        read_depth(tmp_path / "line.mat")
    (tmp_path / "cut.mat").write_bytes((tmp_path / "line.mat").read_bytes()[:700])
    with pytest.raises(FileError, match="damaged, or no HDF5") as caught:
        read_depth(tmp_path / "cut.mat")
    assert "\n" not in str(caught.value)


def bands_of(depth: DepthMap, cuts: list[int]):
    for top, bottom in pairwise([0, *cuts, depth.shape[0]]):
        yield DepthMap(
            depth.values[top:bottom], depth.valid[top:bottom], unit=depth.unit, encoding="metres"
        )


@pytest.mark.parametrize("shape", [(1, 1), (255, 257), (256, 256), (700, 513)])
@pytest.mark.parametrize("suffix", [".npy", ".tif", ".pfm"])
@pytest.mark.parametrize("encoding", ["metres", "mm"])
def test_bands_make_the_file_that_the_whole_makes(tmp_path, rng, shape, suffix, encoding):
    if suffix == ".pfm" and encoding == "mm":
        encoding = None
    depth = DepthMap(rng.uniform(1, 9, shape), rng.random(shape) > 0.2, unit="m", encoding="metres")
    cuts = sorted({1, 3, 256, 300} & set(range(1, shape[0])))
    whole, parts = tmp_path / f"whole{suffix}", tmp_path / f"parts{suffix}"
    write_depth(whole, depth, encoding)
    write_bands(parts, shape, bands_of(depth, cuts), encoding)
    assert whole.read_bytes() == parts.read_bytes()
    expected = np.where(depth.valid, depth.values, 0)
    if encoding == "mm":
        expected = np.floor(1000 * expected.astype(float) + 0.5).astype(np.uint16)
    if suffix == ".npy":
        saved = io.BytesIO()
        np.save(saved, expected)
        assert saved.getvalue() == whole.read_bytes()
    elif suffix == ".tif":
        with Image.open(whole) as image:
            np.testing.assert_array_equal(np.asarray(image), expected)
        with tifffile.TiffFile(whole) as file:
            assert file.pages[0].tilewidth == file.pages[0].tilelength == 256
            assert len(file.pages[0].dataoffsets) == math.prod(-(-n // 256) for n in shape)
    np.testing.assert_array_equal(read_depth(parts, encoding).valid, depth.valid)


def test_a_large_tiff_has_64_bit_offsets_before_32_bits_end(tmp_path, monkeypatch):
    monkeypatch.setattr("dsdmsr.io.tiff._CLASSIC", 4 * 300 * 300)
    for side, magic in ((300, 42), (301, 43)):
        write_depth(tmp_path / f"{side}.tif", DepthMap(np.ones((side, side)), encoding="metres"))
        head = (tmp_path / f"{side}.tif").read_bytes()[:4]
        assert int.from_bytes(head[2:4], "little") == magic
        assert read_depth(tmp_path / f"{side}.tif").shape == (side, side)


def test_a_png_may_be_larger_than_pillow_thinks_safe_but_not_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    numbers = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    write_depth(tmp_path / "a.png", DepthMap((numbers + 1) / 1000, unit="m", encoding="mm"))
    assert read_depth(tmp_path / "a.png").shape == (40, 50)
    assert Image.MAX_IMAGE_PIXELS == 100
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = (100_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(content)
    with pytest.raises(FileError, match="promises too many pixels: 100000×100000 in"):
        read_depth(tmp_path / "bomb.png")


def test_a_band_that_does_not_fit_leaves_nothing(tmp_path):
    depth = DepthMap(np.linspace(1, 90, 40).reshape(8, 5), unit="m")
    for suffix in (".tif", ".npy"):
        with pytest.raises(EncodingError, match="rows 4 to 7: 11 of 20 valid pixels do not fit"):
            write_bands(tmp_path / f"a{suffix}", (8, 5), bands_of(depth, [2, 4]), "mm")
    assert list(tmp_path.iterdir()) == []
