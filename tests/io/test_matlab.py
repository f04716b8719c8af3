"""MATLAB's files: of version 5 written by scipy, of version 7.3 as MATLAB writes them."""

from __future__ import annotations

import struct

import h5py
import numpy as np
import pytest
import scipy.io

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io import read_stored
from dsdmsr.io.mat5_tags import check_arrays


def version_73(path, variables) -> None:
    """Write as MATLAB's save -v7.3 does: HDF5 after 512 bytes, columns kept together."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, numbers in variables.items():
            file[name] = np.asarray(numbers).T


WRITERS = {
    "7.3": version_73,
    "5": scipy.io.savemat,
    "5, compressed": lambda path, variables: scipy.io.savemat(path, variables, do_compression=True),
}


@pytest.fixture(params=WRITERS)
def write(request):
    return WRITERS[request.param]


def test_a_variable_is_read_as_matlab_means_it(tmp_path, rng, write):
    numbers = rng.uniform(1, 5, (3, 7)).astype(np.float32)
    write(
        tmp_path / "one.mat", {"whatever": numbers, "focal": np.float64(525), "x": np.arange(7.0)}
    )
    np.testing.assert_array_equal(read_depth(tmp_path / "one.mat#whatever").values, numbers)
    write(tmp_path / "depth.mat", {"depth": numbers, "other": np.ones((3, 7))})
    np.testing.assert_array_equal(read_depth(tmp_path / "depth.mat").values, numbers)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
def test_numbers_keep_their_type(tmp_path, write, dtype):
    numbers = np.arange(1, 13, dtype=dtype).reshape(3, 4)
    write(tmp_path / "a.mat", {"depth": numbers})
    read = read_stored(tmp_path / "a.mat").numbers
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, numbers)


def test_one_map_of_many_is_named(tmp_path, rng, write):
    stack = rng.uniform(1, 5, (5, 6, 4)).astype(np.float32)  # H×W×N, as NYU v2's depths
    write(tmp_path / "nyu.mat", {"depths": stack, "images": rng.integers(0, 9, (5, 6, 3, 4))})
    for number in range(4):
        made = read_depth(f"{tmp_path}/nyu.mat#{number}", "metres")
        np.testing.assert_array_equal(made.values, stack[..., number])
    for text in ("nyu.mat", "nyu.mat#4"):
        with pytest.raises(FileError, match=r"holds 4 maps: name one, .*#0 to .*#3"):
            read_depth(tmp_path / text)


def test_what_is_no_map_is_refused(tmp_path, write):
    write(tmp_path / "a.mat", {"depth": np.ones((2, 3, 4, 5))})
    with pytest.raises(FileError, match="numbers: give one map, or a stack of them"):
        read_depth(tmp_path / "a.mat")
    content = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "cut.mat").write_bytes(content[: len(content) - 30])
    with pytest.raises(FileError, match="damaged, or no") as caught:
        read_depth(tmp_path / "cut.mat")
    assert "\n" not in str(caught.value)


def test_version_5_without_scipy_says_what_to_do(tmp_path, monkeypatch):
    scipy.io.savemat(tmp_path / "old.mat", {"depth": np.ones((2, 2))})
    monkeypatch.setattr("dsdmsr.io.matlab.find_spec", lambda name: None)
    with pytest.raises(FileError, match=r"which scipy reads: pip install scipy, or save it with"):
        read_depth(tmp_path / "old.mat")


def test_maps_are_written_as_version_7_3(tmp_path, rng):
    numbers = rng.uniform(1, 5, (3, 7)).astype(np.float32)
    write_depth(tmp_path / "back.mat", DepthMap(numbers))
    content = (tmp_path / "back.mat").read_bytes()
    assert content.startswith(b"MATLAB 7.3 MAT-file")
    assert content[124:128] == b"\x00\x02IM"
    with h5py.File(tmp_path / "back.mat") as file:
        np.testing.assert_array_equal(file["depth"][()].T, numbers)
        assert file["depth"].attrs["MATLAB_class"] == b"single"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "i8", "f4", "f8"])
def test_arrays_of_numbers_pass_among_others(tmp_path, compressed, dtype):
    held = {"d": np.ones((70, 80), dtype), "long_name_of_more": np.ones((2, 1), dtype), "t": "text"}
    held |= {"s": {"a": 1.0}, "c": np.array([1, "a"], object), "l": np.ones((2, 2), bool)}
    scipy.io.savemat(tmp_path / "a.mat", held, do_compression=compressed)
    check_arrays(tmp_path / "a.mat")


def test_complex_numbers_are_refused(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"depth": np.ones((2, 2)) * 1j})
    with pytest.raises(FileError, match="holds complex numbers"):
        read_depth(tmp_path / "a.mat")


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_array_of_numbers_that_holds_none_is_refused(tmp_path, order):
    # The beginning of a file, which no library reads: flags, sides, a name, and a text.
    inner = struct.pack(f"{order}4I", 6, 8, 6, 0) + struct.pack(f"{order}4I", 5, 8, 1, 1)
    inner += struct.pack(f"{order}2I", 1, 1) + b"a".ljust(8, b"\0")
    inner += struct.pack(f"{order}2I", 16, 8) + bytes(8)
    mark = b"IM" if order == "<" else b"MI"
    head = b"MATLAB 5.0".ljust(126) + mark + struct.pack(f"{order}2I", 14, len(inner))
    (tmp_path / "a.mat").write_bytes(head + inner)
    with pytest.raises(FileError, match="an array of numbers holds none"):
        check_arrays(tmp_path / "a.mat")
