"""OpenMVS's depth maps, built by hand from the description in its Interface.h."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from testing.command import refused, run

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.phase import axis
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io import left_out
from dsdmsr.io.openmvs import read_dmap, write_dmap
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


def four(camera) -> tuple[float, ...]:
    return camera.fx, camera.fy, camera.cx, camera.cy


SKEWED = (700.0, 3.0, 31.5, 0.0, 710.0, 20.25, 0.0, 0.0, 1.0)


def test_the_camera_of_a_map_of_another_shape_is_that_of_each_axis(tmp_path, numbers):
    stored = read_dmap(scene(tmp_path / "a.dmap", numbers, image=(128, 72)))
    assert four(stored.intrinsics) == pytest.approx((175, 710 / 3, 7.5, 20.75 / 3 - 0.5))


@pytest.mark.parametrize("exponent", [None, -2])
def test_what_is_said_of_the_view_is_kept(tmp_path, numbers, exponent):
    content = dmap(numbers, image=(128, 72), exponent=exponent, k=SKEWED)
    (tmp_path / "a.dmap").write_bytes(content)
    stored = read_dmap(tmp_path / "a.dmap")
    view = stored.view
    assert (view.image, view.image_size, view.views) == (b"images/ref.jpg", (128, 72), (7, 9, 11))
    assert (view.depth_range, view.camera) == ((0.5, 9.0), SKEWED)
    assert (view.pose, view.halves) == ((*ROTATION, *CENTRE), exponent is not None)
    assert stored.numbers.dtype == np.float32
    assert stored.notes == ()


@pytest.mark.parametrize(
    ("maps", "names"),
    [
        (3, "normals"),
        (5, "confidences"),
        (9, "views"),
        (7, "normals, confidences"),
        (15, "normals, confidences, views"),
    ],
)
@pytest.mark.parametrize("exponent", [None, 1])
def test_each_map_that_is_left_out_is_named(tmp_path, numbers, maps, names, exponent):
    stored = read_dmap(scene(tmp_path / "a.dmap", numbers, maps=maps, exponent=exponent))
    assert stored.notes == (f"its {names} are left out",)


@pytest.mark.parametrize(
    ("maps", "exponent", "pixel"),
    [(1, None, 4), (3, None, 16), (5, None, 8), (9, None, 8), (1, 0, 2), (3, 0, 6), (5, 0, 3)],
)
def test_bytes_that_are_missing_are_counted(tmp_path, numbers, maps, exponent, pixel):
    path = tmp_path / "a.dmap"
    path.write_bytes(dmap(numbers, maps=maps, exponent=exponent)[:-1])
    whole = 24 * 32 * pixel
    says = f"{path} promises 32×24 pixels of {pixel} bytes, {whole} bytes, but holds {whole - 1}"
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        read_dmap(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: b"DX" + c[2:], "it begins with b'DX'"),
        (lambda c: c[:2] + b"\2" + c[3:], "it holds 32×24 pixels, maps 2, of [64, 48]"),
        (lambda c: c[:2] + b"\x11" + c[3:], "it holds 32×24 pixels, maps 17, of [64, 48]"),
        (lambda c: c[:4] + bytes(4) + c[8:], "it holds 32×24 pixels, maps 1, of [0, 48]"),
        (lambda c: c[:16] + bytes(4) + c[20:], "it holds 32×0 pixels, maps 1, of [64, 48]"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(tmp_path, numbers, change, says):
    path = tmp_path / "a.dmap"
    path.write_bytes(change(dmap(numbers)))
    says = f"{path} is damaged, or no depth map of OpenMVS: {says}"
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        read_dmap(path)


@pytest.mark.parametrize("at", [0, 4])
@pytest.mark.parametrize("wrong", [0.0, -1.0, float("inf"), float("nan")])
def test_a_camera_has_two_focal_lengths(tmp_path, numbers, at, wrong):
    path = scene(tmp_path / "a.dmap", numbers, k=(*K[:at], wrong, *K[at + 1 :]))
    says = "no depth map of OpenMVS: its camera or its list of views is none"
    with pytest.raises(FileError, match=f"{re.escape(says)}$"):
        read_dmap(path)


def written(path: Path, numbers: np.ndarray, view) -> bytes:
    write_dmap(path, numbers, metadata=Metadata(view=view))
    return path.read_bytes()


@pytest.mark.parametrize(
    ("image", "size", "camera"),
    [
        ((16, 20), (32, 24), (1400, 6, 63.5, 0, 852, 24.4, 0, 0, 1)),
        ((64, 20), (32, 24), (350, 1.5, 15.5, 0, 852, 24.4, 0, 0, 1)),
        ((16, 48), (32, 24), (1400, 6, 63.5, 0, 355, 9.875, 0, 0, 1)),
        ((32, 24), (32, 24), SKEWED),
        ((33, 25), (33, 25), SKEWED),
    ],
)
def test_an_image_is_no_smaller_than_its_map(tmp_path, numbers, image, size, camera):
    view = read_dmap(scene(tmp_path / "a.dmap", numbers, image=image, k=SKEWED)).view
    content = written(tmp_path / "b.dmap", numbers, view)
    assert content[:4] == b"DR\1\0"
    assert struct.unpack_from("<4I", content, 4) == (*size, 32, 24)
    assert content[28:60] == dmap(numbers)[28:60]
    assert struct.unpack_from("<9d", content, 60) == pytest.approx(camera)
    assert struct.unpack_from("<12d", content, 132) == (*ROTATION, *CENTRE)
    assert content[228:] == numbers.tobytes()


@pytest.mark.parametrize(
    ("depth", "limits"),
    [
        ([[0, 1], [2, 8]], (0.5, 9.0)),
        ([[0, 0.25], [2, 9.5]], (0.25, 9.5)),
        ([[0, 0], [0, 0]], (0.5, 9.0)),
        ([[10, 11], [12, 13]], (0.5, 13.0)),
    ],
)
def test_zeros_are_outside_the_range_of_depth(tmp_path, numbers, depth, limits):
    view = read_dmap(scene(tmp_path / "a.dmap", numbers)).view
    content = written(tmp_path / "b.dmap", np.float32(depth), view)
    assert struct.unpack_from("<2f", content, 20) == limits


@pytest.mark.parametrize(
    ("greatest", "exponent"),
    [
        (1, 0),
        (1.75, 0),
        (2, 1),
        (7, 2),
        (8, 3),
        (0.5, -1),
        (0, 0),
        (2.0**120, 100),
        (2.0**-120, -100),
    ],
)
def test_half_floats_are_of_the_power_that_the_greatest_depth_has(
    tmp_path, numbers, greatest, exponent
):
    view = read_dmap(scene(tmp_path / "a.dmap", numbers, exponent=0)).view
    depth = np.float32([[0, greatest, greatest / 4]])
    with np.errstate(over="ignore"):
        content = written(tmp_path / "b.dmap", depth, view)
        expected = np.ldexp(depth, -exponent).astype("<f2")
    assert content[:4] == b"D2\1" + struct.pack("b", exponent)
    assert struct.unpack_from("<4If", content, 4)[:4] == (64, 48, 3, 1)
    assert struct.unpack_from("<fH", content, 28) == (1.0, 14)
    assert content[-6:] == expected.tobytes()


def test_a_view_has_to_be_known(tmp_path, numbers):
    path = tmp_path / "a.dmap"
    says = f"{path}: a map that comes from no .dmap has no view: write another format"
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        write_dmap(path, numbers, metadata=Metadata())


def test_the_list_of_views_and_the_name_may_be_of_any_length(tmp_path, numbers):
    view = read_dmap(scene(tmp_path / "a.dmap", numbers)).view
    for image, views in ((b"", (1,)), (b"x" * 300, tuple(range(255)))):
        other = replace(view, image=image, views=views)
        written(tmp_path / "b.dmap", numbers, other)
        stored = read_dmap(tmp_path / "b.dmap")
        assert stored.view == other
        np.testing.assert_array_equal(stored.numbers, numbers)
