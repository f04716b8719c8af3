from __future__ import annotations

import struct

import h5py
import numpy as np
import pytest
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io import hdf5_heaps
from dsdmsr.io.hdf5_heaps import check_heaps


def test_hdf5_is_its_only_data_set_or_depth(tmp_path):
    ramp = np.arange(6, dtype=np.uint16).reshape(2, 3)
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["some/where/z"] = ramp
    with h5py.File(tmp_path / "several.hdf5", "w") as file:
        file["colour"], file["depth"] = np.zeros((2, 3, 3)), ramp
    for name in ("one.h5", "several.hdf5"):
        depth = read_depth(tmp_path / name, "levels16")
        np.testing.assert_array_equal(depth.values, ramp)


def test_one_map_of_many_is_named(tmp_path, rng):
    stack = rng.uniform(1, 5, (4, 5, 6)).astype(np.float32)
    with h5py.File(tmp_path / "many.h5", "w") as file:
        file["depths"], file["rgb"], file["sub/z"] = stack, np.ones((4, 3, 5, 6)), stack[:, None]
    for text in ("many.h5#3", "many.h5#depths@3", "many.h5#/depths@3", "many.h5#sub/z@3"):
        np.testing.assert_array_equal(read_depth(f"{tmp_path}/{text}").values, stack[3])
    for text in ("many.h5", "many.h5#4", "many.h5#sub/z", "many.h5#sub/z@12"):
        with pytest.raises(FileError, match=r"holds 4 maps: name one, .*#0 to .*#3"):
            read_depth(tmp_path / text)
    with pytest.raises(FileError, match=r"no array sub/y \(did you mean sub/z\?\): it holds"):
        read_depth(tmp_path / "many.h5#sub/y")
    Image.fromarray(np.ones((2, 2), np.uint16)).save(tmp_path / "a.png")
    with pytest.raises(FileError, match="png file holds one map: leave #0 out"):
        read_depth(tmp_path / "a.png#0")
    with pytest.raises(FileError, match="give a file name without #"):
        write_depth(tmp_path / "a.h5#0", DepthMap(stack[0]))
    # A file may be called so.
    np.save(tmp_path / "scan#2.npy", stack[0])
    np.testing.assert_array_equal(read_depth(tmp_path / "scan#2.npy").values, stack[0])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("flat.h5#1", np.ones((3, 4)), "it holds one map: leave #1 out"),
        ("zero.h5", np.ones((0, 3, 4)), "holds 0×3×4 numbers: give one map"),
        ("one.h5", np.float32(3), "holds single numbers: give one map"),
        ("four.h5", np.ones((2, 3, 4, 5)), "holds 2×3×4×5 numbers: give one map"),
        ("colours.h5", np.ones((24, 32, 3)), "as pictures in colours do: give one grey map"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, name, content, says):
    with h5py.File(tmp_path / name.partition("#")[0], "w") as file:
        file["depth"] = content
    with pytest.raises(FileError, match=says):
        read_depth(tmp_path / name)


def test_a_map_among_coordinates_and_texts_is_the_only_one(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["y"], file["note"] = np.arange(4.0), np.arange(3.0), "a scene"
        file["z"] = np.full((1, 3, 4, 1), 2.5)
    assert read_depth(tmp_path / "a.h5").shape == (3, 4)
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["normals"] = np.ones((3, 4, 3))
    with pytest.raises(
        FileError, match=r"a\.h5 holds normals, z: name one, such as a\.h5#normals$"
    ):
        read_depth(tmp_path / "a.h5")
    assert read_depth(tmp_path / "a.h5#z").values[0, 0] == 2.5


def test_names_within_a_file_are_followed_and_names_of_other_files_are_not(tmp_path):
    numbers = np.full((4, 5), 5.0)
    with h5py.File(tmp_path / "real.h5", "w") as file:
        file["z"] = numbers
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["alias"], file["rgb"] = numbers, np.ones((2, 2, 3))
        file["depth"] = file["alias"]
        file["soft"] = h5py.SoftLink("/alias")
    for name in ("linked.h5", "linked.h5#soft", "linked.h5#alias"):
        assert read_depth(tmp_path / name).values[0, 0] == 5
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file["depth"] = h5py.ExternalLink("real.h5", "/z")
        file["group"] = h5py.ExternalLink("real.h5", "/")
    for name in ("outside.h5", "outside.h5#group/z"):
        with pytest.raises(FileError, match=r"is in another file, real\.h5: give that file"):
            read_depth(tmp_path / name)


def test_numbers_that_are_in_other_files_are_refused(tmp_path):
    (tmp_path / "numbers").write_bytes(np.ones((4, 5)).tobytes())
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file.create_dataset("depth", (4, 5), "f8", external=[(tmp_path / "numbers", 0, 160)])
    with pytest.raises(
        FileError, match=r"the numbers of depth are in another file, .*numbers: save"
    ):
        read_depth(tmp_path / "outside.h5")
    with h5py.File(tmp_path / "real.h5", "w") as file:
        file["z"] = np.ones((4, 5))
        source = h5py.VirtualSource(file["z"])
    layout = h5py.VirtualLayout((4, 5), "f8")
    layout[:] = source
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        file.create_virtual_dataset("depth", layout)
    with pytest.raises(FileError, match="depth is put together from other files"):
        read_depth(tmp_path / "virtual.h5")


def test_an_array_of_chunks_that_are_not_there_is_refused(tmp_path):
    with h5py.File(tmp_path / "hollow.h5", "w") as file:
        file.create_dataset("depth", (6000, 6000), "f4", chunks=(100, 100))
    with pytest.raises(FileError, match="promises 144,000,000 bytes of numbers, but stores 0"):
        read_depth(tmp_path / "hollow.h5")


def test_damage_is_one_line(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(200))
    with pytest.raises(FileError, match="damaged, or no HDF5") as caught:
        read_depth(tmp_path / "a.h5")
    assert "\n" not in str(caught.value)


def test_the_scale_offset_filter_is_said(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("depth", data=np.float32([[1.25, 2.5]]), scaleoffset=2)
    assert any("scale-offset" in note for note in read_depth(tmp_path / "a.h5").metadata.notes)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("depth", data=np.float32([[1.25, 2.5]]))
    assert read_depth(tmp_path / "b.h5").metadata.notes == ()


def test_texts_of_any_length_are_in_heaps_that_are_checked(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["depth"] = np.ones((3, 4), np.float32)
        for k in range(300):
            file["depth"].attrs[f"text{k}"] = k * "x"
        file["depth"].attrs["units"] = "mm"
    assert path.read_bytes().count(b"GCOL") > 5
    check_heaps(path)
    assert read_depth(path).values.max() == np.float32(0.001)


def heap(*lengths: int, whole: int = 128) -> bytes:
    """A heap of texts, the last of which is what is free."""
    *texts, free = lengths
    objects = b"".join(struct.pack("<HH4xQ", 1, 0, size) + bytes(size) for size in texts)
    objects += struct.pack("<HH4xQ", 0, 0, free)
    return (b"GCOL\1\0\0\0" + struct.pack("<Q", whole) + objects).ljust(128, b"\0")


@pytest.mark.parametrize("content", [heap(16, 80), heap(16, 16, 48), b"GCO" + heap(16, 80)])
def test_heaps_that_are_whole_pass(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    check_heaps(tmp_path / "a")


def test_a_file_is_looked_at_once_and_again_when_it_has_changed(tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(hdf5_heaps, "_is_whole", lambda *given: looked.append(given) or True)
    path = tmp_path / "a"
    for content in (heap(16, 80), heap(16, 80), heap(16, 80) + b"more"):
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
        check_heaps(path)
    assert len(looked) == 2


@pytest.mark.parametrize(
    "content",
    [
        heap(16, 56),
        heap(500, 80),
        heap(16, 80, whole=8),
        heap(16, 80)[:-1],
        b"GCOL\1\0\0\0",
    ],
)
def test_heaps_that_are_damaged_are_refused(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FileError, match="is damaged: its texts"):
        check_heaps(tmp_path / "a")
