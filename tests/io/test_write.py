from __future__ import annotations

import errno
import io
import math
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io import ENCODINGS, write_bands
from dsdmsr.io.formats import FORMATS

WRITTEN = [name for name, format_ in FORMATS.items() if format_.write and not format_.needs_view]


@pytest.mark.parametrize("suffix", WRITTEN)
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_what_is_written_comes_back(tmp_path, rng, suffix, encoding):
    row = ENCODINGS[encoding]
    if suffix in (".png", ".pgm") and row.largest is None:
        pytest.skip("such a file holds no floats")
    top = row.largest or 5000
    numbers = rng.integers(1, top + 1, (7, 5))
    whole = row.largest is not None
    valid = rng.random((7, 5)) > (0 if whole and math.isnan(row.invalid) else 0.3)
    values = (numbers - row.offset) / row.per_unit
    depth = DepthMap(values, valid, kind=row.kind, unit=row.unit, encoding=encoding)
    write_depth(tmp_path / f"a{suffix}", depth)
    back = read_depth(tmp_path / f"a{suffix}", encoding)
    assert (back.kind, back.unit, back.encoding) == (depth.kind, depth.unit, encoding)
    np.testing.assert_array_equal(back.valid, depth.valid)
    np.testing.assert_allclose(back.values, depth.values, rtol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == [f"a{suffix}"]


def test_nothing_is_overwritten_unless_asked(tmp_path):
    path = tmp_path / "a.npy"
    write_depth(path, DepthMap([[1.0]]))
    before = path.read_bytes()
    with pytest.raises(FileError, match="exists"):
        write_depth(path, DepthMap([[2.0]]))
    assert path.read_bytes() == before
    write_depth(path, DepthMap([[2.0]]), overwrite=True)
    assert read_depth(path).values[0, 0] == 2


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    write_depth(path, DepthMap([[1.0]]))
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(FileError, match="No space left"):
        write_depth(path, DepthMap([[2.0]]), overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="cannot be written"):
        write_depth(tmp_path / "a.npy", DepthMap([[1.0]]))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot be written"):
        write_depth(tmp_path / "file" / "a.npy", DepthMap([[1.0]]))


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
            assert not file.pages[0].is_tiled
            rows = 2**18 // (shape[1] * expected.dtype.itemsize)
            assert len(file.pages[0].dataoffsets) == math.ceil(shape[0] / rows)
    np.testing.assert_array_equal(read_depth(parts, encoding).valid, depth.valid)


def test_a_band_that_does_not_fit_leaves_nothing(tmp_path):
    depth = DepthMap(np.linspace(1, 90, 40).reshape(8, 5), unit="m")
    for suffix in (".tif", ".npy"):
        with pytest.raises(EncodingError, match="rows 4 to 7: 11 of 20 valid pixels do not fit"):
            write_bands(tmp_path / f"a{suffix}", (8, 5), bands_of(depth, [2, 4]), "mm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "suffix", [s for s in FORMATS if FORMATS[s].write and not FORMATS[s].needs_view]
)
@pytest.mark.parametrize("view", ["cropped", "transposed", "reversed", "big-endian"])
def test_views_of_arrays_are_written_as_their_copies(tmp_path, rng, suffix, view):
    whole = rng.integers(500, 60000, (20, 30)).astype(np.float32) / 1000
    part = {
        "cropped": whole[3:14, 5:22],
        "transposed": whole.T,
        "reversed": whole[::-1, ::-1],
        "big-endian": whole.astype(">f4"),
    }[view]
    encoding = "mm" if suffix in (".png", ".pgm") else "metres"
    for name, values in (("view", part), ("copy", np.array(part, np.float32, order="C"))):
        write_depth(tmp_path / f"{name}{suffix}", DepthMap(values, unit="m"), encoding)
    read = read_depth(tmp_path / f"view{suffix}", encoding)
    np.testing.assert_allclose(read.values, part, rtol=1e-6)
    view_file, copy = tmp_path / f"view{suffix}", tmp_path / f"copy{suffix}"
    if copy.is_file() and suffix not in (".h5", ".hdf5", ".mat", ".npz"):  # which hold the time
        assert view_file.read_bytes() == copy.read_bytes()


@pytest.mark.parametrize("suffix", [".h5", ".mat", ".exr"])
def test_a_full_disk_is_said_and_keeps_the_older_file(tmp_path, monkeypatch, suffix):
    path, older = tmp_path / f"a{suffix}", DepthMap([[1.0, 2.0]], unit="m")
    write_depth(path, older, "metres")

    def full(*_: object) -> None:
        if suffix == ".exr":
            raise RuntimeError("Unable to write: No space left on device.")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if suffix == ".exr":
        monkeypatch.setattr("OpenEXR.File.write", full)
    else:
        # HDF5 itself touches no disk.
        monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FileError, match=r"a\.\w+ cannot be written: .*No space left on device"):
        write_depth(path, DepthMap([[3.0, 4.0]], unit="m"), "metres", overwrite=True)
    monkeypatch.undo()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    np.testing.assert_array_equal(read_depth(path, "metres").values, older.values)
