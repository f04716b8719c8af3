"""Zarr arrays, written and read by zarr itself."""

from __future__ import annotations

import base64
import json
import struct

import numcodecs
import numpy as np
import pytest
import zarr
from testing.command import refused, run

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import FileError
from dsdmsr.io import check_output, left_out, read_stored
from dsdmsr.io.patterns import depth_files


def made(path, format_=3, **arrays: np.ndarray):
    group = zarr.create_group(path, zarr_format=format_)
    for name, numbers in arrays.items():
        group.create_array(name.replace("__", "/"), data=numbers)
    return group


@pytest.mark.parametrize("format_", [2, 3])
def test_arrays_are_read_as_they_are(tmp_path, rng, format_):
    ramp = np.arange(1, 7, dtype=np.uint16).reshape(2, 3)
    other = rng.uniform(1, 5, (4, 5))
    made(tmp_path / "several.zarr", format_, depth=ramp, rgb=np.zeros((2, 3, 3)), scene__z=other)
    made(tmp_path / "one.zarr", format_, scene__z=other)
    zarr.create_array(tmp_path / "alone.zarr", data=ramp, chunks=(1, 2), zarr_format=format_)
    depth = read_depth(tmp_path / "several.zarr")
    np.testing.assert_array_equal(depth.values, (ramp / 1000).astype(np.float32))
    assert depth.encoding == "mm"
    np.testing.assert_array_equal(read_stored(tmp_path / "alone.zarr").numbers, ramp)
    for name in ("one.zarr", "several.zarr#scene/z", "one.zarr#scene/z"):
        np.testing.assert_array_equal(read_stored(tmp_path / name).numbers, other)


@pytest.mark.parametrize("declared", [False, True])
def test_the_fill_value_is_a_marker_only_if_attributes_say_so(tmp_path, declared):
    numbers = np.array([[1.5, -1], [0, 3]], np.float32)
    group = zarr.create_group(tmp_path / "a.zarr")
    array = group.create_array("depth", data=numbers, fill_value=-1)
    if declared:
        array.attrs["_FillValue"] = -1.0
    depth = read_depth(tmp_path / "a.zarr", "inverse")
    np.testing.assert_array_equal(depth.valid, [[True, not declared], [True, True]])
    write_depth(tmp_path / "b.zarr", depth)
    back = zarr.open(tmp_path / "b.zarr", mode="r")["depth"]
    np.testing.assert_array_equal(back[:], numbers)
    assert back.attrs.get("_FillValue") == (-1 if declared else None)
    # xarray writes it so in format 3.
    array.attrs["_FillValue"] = base64.b64encode(struct.pack("<d", 3.0)).decode()
    assert not read_depth(tmp_path / "a.zarr", "inverse").valid[1, 1]


@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3")
@pytest.mark.parametrize("attribute", ["_FillValue", "missing_value"])
@pytest.mark.parametrize("format_", [2, 3])
def test_a_declared_number_counts_as_filters_have_rounded_it(tmp_path, format_, attribute):
    numbers = np.array([[1.5, -9999], [300.25, 0]], np.float32)
    if format_ == 2:
        filters = [numcodecs.BitRound(7)]
    else:
        order = zarr.codecs.TransposeCodec(order=(1, 0))
        filters = [order, zarr.codecs.numcodecs.BitRound(keepbits=7)]
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=format_)
    array = group.create_array("depth", data=numbers, filters=filters)
    array.attrs.update({attribute: -9999.0, "units": "m"})
    assert array[0, 1] == -9984
    depth = read_depth(tmp_path / "a.zarr")
    np.testing.assert_array_equal(depth.valid, [[True, False], [True, True]])
    write_depth(tmp_path / "b.zarr", depth)
    back = zarr.open(tmp_path / "b.zarr", mode="r")["depth"]
    assert back[0, 1] == back.attrs["_FillValue"] == -9984


def test_a_map_of_a_stack_is_named_by_its_number(tmp_path, rng):
    stack = rng.uniform(1, 5, (3, 4, 5)).astype(np.float32)
    made(tmp_path / "a.zarr", depth=stack)
    np.testing.assert_array_equal(read_depth(tmp_path / "a.zarr#2").values, stack[2])
    for name in ("a.zarr", "a.zarr#3"):
        with pytest.raises(FileError, match=r"holds 3 maps: name one, a\.zarr#0 to a\.zarr#2"):
            read_depth(tmp_path / name)


def test_what_is_written_is_read_by_zarr_and_replaced_whole(tmp_path, rng):
    numbers = rng.uniform(1, 5, (1500, 7)).astype(np.float32)
    path = tmp_path / "out" / "a.zarr"
    write_depth(path, DepthMap(numbers))
    np.testing.assert_array_equal(zarr.open(path, mode="r")["depth"][:], numbers)
    with pytest.raises(FileError, match="exists"):
        write_depth(path, DepthMap(numbers))
    write_depth(path, DepthMap(numbers[:9]), overwrite=True)
    np.testing.assert_array_equal(zarr.open(path, mode="r")["depth"][:], numbers[:9])
    assert [p.name for p in path.parent.iterdir()] == ["a.zarr"]
    assert left_out(path, DepthMap(numbers).metadata) == []


def test_names_of_arrays_are_kept(tmp_path):
    numbers = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
    made(tmp_path / "a.zarr", scene__z=numbers)
    zarr.create_array(tmp_path / "alone.zarr", data=numbers)
    write_depth(tmp_path / "b.zarr", read_depth(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(zarr.open(tmp_path / "b.zarr", mode="r")["scene/z"][:], numbers)
    write_depth(tmp_path / "c.zarr", read_depth(tmp_path / "alone.zarr"))
    np.testing.assert_array_equal(zarr.open(tmp_path / "c.zarr", mode="r")[:], numbers)
    write_depth(tmp_path / "d.h5", read_depth(tmp_path / "alone.zarr"))
    np.testing.assert_array_equal(read_depth(tmp_path / "d.h5").values, numbers)


def test_a_folder_counts_as_a_file(tmp_path, rng, capsys):
    for name in ("a", "b"):
        made(tmp_path / "in" / f"{name}.zarr", depth=rng.uniform(1, 5, (16, 16)).astype(np.float32))
    paths = [tmp_path / "in" / f"{name}.zarr" for name in ("a", "b")]
    assert depth_files([str(tmp_path / "in")]) == paths
    assert depth_files([str(paths[0])]) == paths[:1]
    assert depth_files([str(tmp_path / "in" / "*.zarr")]) == paths
    code, out, _ = run(capsys, "info", paths[0])
    assert code == 0
    assert "16×16, float32" in out
    options = ("--scale", "2")
    assert run(capsys, "upscale", tmp_path / "in", "-o", tmp_path / "out", *options)[0] == 0
    assert read_depth(tmp_path / "out" / "b.zarr").shape == (32, 32)
    single = ("upscale", paths[0], "-o", tmp_path / "c.zarr", *options)
    assert run(capsys, *single)[0] == 0
    assert "exists" in refused(capsys, *single)
    assert run(capsys, *single, "--overwrite")[0] == 0
    assert read_depth(tmp_path / "c.zarr").shape == (32, 32)


def test_folders_that_only_look_so_are_left_alone(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileError, match="is a folder"):
        read_depth(tmp_path / "a.zarr")
    with pytest.raises(FileError, match="is a folder"):
        check_output(tmp_path / "a.zarr", overwrite=True)
    (tmp_path / "b.zarr").write_bytes(b"PK")
    with pytest.raises(FileError, match="damaged, or no Zarr"):
        read_depth(tmp_path / "b.zarr")


def test_what_is_no_map_is_refused(tmp_path):
    ones = np.ones((2, 2))
    made(tmp_path / "several.zarr", a=ones, b=ones)
    made(tmp_path / "error.zarr", error=ones)
    made(tmp_path / "line.zarr", depth=np.ones(5))
    made(tmp_path / "none.zarr")
    made(tmp_path / "one.zarr", depth=ones)
    zarr.create_array(tmp_path / "huge.zarr", shape=(10**6, 10**6), dtype="f4", chunks=(512, 512))
    for name, says in [
        ("several.zarr", r"holds a, b: name one, such as several\.zarr#a"),
        ("several.zarr#c", "has no array c: it holds a, b"),
        ("error.zarr", "expected errors of a map"),
        ("line.zarr", "holds 5 numbers: give one map"),
        ("none.zarr", "holds no array"),
        ("one.zarr#1", "holds one map: leave #1 out"),
        ("huge.zarr", "promises 4,000,000,000,000 bytes of numbers, but stores"),
    ]:
        with pytest.raises(FileError, match=says):
            read_depth(tmp_path / name)


def test_damaged_folders_are_refused_in_one_line(tmp_path):
    for name in ("meta", "chunk", "shape", "fill"):
        made(tmp_path / f"{name}.zarr", depth=np.random.default_rng(0).random((50, 50)))
    (tmp_path / "meta.zarr" / "depth" / "zarr.json").write_text("{")
    (chunk,) = (p for p in (tmp_path / "chunk.zarr" / "depth" / "c").rglob("*") if p.is_file())
    chunk.write_bytes(chunk.read_bytes()[:100])
    about = tmp_path / "shape.zarr" / "depth" / "zarr.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"shape": [-1, "x"]}))
    zarr.open(tmp_path / "fill.zarr")["depth"].attrs["_FillValue"] = "???"
    for name in ("meta", "chunk", "shape", "fill"):
        with pytest.raises(FileError, match="damaged, or no Zarr that can be read") as caught:
            read_depth(tmp_path / f"{name}.zarr")
        assert "\n" not in str(caught.value)


def test_few_bits_count_as_floats_there_too(tmp_path, monkeypatch):
    monkeypatch.setattr("dsdmsr.io.checks.SURE", 1000)
    monkeypatch.setattr("dsdmsr.io.checks.MOST_COMPRESSED", 1)
    for kind, promised in (("u1", 400), ("f8", 3200)):
        path = tmp_path / f"{kind}.zarr"
        zarr.create_array(path, shape=(20, 20), chunks=(10, 10), dtype=kind)
        with pytest.raises(FileError, match=f"promises {promised:,} bytes of numbers, but stores"):
            read_depth(path)


@pytest.mark.parametrize("declared", [True, False])
def test_chunks_that_are_not_stored_hold_the_number_for_nothing(tmp_path, declared):
    metadata = Metadata(invalid=-1.0, declares_invalid=declared, floats=True)
    depth = DepthMap(np.ones((2, 1030)), metadata=metadata, encoding="metres", unit="m")
    write_depth(tmp_path / "a.zarr", depth)
    array = zarr.open(tmp_path / "a.zarr", mode="r")["depth"]
    assert (array.chunks, array.metadata.zarr_format) == ((2, 1024), 2)
    if declared:
        assert array.fill_value == -1
    declared_as = {"_FillValue": -1.0} if declared else {}
    expected = {"_ARRAY_DIMENSIONS": ["y", "x"], "units": "m"} | declared_as
    assert dict(array.attrs) == expected


def blosc(format_: int) -> object:
    return numcodecs.Blosc() if format_ == 2 else zarr.codecs.BloscCodec()


def shorter(content: bytes, start: int = 0) -> bytes:
    """Return content in which a chunk of Blosc's that begins somewhere claims a byte less."""
    (length,) = struct.unpack_from("<I", content, start + 12)
    return content[: start + 12] + struct.pack("<I", length - 1) + content[start + 16 :]


@pytest.mark.parametrize("format_", [2, 3])
@pytest.mark.parametrize("change", [shorter, lambda whole: whole + b"x", lambda whole: whole[:15]])
def test_a_chunk_of_blosc_that_is_not_as_long_as_it_says_is_refused(tmp_path, format_, change):
    numbers = np.arange(48, dtype=np.float32).reshape(6, 8)
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=format_)
    group.create_array("depth", data=numbers, chunks=(3, 4), compressors=blosc(format_))
    np.testing.assert_array_equal(read_stored(tmp_path / "a.zarr").numbers, numbers)
    name = "1.0" if format_ == 2 else "c/1/0"
    chunk = tmp_path / "a.zarr" / "depth" / name
    chunk.write_bytes(change(chunk.read_bytes()))
    with pytest.raises(
        FileError, match=rf"a\.zarr is damaged: {chunk.name} is not as long as it says"
    ):
        read_stored(tmp_path / "a.zarr")


@pytest.mark.parametrize("where", ["end", "start"])
def test_a_chunk_of_blosc_in_a_shard_that_is_not_as_long_as_it_says_is_refused(tmp_path, where):
    numbers = np.arange(1, 193, dtype=np.float32).reshape(12, 16)
    numbers[:6, :8] = 0  # not stored
    sharding = zarr.codecs.ShardingCodec(
        chunk_shape=(6, 8),
        codecs=[zarr.codecs.BytesCodec(), zarr.codecs.BloscCodec()],
        index_location=where,
    )
    array = zarr.create_array(
        tmp_path / "a.zarr",
        shape=(12, 16),
        dtype="f4",
        chunks=(12, 16),
        serializer=sharding,
        compressors=None,
        fill_value=0,
    )
    array[:] = numbers
    np.testing.assert_array_equal(read_stored(tmp_path / "a.zarr").numbers, numbers)
    shard = tmp_path / "a.zarr" / "c" / "0" / "0"
    content = shard.read_bytes()
    index = content[-68:-4] if where == "end" else content[:64]
    start = struct.unpack_from("<Q", index, 16)[0]
    shard.write_bytes(shorter(content, start))
    with pytest.raises(FileError, match="0 is not as long as it says"):
        read_stored(tmp_path / "a.zarr")
    shard.write_bytes(content[:20])
    with pytest.raises(FileError, match=r"a\.zarr is damaged"):
        read_stored(tmp_path / "a.zarr")


def test_only_the_chunks_of_the_map_that_is_read_are_looked_at(tmp_path):
    numbers = np.arange(1, 97, dtype=np.float32).reshape(1, 4, 4, 6)
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    group.create_array("depth", data=numbers, chunks=(1, 2, 4, 3), compressors=blosc(2))
    damaged = tmp_path / "a.zarr" / "depth" / "0.1.0.1"
    damaged.write_bytes(shorter(damaged.read_bytes()))
    for number in (0, 1):
        read = read_stored(tmp_path / f"a.zarr#{number}").numbers
        np.testing.assert_array_equal(read, numbers[0, number])
    for number in (2, 3):
        with pytest.raises(FileError, match=r"0\.1\.0\.1 is not as long as it says"):
            read_stored(tmp_path / f"a.zarr#{number}")
    for number in ("", "#4", "#x"):
        with pytest.raises(FileError, match=r"a\.zarr"):
            read_stored(tmp_path / f"a.zarr{number}")
