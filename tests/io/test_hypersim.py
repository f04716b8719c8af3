"""Hypersim's distances along the ray, against planes seen through its camera."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from testing.command import run

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.encoding import Encoding
from dsdmsr.errors import EncodingError
from dsdmsr.io import InvalidNumbers, write_bands

WIDTH, HEIGHT, FOCAL = 1024, 768, 886.81  # Hypersim's README: its images and their camera


def ray_distance(z: float, width: int = WIDTH, height: int = HEIGHT, focal: float = FOCAL):
    """Return the distance to the camera of a wall at depth z: Hypersim's formula, the other way."""
    x = np.linspace(-0.5 * width + 0.5, 0.5 * width - 0.5, width)
    y = np.linspace(-0.5 * height + 0.5, 0.5 * height - 0.5, height)[:, None]
    return z * np.linalg.norm(np.stack(np.broadcast_arrays(x, y, focal)), axis=0) / focal


def hypersim(path, distances, name="dataset") -> None:
    with h5py.File(path, "w") as file:
        file[name] = distances


def test_a_wall_is_a_wall_and_comes_back(tmp_path):
    distances = ray_distance(2.5).astype(np.float32)
    distances[3, 4] = np.nan
    hypersim(tmp_path / "frame.0000.depth_meters.hdf5", distances)
    depth = read_depth(tmp_path / "frame.0000.depth_meters.hdf5")
    assert (depth.kind, depth.unit, depth.encoding) == ("depth", "m", "hypersim")
    assert depth.valid.sum() == depth.valid.size - 1
    assert not depth.valid[3, 4]
    np.testing.assert_allclose(depth.values[depth.valid], 2.5, rtol=2e-7)
    camera = depth.intrinsics
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx(
        (FOCAL, FOCAL, 511.5, 383.5)
    )
    assert any("focal length of 886.81 px, centred" in note for note in depth.metadata.notes)
    write_depth(tmp_path / "back.depth_meters.hdf5", depth)
    with h5py.File(tmp_path / "back.depth_meters.hdf5") as file:
        np.testing.assert_allclose(file["dataset"][()], distances, rtol=3e-7)
    assert read_depth(tmp_path / "back.depth_meters.hdf5").encoding == "hypersim"


def test_half_floats_are_read(tmp_path):
    distances = ray_distance(3.0).astype(np.float16)
    hypersim(tmp_path / "a.depth_meters.hdf5", distances)
    depth = read_depth(tmp_path / "a.depth_meters.hdf5")
    expected = distances / ray_distance(1.0)
    np.testing.assert_allclose(depth.values, expected.astype(np.float32), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2 * HEIGHT, 2 * WIDTH), (900, 1800)])
def test_a_larger_wall_has_the_distances_of_the_scaled_camera(tmp_path, shape):
    hypersim(tmp_path / "a.depth_meters.hdf5", ray_distance(2.5))
    depth = read_depth(tmp_path / "a.depth_meters.hdf5")
    down, across = shape[0] / HEIGHT, shape[1] / WIDTH
    wall = DepthMap(
        np.full(shape, 2.5),
        unit="m",
        intrinsics=depth.intrinsics.scaled(across, down),
        encoding="hypersim",
        metadata=depth.metadata,
    )
    write_depth(tmp_path / "large.hdf5", wall)
    bands = (
        DepthMap(
            wall.values[top : top + 100],
            unit="m",
            intrinsics=wall.intrinsics,
            encoding="hypersim",
            metadata=wall.metadata,
        )
        for top in range(0, shape[0], 100)
    )
    write_bands(tmp_path / "bands.npy", shape, bands)
    i, j = np.indices(shape)
    # The place of a large pixel's centre among the small ones.
    x = ((j + 0.5) / across - 0.5 - 511.5) / FOCAL
    y = ((i + 0.5) / down - 0.5 - 383.5) / FOCAL
    expected = 2.5 * np.sqrt(1 + x**2 + y**2)
    np.testing.assert_allclose(np.load(tmp_path / "bands.npy"), expected, rtol=2e-7)
    with h5py.File(tmp_path / "large.hdf5") as file:
        np.testing.assert_allclose(file["dataset"][()], expected, rtol=2e-7)


def test_upscaling_a_wall_gives_the_distances_of_a_wall(tmp_path, capsys):
    distances = ray_distance(2.0, 64, 48, FOCAL / 16)
    hypersim(tmp_path / "a.depth_meters.hdf5", distances.astype(np.float32))
    code, out, _ = run(capsys, "info", tmp_path / "a.depth_meters.hdf5")
    assert code == 0
    assert "hypersim: float distance along the ray" in out
    assert "in metres" in out
    code, _, err = run(
        capsys, "upscale", tmp_path / "a.depth_meters.hdf5", "-o", tmp_path / "out", "--scale", "2"
    )
    assert code == 0
    assert "focal length of 55.43 px" in err
    with h5py.File(tmp_path / "out" / "a.depth_meters.hdf5") as file:
        expected = ray_distance(2.0, 128, 96, FOCAL / 8)
        np.testing.assert_allclose(file["dataset"][()], expected, rtol=1e-3)


def test_other_files_are_no_distances(tmp_path):
    for name, entry in [("a.hdf5", "dataset"), ("b.depth_meters.hdf5", "other")]:
        hypersim(tmp_path / name, ray_distance(2.5, 64, 48), entry)
        assert read_depth(tmp_path / name).encoding == "float"
        depth = read_depth(tmp_path / name, "hypersim")
        assert depth.intrinsics.fx == pytest.approx(FOCAL / 16)
    read = read_depth(tmp_path / "a.hdf5", "hypersim", invalid=InvalidNumbers(above=2.4))
    axis = read_depth(tmp_path / "a.hdf5", "hypersim").values
    np.testing.assert_array_equal(read.valid, axis <= 2.4)


def test_an_encoding_along_the_ray_needs_a_camera(tmp_path):
    rays = Encoding(meaning="rays", unit="m", along_ray=True)
    np.save(tmp_path / "a.npy", ray_distance(2.5, 64, 48))
    with pytest.raises(EncodingError, match=r"a\.npy: distances along the ray need the camera"):
        read_depth(tmp_path / "a.npy", rays)
    camera = Intrinsics(fx=900, fy=900, cx=31.5, cy=23.5)
    wall = DepthMap(np.full((48, 64), 2.5), unit="m", intrinsics=camera, encoding=rays)
    write_depth(tmp_path / "b.npy", wall)
    np.testing.assert_allclose(
        np.load(tmp_path / "b.npy"), ray_distance(2.5, 64, 48, 900), rtol=2e-7
    )
    for wrong in ({"kind": "disparity"}, {"focal": 0.0}):
        with pytest.raises(EncodingError, match=r"are depth, not disparity|focal is 0"):
            Encoding(meaning="rays", along_ray=True, **wrong)
