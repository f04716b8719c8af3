"""The scripts of docs/recipes.md, run as users run them, and read back by the other programs.

What another environment needs to run them all is said by `python -m tools interop`; the folder runs
without the conftest.py above it, where torch isn't installed.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import warnings
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from testing.blender_scenes import composited, exr_depth, render_the_plane
from testing.plane_inputs import (
    RADIUS,
    SPHERE,
    colmap_folder,
    metres,
    millimetres,
    ros_messages,
    sphere_before_the_plane,
)
from testing.planes import CAMERA, SHAPE, Plane, holes, inside

from dsdmsr import Intrinsics

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"<!-- recipe: (\w+) -->\n```python\n(.*?)```", PAGE, flags=re.DOTALL))
PLANE, VALID = Plane(), holes()
MILLIMETRE = 0.001
STEP = 0.006
"""Beside holes and at the ends, a plane is off by less than from one of its pixels to the next."""


def need(module: str) -> Any:
    """Return a program's module; what it warns about on the way in is its own affair."""
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed: python -m tools interop runs it")
    with warnings.catch_warnings(action="ignore"):
        return import_module(module)


def run(name: str, folder: Path) -> None:
    """Run a recipe in a folder, in a process of its own."""
    script = folder / "recipe.py"
    script.write_text(RECIPES[name], encoding="utf-8")
    done = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def check(
    depth: np.ndarray,
    expected: np.ndarray,
    *,
    valid: np.ndarray = VALID,
    rounded: float = 0,
    step: float = STEP,
    off: float = MILLIMETRE,
) -> None:
    """Compare an upscaled map, NaN or 0 in its holes, with the plane at its pixels' centres.

    Args:
        depth: The map, metres.
        expected: The plane's depth.
        valid: What was valid of the low-resolution map.
        rounded: How far writing may have moved a value.
        step: How far it may be off beside holes and at the map's ends.
        off: How far elsewhere.
    """
    seen = np.isfinite(depth) & (depth > 0)
    scale = depth.shape[0] / len(valid)
    # Borders of holes run half-way between centres, and cut corners.
    assert seen.mean() == pytest.approx(valid.mean(), abs=0.01 / scale)
    assert seen[inside(valid, depth.shape, 1)].all()
    assert not seen[inside(~valid, depth.shape, 1)].any()
    error = np.where(seen, np.abs(depth - expected), 0)
    print(f"off by {error[inside(valid, depth.shape)].max():.5f}, {error.max():.5f} beside holes")
    assert error.max() < step + rounded
    assert error[inside(valid, depth.shape)].max() < off + rounded


def larger(scale: int) -> tuple[np.ndarray, Intrinsics]:
    """Return the plane's depth in a larger map, and the camera of that."""
    camera = CAMERA.scaled(scale)
    return PLANE.depth((scale * SHAPE[0], scale * SHAPE[1]), camera), camera


def test_every_recipe_is_tested_and_short():
    source = Path(__file__).read_text(encoding="utf-8")
    assert set(RECIPES) == set(re.findall(r'run\("(\w+)", ', source))
    assert PAGE.count("```python") == len(RECIPES)
    assert max(len(code.splitlines()) for code in RECIPES.values()) <= 60
    assert max(len(line) for code in RECIPES.values() for line in code.splitlines()) <= 100


# ROS


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
@pytest.mark.parametrize("first", [True, False], ids=["ros1", "ros2"])
def test_a_recording_becomes_a_larger_one(tmp_path, monkeypatch, first, encoding):
    need("rosbags")
    from rosbags.highlevel import AnyReader
    from rosbags.rosbag1 import Writer as Writer1
    from rosbags.rosbag2 import Writer as Writer2
    from rosbags.typesys import Stores, get_typestore

    types = get_typestore(Stores.ROS1_NOETIC if first else Stores.ROS2_HUMBLE)
    name, target = ("recording.bag", "upscaled.bag") if first else ("recording", "upscaled")
    path = tmp_path / name
    with Writer1(path) if first else Writer2(path, version=9) as writer:
        pack = types.serialize_ros1 if first else types.serialize_cdr
        sent = list(ros_messages(types, first, encoding))
        to = {t: writer.add_connection(t, m.__msgtype__, typestore=types) for t, _, m in sent[:3]}
        for topic, time, message in sent:
            writer.write(to[topic], time, pack(message, message.__msgtype__))
    for old, new in ((f'"{n}.bag"', f'"{n}"') for n in ("recording", "upscaled")):
        if not first:
            monkeypatch.setitem(RECIPES, "ros", RECIPES["ros"].replace(old, new))
    run("ros", tmp_path)

    with AnyReader([tmp_path / target]) as reader:
        got = [(c.topic, t, reader.deserialize(raw, c.msgtype)) for c, t, raw in reader.messages()]
    assert [(topic, time) for topic, time, _ in got] == [(topic, time) for topic, time, _ in sent]
    assert [m.header.stamp for *_, m in got] == [m.header.stamp for *_, m in sent]
    expected, camera = larger(4)
    for n in range(2):
        (depth, info, colour) = (message for *_, message in got[3 * n : 3 * n + 3])
        assert (depth.height, depth.width, depth.encoding) == (*expected.shape, encoding)
        dtype = "<u2" if encoding == "16UC1" else "<f4"
        pixels = depth.data.view(dtype).reshape(expected.shape)
        assert depth.step == pixels.strides[0]
        assert not depth.is_bigendian
        if n == 0 and encoding == "16UC1":
            check(pixels / 1000, expected)
        elif n == 0:
            check(pixels, expected)
            assert np.isnan(pixels).any()
        else:
            assert not np.nan_to_num(pixels).any()
        k, p = (info.K, info.P) if first else (info.k, info.p)
        fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
        np.testing.assert_allclose(k, [fx, 0, cx, 0, fy, cy, 0, 0, 1])
        np.testing.assert_allclose(p, [fx, 0, cx, -18, 0, fy, cy, 0, 0, 0, 1, 0])
        assert (info.height, info.width) == expected.shape
        assert (info.roi.x_offset, info.roi.height, info.roi.width) == (8, 24, 32)
        assert info.distortion_model == "plumb_bob"
        np.testing.assert_array_equal(colour.data, sent[3 * n + 2][2].data)


# COLMAP


def fused(folder: Path, target: Path) -> np.ndarray:
    """Return the points that COLMAP makes of a folder, N×3."""
    import pycolmap

    target.mkdir()
    options = pycolmap.StereoFusionOptions()
    options.min_num_pixels, options.num_threads = 3, 1
    model = pycolmap.stereo_fusion(target, folder, options=options)
    return np.array([point.xyz for point in model.points3D.values()])


def test_colmap_fuses_an_upscaled_folder(tmp_path):
    pycolmap = need("pycolmap")

    colmap_folder(tmp_path / "dense")
    run("colmap", tmp_path)
    before, after = (fused(tmp_path / n, tmp_path / f"{n}_points") for n in ("dense", "upscaled"))
    assert len(after) > 3 * len(before) > 1000
    # COLMAP puts a pixel of a depth map where its camera has the pixel's corner.
    for points, scale in ((before, 1), (after, 2)):
        z, focal = points[:, 2:], scale * CAMERA.fx
        moved = points + z * [0.5 / focal, 0.5 / focal, 0]
        off = np.abs(PLANE.distances(moved))
        print(f"{len(points)} points off by {np.quantile(off, (0.5, 0.9, 1))}")
        assert np.quantile(off, 0.9) < MILLIMETRE
        assert off.max() < STEP
    shifts = [np.abs(np.median(PLANE.distances(points))) for points in (before, after)]
    assert shifts[1] == pytest.approx(shifts[0] / 2, rel=0.2)

    model = pycolmap.Reconstruction(tmp_path / "upscaled/sparse")
    _, camera = larger(2)
    (colmap,) = model.cameras.values()
    params = [camera.fx, camera.fy, camera.cx + 0.5, camera.cy + 0.5]
    np.testing.assert_allclose(colmap.params, params)
    assert (colmap.width, colmap.height) == (2 * SHAPE[1], 2 * SHAPE[0])
    np.testing.assert_allclose(model.images[2].points2D[0].xy, [96, 72])
    with Image.open(tmp_path / "upscaled/images/view1.png") as image:
        assert image.size == (2 * SHAPE[1], 2 * SHAPE[0])


# OpenMVS


def dmap_read_by_hand(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, bytes]:
    """Return depth, K, pose and views' numbers of a file; HeaderDepthDataRaw of Interface.h."""
    content = path.read_bytes()
    magic, maps, exponent = struct.unpack_from("<2sBb", content)
    sizes = struct.unpack_from("<4I", content, 4)
    at = 28 + (4 if magic == b"D2" else 0)
    at += 2 + struct.unpack_from("<H", content, at)[0]
    count = struct.unpack_from("<I", content, at)[0]
    views = content[at : at + 4 + 4 * count]
    at += len(views)
    matrices = np.frombuffer(content, "<f8", 21, at)
    numbers = np.frombuffer(content[at + 168 :], "<f2" if magic == b"D2" else "<f4")
    assert maps == 1
    assert sizes[:2] == sizes[2:]
    depth = numbers.reshape(sizes[3], sizes[2]).astype(float)
    return depth * 2.0**exponent, matrices[:9].reshape(3, 3), matrices[9:], views


@pytest.mark.parametrize("halves", [False, True])
def test_openmvs_maps_become_larger_ones(tmp_path, halves):
    (tmp_path / "dense").mkdir()
    height, width = SHAPE
    depth = np.where(VALID, PLANE.depth(SHAPE, CAMERA), 0)
    # The image is twice as large as the map, as with a resolution level of 1.
    k = CAMERA.scaled(2)
    head = b"D2\x01\x01" if halves else b"DR\x01\x00"
    content = head + struct.pack("<4I2f", 2 * width, 2 * height, width, height, 1.0, 9.0)
    content += struct.pack("<f", 1.0) if halves else b""
    content += struct.pack("<H", 7) + b"0007.jp" + struct.pack("<4I", 3, 7, 9, 11)
    pose = [1.0, 0, 0, 0, 0, -1, 0, 1, 0, 1.5, -2.5, 3.5]
    content += struct.pack("<21d", k.fx, 0, k.cx, 0, k.fy, k.cy, 0, 0, 1, *pose)
    content += (depth / 2).astype("<f2").tobytes() if halves else depth.astype("<f4").tobytes()
    (tmp_path / "dense/depth0007.dmap").write_bytes(content)
    run("openmvs", tmp_path)
    numbers, matrix, where, views = dmap_read_by_hand(tmp_path / "upscaled/depth0007.dmap")
    expected, camera = larger(2)
    # Half floats of 2 to 4 m are 2 mm apart.
    check(numbers, expected, rounded=2 * MILLIMETRE if halves else 0)
    np.testing.assert_allclose(matrix[[0, 1, 0, 1], [0, 1, 2, 2]], [*vars(camera).values()])
    np.testing.assert_array_equal(where, pose)
    assert views == struct.pack("<4I", 3, 7, 9, 11)


# Open3D and PyVista


def points_of_the_plane(points: np.ndarray, scale: int = 4) -> None:
    """Check that points lie on the plane, and are as many as are known."""
    known = VALID.mean() * scale**2 * VALID.size
    assert len(points) == pytest.approx(known, rel=0.01)
    off = np.abs(PLANE.distances(points))
    most = np.quantile(off, inside(VALID, SHAPE).mean())
    print(f"{len(points)} points off by {most:.5f}, {off.max():.5f} beside holes")
    assert off.max() < STEP
    assert most < MILLIMETRE
    assert points[:, 2].max() > 2.3


def test_open3d_has_points_and_surfaces_in_metres(tmp_path):
    o3d = need("open3d")

    Image.fromarray(millimetres()).save(tmp_path / "depth.png")
    run("open3d", tmp_path)
    for name in ("cloud", "coloured"):
        points_of_the_plane(np.asarray(o3d.io.read_point_cloud(tmp_path / f"{name}.ply").points))
    mesh = o3d.io.read_triangle_mesh(tmp_path / "mesh.ply")
    points_of_the_plane(np.asarray(mesh.vertices))
    normals = np.asarray(mesh.vertex_normals)
    towards = -np.array(PLANE.normal) / np.linalg.norm(PLANE.normal)
    assert np.median(normals @ towards) > 0.99
    # Its area is that of the part of the plane that is seen.
    expected, camera = larger(4)
    seen = expected**3 / (PLANE.offset * camera.fx * camera.fy) * np.linalg.norm(PLANE.normal)
    area = seen.mean() * VALID.mean() * seen.size
    assert mesh.get_surface_area() == pytest.approx(area, rel=0.02)


def test_pyvista_has_a_surface(tmp_path):
    pv = need("pyvista")

    Image.fromarray(millimetres()).save(tmp_path / "depth.png")
    run("pyvista", tmp_path)
    surface = pv.read(tmp_path / "surface.vtp")
    points_of_the_plane(np.asarray(surface.points))
    np.testing.assert_array_equal(surface["depth"], surface.points[:, 2])
    # One piece, whose border runs around it and the three holes inside, not the cut corner.
    edges = surface.extract_feature_edges(
        boundary_edges=True, feature_edges=False, manifold_edges=False, non_manifold_edges=False
    )
    assert edges.connectivity()["RegionId"].max() == 3
    assert surface.connectivity()["RegionId"].max() == 0


def test_open3d_fuses_a_sequence_to_what_was_seen(tmp_path):
    o3d = need("open3d")
    (tmp_path / "sequence").mkdir()
    for number, angle in enumerate(np.radians([-10, -5, 0, 5, 10])):
        pose = np.eye(4)
        pose[:3, :3] = [
            [np.cos(angle), 0, np.sin(angle)],
            [0, 1, 0],
            [-np.sin(angle), 0, np.cos(angle)],
        ]
        pose[:3, 3] = [0, 0, 1.8] - pose[:3, :3] @ [0, 0, 1.8]
        depth = 1000 * sphere_before_the_plane(pose)
        numbers = np.where(VALID, depth, 0).round().astype(np.uint16)
        name = tmp_path / f"sequence/frame-{number:06}"
        Image.fromarray(numbers).save(f"{name}.depth.png")
        np.savetxt(f"{name}.pose.txt", pose)
    run("fusion", tmp_path)
    mesh = o3d.io.read_triangle_mesh(tmp_path / "fused.ply")
    points = np.asarray(mesh.vertices)
    plane = PLANE.distances(points)
    sphere = np.linalg.norm(points - SPHERE, axis=1) - RADIUS
    off = np.minimum(np.abs(plane), np.abs(sphere))
    shares = dict(zip((0.5, 0.9, 0.99), np.quantile(off, (0.5, 0.9, 0.99)), strict=True))
    ball = np.abs(sphere) < 0.02
    print(f"{len(points)} points off by {shares}, {np.median(np.abs(sphere[ball]))} on the sphere")
    assert shares[0.9] < MILLIMETRE
    # Edges of the sphere and of holes, where a volume has one side only.
    assert shares[0.99] < STEP
    assert np.median(np.abs(sphere[ball])) < MILLIMETRE
    # A third of the sphere is seen, and the plane nearly as far as the cameras see.
    third = 4 / 3 * np.pi * RADIUS**2
    assert ball.sum() * 1e-4 == pytest.approx(1.5 * third, rel=0.5)
    assert np.ptp(points[:, 0]) > 2


# Blender


def test_blender_composites_an_upscaled_exr(tmp_path):
    bpy, _ = need("bpy"), need("OpenEXR")
    render_the_plane(bpy, tmp_path / "render.exr", PLANE)
    camera = replace(CAMERA, cx=(SHAPE[1] - 1) / 2, cy=(SHAPE[0] - 1) / 2)
    small = exr_depth(tmp_path / "render.exr")
    valid = small < 1e9
    assert 0.9 < valid.mean() < 0.96
    assert np.abs(small - PLANE.depth(SHAPE, camera))[valid].max() < 1e-5
    run("blender", tmp_path)
    size = 4 * SHAPE[0], 4 * SHAPE[1]
    depth = composited(bpy, tmp_path / "upscaled.exr", size)
    assert (depth.dtype, depth.shape) == (np.float32, size)
    np.testing.assert_array_equal(depth, exr_depth(tmp_path / "upscaled.exr"))
    assert np.unique(depth[depth > 1e9]) == np.float32(1e10)
    expected = PLANE.depth(size, camera.scaled(4))
    check(np.where(depth < 1e9, depth, np.nan), expected, valid=valid)


# Maps of the ground


def height_at(x: Any, y: Any) -> Any:
    """Return the height of a slope in metres, by coordinates on the ground."""
    return 350 + 0.02 * (x - 400_000) - 0.03 * (y - 5_000_000)


def heights(place: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return the heights at pixels' centres; a pixel's corner lies where `place` says."""
    rows, columns = np.indices(shape) + 0.5
    return height_at(place.a * columns + place.c, place.e * rows + place.f)


@pytest.mark.parametrize("dtype", ["float32", "int16"])
def test_gdal_finds_the_same_heights_at_the_same_places(tmp_path, dtype):
    rasterio = need("rasterio")

    place = rasterio.Affine(10.0, 0.0, 400_123.0, 0.0, -10.0, 5_000_456.0)
    numbers = np.where(VALID, heights(place, SHAPE), -32768)
    numbers = numbers.round() if dtype == "int16" else numbers
    about = {"count": 1, "height": SHAPE[0], "width": SHAPE[1], "crs": "EPSG:32632"}
    with rasterio.open(
        tmp_path / "dem.tif", "w", dtype=dtype, nodata=-32768, transform=place, **about
    ) as file:
        file.write(numbers.astype(dtype), 1)
    run("rasterio", tmp_path)
    before, after = (rasterio.open(tmp_path / f"{name}.tif") for name in ("dem", "upscaled"))
    with before as old, after as new:
        assert (new.bounds, new.crs) == (old.bounds, old.crs)
        assert (new.res, new.nodata, new.shape) == ((2.5, 2.5), -32768, (288, 384))
        values = new.read(1, masked=True)
        expected = heights(new.transform, new.shape)
        # From a pixel to the next, heights differ by up to half a metre.
        rounded = 0.6 if dtype == "int16" else 0
        check(values.filled(np.nan), expected, rounded=rounded, step=0.5, off=0.01)
        at = (400_600.0, 5_000_100.0)
        (value,) = next(new.sample([at]))
        assert value == pytest.approx(height_at(*at), abs=0.06 + rounded)


# Depth supervision


def test_nerfstudio_reads_millimetres_at_the_images_size(tmp_path):
    capture = tmp_path / "capture"
    (capture / "depth").mkdir(parents=True)
    image = 540, 720
    camera = CAMERA.scaled(7.5)
    scene = {
        "w": image[1],
        "h": image[0],
        "fl_x": camera.fx,
        "fl_y": camera.fy,
        "cx": camera.cx + 0.5,
        "cy": camera.cy + 0.5,
        "camera_model": "OPENCV",
    }
    scene["frames"] = [
        {"file_path": f"images/{n}.jpg", "depth_file_path": f"depth/{n}.png"} for n in range(2)
    ]
    (capture / "transforms.json").write_text(json.dumps(scene))
    Image.fromarray(millimetres()).save(capture / "depth/0.png")
    Image.fromarray(np.zeros(SHAPE, np.uint16)).save(capture / "depth/1.png")
    run("nerfstudio", tmp_path)
    got = json.loads((capture / "transforms_upscaled.json").read_text())
    assert {**got, "frames": None} == {**scene, "frames": None}
    assert [f["depth_file_path"] for f in got["frames"]] == ["depth_upscaled/0.png", "depth/1.png"]
    with Image.open(capture / got["frames"][0]["depth_file_path"]) as file:
        numbers = np.asarray(file)
    assert (numbers.dtype, numbers.shape) == (np.uint16, image)
    check(numbers.astype(np.float64) * 1e-3, PLANE.depth(image, camera))


def test_gaussian_splatting_reads_inverse_depth_without_holes(tmp_path):
    scene = tmp_path / "scene"
    for folder in (scene / "images", scene / "sparse/0", tmp_path / "sensor"):
        folder.mkdir(parents=True)
    image = 540, 720
    Image.fromarray(np.zeros((*image, 3), np.uint8)).save(scene / "images/frame 1.jpg")
    np.save(tmp_path / "sensor/frame 1.npy", metres().astype(np.float32))
    run("splatting", tmp_path)
    content = json.loads((scene / "sparse/0/depth_params.json").read_text())
    ((name, params),) = content.items()
    assert name == "frame 1"
    with Image.open(scene / f"depths/{name}.png") as file:
        numbers = np.asarray(file)
    assert (numbers.dtype, numbers.shape) == (np.uint16, image)
    inverse = numbers.astype(np.float32) / 65536 * params["scale"] + params["offset"]
    expected = PLANE.depth(image, CAMERA.scaled(7.5))
    assert (inverse > 0).all()
    error = np.abs(1 / inverse - expected)
    print(f"off by {error[inside(VALID, image)].max():.5f}, {error.max():.5f} beside and in holes")
    assert error[inside(VALID, image)].max() < MILLIMETRE
    assert error.max() < 0.05  # in the holes, too
