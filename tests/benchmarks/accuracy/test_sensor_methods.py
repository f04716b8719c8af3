from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy.sensor_methods import (
    BICUBIC,
    NETWORKS,
    OURS,
    PEERS,
    Frames,
    bicubic,
    nearest_fill,
    ours,
    predictions,
    register,
    runs,
    upscaler,
)
from dsdmsr import DepthMap, Intrinsics, TemporalFilter
from dsdmsr.depth.estimate import looks_noisy

SCALE = 2


def with_holes(rng: np.random.Generator, shape: tuple[int, int]) -> DepthMap:
    return DepthMap(rng.uniform(1, 4, shape), rng.random(shape) > 0.2, unit="m")


def as_the_node_projects(depth: DepthMap, scale: int) -> np.ndarray:
    """Return what ROS's node gives, point by point through the two cameras; infinite in holes."""
    height, width = depth.shape
    small = Intrinsics(fx=130.0, fy=140.0, cx=0.47 * width, cy=0.55 * height)
    large = small.scaled(scale)
    found = np.full((scale * height, scale * width), np.inf)
    for row, column in zip(*np.nonzero(depth.valid), strict=True):
        z = float(depth.values[row, column])
        corners = []
        for half in (-0.5, 0.5):
            x = (column + half - small.cx) * z / small.fx
            y = (row + half - small.cy) * z / small.fy
            across, down = large.fx * x / z + large.cx, large.fy * y / z + large.cy
            # The corners lie half-way between pixels: a trace more than the rounding error.
            corners.append([int(np.floor(place + 0.5 + 1e-6)) for place in (down, across)])
        (top, left), (bottom, right) = corners
        if top < 0 or left < 0 or bottom >= scale * height or right >= scale * width:
            continue
        there = found[top : bottom + 1, left : right + 1]
        there[there > z] = z
    return found


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_register_gives_what_the_node_projects(rng, scale):
    depth = with_holes(rng, (9, 11))
    expected = as_the_node_projects(depth, scale)
    larger = register(depth, scale)
    np.testing.assert_array_equal(larger.valid, np.isfinite(expected))
    np.testing.assert_allclose(larger.values[larger.valid], expected[larger.valid], rtol=1e-6)
    assert not larger.valid[-1].any()
    assert not larger.valid[:, -1].any()


def test_no_hole_takes_part_in_bicubic(rng):
    depth = DepthMap(np.full((12, 16), 2.0), rng.random((12, 16)) > 0.3, unit="m")
    kept, filled = bicubic(depth, 4), nearest_fill(depth, 4)
    np.testing.assert_allclose(kept.values[kept.valid], 2.0, rtol=1e-6)
    np.testing.assert_allclose(filled.values, 2.0, rtol=1e-6)
    assert filled.valid.all()
    assert kept.valid.mean() == pytest.approx(depth.valid.mean(), abs=0.1)


def test_bicubic_keeps_pixel_centres():
    row = np.linspace(1, 2, 16)
    larger = nearest_fill(DepthMap(np.tile(row, (12, 1)), unit="m"), 2)
    inside = (row[:-1, None] + np.diff(row)[:, None] * [0.25, 0.75]).ravel()
    # OpenCV's kernel, a = -0.75, keeps no plane to more than a tenth of its step between pixels;
    # a map that is half a pixel off misses it by half a step.
    np.testing.assert_allclose(larger.values[10, 5:-5], inside[4:-4], atol=0.1 * np.diff(row)[0])


def frames(rng: np.random.Generator) -> Frames:
    surface = 1000 + 10 * np.arange(20) + np.where(np.arange(20) > 11, 800, 0)
    numbers = surface + rng.integers(-5, 6, (2, 16, 20))
    numbers[rng.random(numbers.shape) < 0.1] = 0
    return Frames(numbers.astype(np.uint16), 100.0, 0.05)


def test_options_after_a_network_give_what_their_own_runs_give(rng):
    given = frames(rng)
    maps, size = given.maps(), given.millimetres[0].size
    found = ours(maps, {name: upscaler(name, SCALE, fill=size) for name in NETWORKS})
    assert set(found) == set(OURS)
    robust = "dsdmsr-robust"
    settings = {
        robust: {},
        f"{robust} --fill": {"fill": size},
        f"{robust} --edges sharp": {"edges": "sharp"},
    }
    for name, options in settings.items():
        own = upscaler(robust, SCALE, **options)
        for depth, larger in zip(maps, found[name], strict=True):
            np.testing.assert_array_equal(larger.valid, own(depth).valid)
            np.testing.assert_allclose(larger.values, own(depth).values, rtol=1e-6)
    steady, own = TemporalFilter(), upscaler(robust, SCALE, edges="sharp", fill=size)
    for depth, larger in zip(maps, found[f"{robust} all three"], strict=True):
        noisy = looks_noisy(depth.values, depth.valid)
        expected = steady(own(depth, errors=True), noisy=noisy)
        np.testing.assert_allclose(larger.values, expected.values, rtol=1e-6)


def test_every_method_enlarges_and_runs(rng):
    pytest.importorskip("pyrealsense2", exc_type=ImportError)
    given = frames(rng)
    size = given.millimetres[0].size
    found = predictions(given, SCALE, {name: upscaler(name, SCALE, fill=size) for name in NETWORKS})
    assert tuple(found) == (*PEERS, *OURS)
    for name, maps in found.items():
        for larger in maps:
            assert larger.shape == (32, 40), name
            assert larger.valid.mean() > 0.8, name
            assert 0.9 < larger.values[larger.valid].mean() < 2, name
    with runs(given, SCALE) as each:
        assert set(each) == set(found)
        np.testing.assert_array_equal(each[BICUBIC]().values, found[BICUBIC][0].values)
        for name, run in each.items():
            np.testing.assert_allclose(run().values, found[name][0].values, rtol=1e-5, err_msg=name)
