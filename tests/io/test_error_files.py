from __future__ import annotations

import contextlib
import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import DepthError, FileError
from dsdmsr.io import ERROR_SUFFIXES, write_bands
from dsdmsr.io.error_files import error_writer, write_error


@pytest.fixture
def depth(rng) -> DepthMap:
    shape = 300, 270  # more than a tile of a TIFF
    error = rng.uniform(0, 0.1, shape).astype(np.float32)
    error[7, 8] = 0
    return DepthMap(rng.uniform(1, 2, shape), rng.random(shape) > 0.2, unit="m", error=error)


def numbers_and_description(path: Path) -> tuple[np.ndarray, str]:
    """What other programs read."""
    if path.suffix == ".npy":
        with path.open("rb") as file:
            return np.load(file), np.load(file)[()].decode()
    if path.suffix == ".npz":
        with np.load(path) as held:
            return held["error"], str(held["description"])
    if path.suffix in (".tif", ".tiff"):
        tifffile = pytest.importorskip("tifffile")
        with tifffile.TiffFile(path) as file:
            return file.pages[0].asarray(), file.pages[0].description
    if path.suffix == ".exr":
        openexr = pytest.importorskip("OpenEXR")
        with openexr.File(str(path), separate_channels=True) as file:
            return np.array(file.channels()["error.Z"].pixels), file.header()["comments"]
    h5py = pytest.importorskip("h5py")
    with h5py.File(path) as file:
        held = file["depth_error" if path.suffix == ".mat" else "error"]
        numbers = np.asarray(held[()])
        return numbers.T if path.suffix == ".mat" else numbers, held.attrs["description"]


@pytest.mark.parametrize("suffix", ERROR_SUFFIXES)
def test_errors_are_plain_floats_that_say_what_they_are_and_are_not_read_as_depth(
    tmp_path, depth, suffix
):
    path = tmp_path / f"error{suffix}"
    write_error(path, depth, predicted_by="dsdmsr-base")
    numbers, description = numbers_and_description(path)
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers, depth.error)
    assert description.startswith("expected absolute error of depth, unit m, NaN = invalid")
    assert "predicted by dsdmsr " in description
    assert description.endswith("dsdmsr-base")
    with pytest.raises(FileError, match="holds the expected errors of a map, not depth"):
        read_depth(path)
    with pytest.raises(FileError, match="exists: give another name"):
        write_error(path, depth)
    write_error(path, depth, overwrite=True)


def test_a_mapped_npy_file_holds_the_errors_alone(tmp_path, depth):
    write_error(tmp_path / "error.npy", depth)
    np.testing.assert_array_equal(np.load(tmp_path / "error.npy", mmap_mode="r"), depth.error)


@pytest.mark.parametrize("suffix", [".png", ".pgm", ".pfm", ".dpt"])
def test_files_that_cannot_say_what_they_hold_are_refused(tmp_path, depth, suffix):
    with pytest.raises(FileError, match=r"cannot say that it holds errors: allowed are \.npy"):
        write_error(tmp_path / f"error{suffix}", depth)
    assert not list(tmp_path.iterdir())


def test_a_map_and_its_errors_are_written_in_one_pass(tmp_path, depth):
    bands = []
    for top in range(0, 300, 70):
        part = slice(top, top + 70)
        error = np.nan_to_num(depth.error[part])
        bands.append(DepthMap(depth.values[part], depth.valid[part], unit="m", error=error))
    with error_writer(tmp_path / "error.npy", depth.shape) as keep:
        write_bands(tmp_path / "large.npy", depth.shape, map(keep, bands), "metres")
        assert not (tmp_path / "error.npy").exists()
    np.testing.assert_array_equal(np.load(tmp_path / "error.npy"), depth.error)
    np.testing.assert_array_equal(read_depth(tmp_path / "large.npy").valid, depth.valid)


def test_after_an_error_nothing_is_left_and_maps_without_errors_are_refused(tmp_path, depth):
    with pytest.raises(DepthError, match="upscale it with errors=True"):
        write_error(tmp_path / "error.npz", DepthMap([[1.0]]))
    with (
        contextlib.suppress(RuntimeError),
        error_writer(tmp_path / "error.npy", depth.shape) as keep,
    ):
        keep(depth)
        raise RuntimeError("stopped")
    assert not list(tmp_path.iterdir())


def test_depth_beside_errors_is_still_read(tmp_path, depth):
    np.savez(tmp_path / "both.npz", depth=depth.values, error=depth.error)
    assert read_depth(tmp_path / "both.npz").shape == depth.shape
    write_depth(tmp_path / "plain.npy", depth, "metres")
    assert read_depth(tmp_path / "plain.npy").error is None


def test_a_full_folder_for_temporary_files_is_named_and_nothing_is_written(
    monkeypatch, tmp_path, depth
):
    class Full(io.BytesIO):
        def write(self, content: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.TemporaryFile", Full)
    with (
        pytest.raises(FileError, match=r"no room for the expected errors, 0 MiB .*set TMPDIR"),
        error_writer(tmp_path / "error.npy", depth.shape) as keep,
    ):
        write_bands(tmp_path / "large.npy", depth.shape, map(keep, [depth]), "metres")
    assert list(tmp_path.iterdir()) == []
