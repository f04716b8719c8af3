from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import FileError


def test_hdf5_is_its_only_data_set_or_depth(tmp_path):
    ramp = np.arange(6, dtype=np.uint16).reshape(2, 3)
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["some/where/z"] = ramp
    with h5py.File(tmp_path / "several.hdf5", "w") as file:
        file["colour"], file["depth"] = np.zeros((2, 3, 3)), ramp
    for name in ("one.h5", "several.hdf5"):
        depth = read_depth(tmp_path / name, "levels16")
        np.testing.assert_array_equal(depth.values, ramp)


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
    Image.fromarray(np.ones((2, 2), np.uint16)).save(tmp_path / "a.png")
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
