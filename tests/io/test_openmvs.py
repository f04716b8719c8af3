"""OpenMVS's depth maps, built by hand from the description in its Interface.h."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from testing.command import refused, run

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.phase import axis
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io import left_out
from tools.source_files.dmaps import CENTRE, ROTATION, K, dmap


@pytest.fixture
def numbers(rng) -> np.ndarray:
    numbers = rng.uniform(0.5, 9, (24, 32)).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.2] = 0
    return numbers


def scene(path: Path, *arguments, **more) -> Path:
    path.write_bytes(dmap(*arguments, **more))
    return path


def test_depth_is_read_with_the_camera_at_its_size(tmp_path, numbers):
    depth = read_depth(scene(tmp_path / "depth0007.dmap", numbers))
    np.testing.assert_array_equal(depth.values, numbers)
    np.testing.assert_array_equal(depth.valid, numbers > 0)
    assert (depth.kind, depth.unit, depth.encoding) == ("depth", None, "float")
    camera = depth.intrinsics
    # OpenMVS's ScaleK: (c + 0.5)·s - 0.5, at half the image's size.
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (350, 355, 15.5, 9.875)
    assert not depth.metadata.notes


@pytest.mark.parametrize("exponent", [None, 3, -5])
def test_what_else_it_holds_is_left_out_and_said(tmp_path, numbers, exponent):
    depth = read_depth(scene(tmp_path / "a.dmap", numbers, maps=15, exponent=exponent))
    assert "its normals, confidences, views are left out" in depth.metadata.notes
    np.testing.assert_allclose(depth.values, numbers, rtol=0 if exponent is None else 5e-4)
    if exponent is not None:
        expected = (numbers / 2.0**exponent).astype(np.float16).astype(np.float32) * 2.0**exponent
        np.testing.assert_array_equal(depth.values, expected)
    assert any("views" in line for line in depth.metadata.notes)


def test_it_comes_back_byte_by_byte_but_for_what_is_left_out(tmp_path, numbers):
    write_depth(tmp_path / "b.dmap", read_depth(scene(tmp_path / "a.dmap", numbers, maps=7)))
    assert (tmp_path / "b.dmap").read_bytes() == dmap(numbers)


def test_the_range_of_depth_holds_what_is_written(tmp_path, numbers):
    depth = read_depth(scene(tmp_path / "a.dmap", numbers))
    values = depth.values.copy()
    values[3, 4:6], valid = (0.25, 9.5), depth.valid.copy()
    valid[3, 4:6] = True
    write_depth(tmp_path / "b.dmap", DepthMap(values, valid, metadata=depth.metadata))
    near_and_far = struct.unpack_from("<2f", (tmp_path / "b.dmap").read_bytes(), 20)
    assert near_and_far == (0.25, 9.5)


def test_half_floats_come_back(tmp_path, numbers):
    path = scene(tmp_path / "a.dmap", numbers, exponent=3)
    depth = read_depth(path)
    write_depth(tmp_path / "b.dmap", depth)
    content = (tmp_path / "b.dmap").read_bytes()
    assert content[:4] == b"D2\x01" + struct.pack("b", int(np.floor(np.log2(depth.values.max()))))
    assert len(content) == len(path.read_bytes())
    np.testing.assert_array_equal(read_depth(tmp_path / "b.dmap").values, depth.values)


def larger(depth: DepthMap, scale: int) -> DepthMap:
    return DepthMap(
        depth.values.repeat(scale, 0).repeat(scale, 1),
        depth.valid.repeat(scale, 0).repeat(scale, 1),
        intrinsics=depth.intrinsics.scaled(scale),
        encoding=depth.encoding,
        metadata=depth.metadata.mapped(axis(1, scale), axis(1, scale)),
    )


@pytest.mark.parametrize(("scale", "size"), [(2, (64, 48)), (4, (128, 96))])
def test_a_larger_map_has_the_camera_of_its_size(tmp_path, numbers, scale, size):
    depth = read_depth(scene(tmp_path / "a.dmap", numbers))
    write_depth(tmp_path / "b.dmap", larger(depth, scale))
    content = (tmp_path / "b.dmap").read_bytes()
    assert struct.unpack_from("<4I", content, 4) == (*size, 32 * scale, 24 * scale)
    at = 28 + 2 + 14 + 4 * 4
    k = struct.unpack_from("<9d", content, at)
    grown = size[0] / 64
    expected = (K[0] * grown, 0, (K[2] + 0.5) * grown - 0.5)
    assert k[:3] == pytest.approx(expected)
    assert k[3:6] == pytest.approx((0, K[4] * grown, (K[5] + 0.5) * grown - 0.5))
    assert struct.unpack_from("<12d", content, at + 72) == (*ROTATION, *CENTRE)
    back, wanted = read_depth(tmp_path / "b.dmap").intrinsics, depth.intrinsics.scaled(scale)
    assert (back.fx, back.cx, back.cy) == pytest.approx((wanted.fx, wanted.cx, wanted.cy))


def test_other_maps_are_no_dmap(tmp_path, numbers, capsys):
    with pytest.raises(EncodingError, match=r"needs the camera and the image of a depth map"):
        write_depth(tmp_path / "a.dmap", DepthMap(numbers))
    depth = read_depth(scene(tmp_path / "b.dmap", numbers))
    with pytest.raises(EncodingError, match=r"needs the camera"):
        write_depth(tmp_path / "c.dmap", to_kind(depth, "inverse_depth"), "inverse")
    np.save(tmp_path / "a.npy", numbers)
    line = refused(capsys, "upscale", tmp_path / "a.npy", "-o", tmp_path / "a.dmap", "--scale", "2")
    assert "write .pfm, .npy" in line
    assert not (tmp_path / "a.dmap").exists()
    assert left_out(tmp_path / "b.npy", depth.metadata) == [
        "a NPY holds no view of OpenMVS: it is left out; write .dmap to keep it"
    ]


def test_info_and_upscale_take_it(tmp_path, numbers, capsys):
    path = scene(tmp_path / "a.dmap", np.where(numbers > 0, 2 + numbers / 9, 0), maps=3)
    code, out, _ = run(capsys, "info", path)
    assert code == 0
    assert "its normals are left out" in out
    assert "unit unknown" in out
    assert run(capsys, "upscale", path, "-o", tmp_path / "out", "--scale", "4")[0] == 0
    made = read_depth(tmp_path / "out" / "a.dmap")
    assert made.shape == (96, 128)
    assert made.intrinsics.fx == pytest.approx(1400)


@pytest.mark.parametrize("exponent", [None, 3])
def test_damaged_files_are_refused_in_one_line(tmp_path, numbers, exponent):
    whole = dmap(numbers, maps=3, exponent=exponent)
    path = tmp_path / "a.dmap"
    huge = struct.pack("<2I", 2**32 - 1, 2**32 - 1)
    for content in [
        *(whole[:cut] for cut in (0, 1, 27, 30, 40, 60, 200, len(whole) - 1)),
        whole + b"\0",
        b"DX" + whole[2:],
        whole[:2] + b"\2" + whole[3:],
        whole[:2] + b"\xff" + whole[3:],
        whole[:4] + bytes(4) + whole[8:],
        whole[:12] + huge + whole[20:],
        dmap(numbers, k=(float("nan"), *K[1:])),
        dmap(numbers, k=(0.0, *K[1:])),
    ]:
        path.write_bytes(content)
        with pytest.raises(FileError, match=r"damaged, or no depth map of OpenMVS|promises") as e:
            read_depth(path)
        assert "\n" not in str(e.value)
    at = whole.index(b"ref.jpg") + 7
    for count in (0, 256, 2**32 - 1):
        path.write_bytes(whole[:at] + struct.pack("<I", count) + whole[at + 4 :])
        with pytest.raises(FileError, match="damaged"):
            read_depth(path)
