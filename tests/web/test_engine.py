"""The page's engine against Python: the same maps, pixels, metrics and degradations."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from testing.web_engine import job_of, output
from testing.web_maps import scene, upscaled_cases

from dsdmsr import DepthMap, Upscaler, read_depth, write_depth
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.bicubic import Bicubic
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.find_degradation import find_degradation
from dsdmsr.depth.geometry import point_cloud
from dsdmsr.errors import ScaleError
from dsdmsr.io.encodings import ENCODINGS
from dsdmsr.io.ply import write_ply
from dsdmsr.io.png import write_png
from dsdmsr.io.read import read_numbers
from dsdmsr.metrics import bad_pixel_rate, edge_rmse, flying_pixel_rate, mae, rmse
from dsdmsr.upscaling.sizes import Size


def test_the_table_of_encodings_is_the_packages(engine, tmp_path) -> None:
    # An unknown one is refused with the list of all.
    (tmp_path / "a.npy").write_bytes(b"")
    said = engine.run(tmp_path, read=[{"file": "a.npy", "encoding": "none", "write": []}])
    assert said["read0"]["message"].endswith(", ".join(ENCODINGS))


class _Upscaled(NamedTuple):
    """Maps and files upscaled in Node, all in one run, since starting it takes seconds."""

    folder: Path
    said: dict[str, Any]
    sharp: DepthMap


def _as_job(options: dict[str, Any]) -> dict[str, Any]:
    size = options.get("size")
    more = {} if size is None else {"size": {"height": size[0], "width": size[1]}}
    return {**options, **more, "errors": True}


def _upscaler(**options: Any) -> Upscaler:
    return Upscaler.from_pretrained("dsdmsr-fast", backend="onnx", device="cpu", **options)


_FILES = (("mm.png", None), ("ends.png", "levels16"))
"""Files, and the encodings that they are read in; in levels, no number is a code."""


@pytest.fixture(scope="module")
def upscaled(engine, tmp_path_factory) -> _Upscaled:
    folder, rng = tmp_path_factory.mktemp("upscaled"), np.random.default_rng(0)
    sharp = DepthMap(scene(rng, 40, 44), rng.random((40, 44)) > 0.05, unit="m")
    jobs = [
        job_of(folder, f"map{k}", depth, options=_as_job(options))
        for k, (depth, options) in enumerate(upscaled_cases())
    ]
    jobs += [
        job_of(folder, f"sharp{scale}", sharp, options={"scale": scale, "edges": "sharp"})
        for scale in (4, 6)
    ]
    mm = np.uint16(1000 * scene(rng, 40, 50))
    mm[10:14, 12:30] = 0
    write_png(folder / "mm.png", mm)
    write_png(folder / "ends.png", np.where(mm > 2500, 65535, 1).astype(np.uint16))
    convert = [
        {"file": name, "encoding": given, "write": ["png"], "options": {"scale": 4}}
        for name, given in _FILES
    ]
    cancel = [job_of(folder, "cancelled", DepthMap(scene(rng, 32, 32)))]
    said = engine.run(folder, upscale=jobs, cancel=cancel, convert=convert)
    return _Upscaled(folder, said, sharp)


def test_maps_of_every_sort_are_upscaled_as_in_python(upscaled) -> None:
    cases = upscaled_cases()
    for k, (depth, options) in enumerate(cases):
        upscaler = _upscaler(**options)
        large = upscaler(depth, errors=True)
        values, valid = output(upscaled.folder, f"map{k}", large.shape)
        error = np.fromfile(upscaled.folder / f"map{k}.out.error", np.float32).reshape(large.shape)
        span = float(np.ptp(depth.values[depth.valid])) or 1.0
        case = f"map {k}, {depth.shape}, {options}"
        assert np.array_equal(valid, large.valid), case
        assert np.abs(values - large.values).max() <= 1e-5 * span, case
        assert np.array_equal(np.isnan(error), np.isnan(large.error)), case
        assert np.nanmax(np.abs(error - large.error), initial=0) <= 1e-5 * span, case
        if "fill" in options:
            filled = np.fromfile(upscaled.folder / f"map{k}.out.filled", np.bool_)
            expected = upscaler.filled(depth.valid)
            assert np.array_equal(filled.reshape(large.shape), expected), case
        assert upscaled.said[f"map{k}"]["shares"][-1] == 1
    assert len(cases) >= 30


def test_sharp_edges_are_those_of_python(upscaled) -> None:
    for scale in (4, 6):
        large = _upscaler(scale=scale, edges="sharp")(upscaled.sharp)
        values, valid = output(upscaled.folder, f"sharp{scale}", large.shape)
        assert np.array_equal(valid, large.valid)
        # Which of two values nearly as near is taken may differ.
        assert np.mean(np.abs(values - large.values) > 1e-5 * 4) < 1e-3


def test_upscaling_stops_when_its_signal_is_aborted(upscaled) -> None:
    assert upscaled.said["cancelled"] == {"failed": "AbortError", "steps": 1}


@pytest.mark.parametrize("number", range(len(_FILES)))
def test_an_upscaled_png_has_the_numbers_of_the_commands(upscaled, tmp_path, number) -> None:
    name, given = _FILES[number]
    large = _upscaler(scale=4)(read_depth(upscaled.folder / name, given))
    write_depth(tmp_path / "expected.png", large)
    expected = read_numbers(tmp_path / "expected.png").astype(np.int64)
    found = read_numbers(upscaled.folder / upscaled.said[f"convert{number}"][0]).astype(np.int64)
    assert np.array_equal(expected == 0, found == 0)
    exact = large.values.astype(np.float64) * (1000 if given is None else 1)
    apart, span = np.abs(expected - found), float(np.ptp(exact[large.valid]))
    near_half = np.abs(exact + 0.5 - np.round(exact + 0.5)) <= 1e-5 * span
    assert apart.max() <= 1
    assert not (apart.astype(bool) & ~near_half).any()


def _size(pixels: tuple[int, int]) -> dict[str, Any]:
    return {"size": {"height": pixels[0], "width": pixels[1]}}


def _goal(options: dict[str, Any]) -> dict[str, Any]:
    """Return the size that Python chooses, or what the page has to say instead of it."""
    try:
        return Size(**options).goal(30, 40)._asdict()
    except ScaleError as error:
        return {"error": "UpscaleError", "message": str(error)}


def test_sizes_are_chosen_and_refused_as_in_python(engine, tmp_path) -> None:
    scales = [1, 2, 2.5, 3, 7, 16, 17]
    pixels = [(30, 40), (31, 41), (60, 200), (480, 640), (481, 640), (29, 80), (90, 41)]
    asked = [*({"scale": scale} for scale in scales), *map(_size, pixels), {}]
    said = engine.run(tmp_path, goal=[{"options": o, "height": 30, "width": 40} for o in asked])
    given = [*({"scale": scale} for scale in scales), *({"pixels": p} for p in pixels), {}]
    assert [said[f"goal{k}"]["goal"] for k in range(len(given))] == [_goal(o) for o in given]
    assert said["goal9"]["line"] == (
        "200x60 is of another shape than 40x30: stretched by 5 along x and 2 along y"
    )
    assert said["goal1"]["line"] is None


def test_bicubic_interpolation_is_that_of_the_previews(engine, tmp_path, rng) -> None:
    depth = DepthMap(scene(rng, 20, 31), rng.random((20, 31)) > 0.1, unit="m")
    asked = [{"scale": 3}, {"scale": 4, "phase": "corner"}, {"scale": 2, "phase": "aligned"}]
    jobs = [job_of(tmp_path, f"map{k}", depth, options=one) for k, one in enumerate(asked)]
    engine.run(tmp_path, bicubic=jobs)
    for k, one in enumerate(asked):
        shape = one["scale"] * 20, one["scale"] * 31
        values, valid = output(tmp_path, f"map{k}", shape)
        expected = Bicubic(depth, shape, one.get("phase", "centre")).rows(0, shape[0])
        assert np.array_equal(valid, _upscaler(**one)(depth).valid)
        assert np.abs(values - expected)[valid].max() < 1e-6


def test_maps_are_downsampled_as_in_python(engine, tmp_path, rng) -> None:
    holes = rng.random((48, 72)) > 0.01
    holes[8:20, 8:28] = False
    masks = {"holes": holes, "whole": np.ones_like(holes)}
    depths = {name: DepthMap(scene(rng, 48, 72), valid) for name, valid in masks.items()}
    asked = [(n, how) for n in masks for how in ("bicubic", "area", "interval", "opencv_cubic")]
    jobs = [
        job_of(tmp_path, f"{name}_{how}", depths[name], scale=4, degradation=how)
        for name, how in asked
    ]
    engine.run(tmp_path, downsample=jobs)
    for name, how in asked:
        arrays = depths[name].values, depths[name].valid
        hr_depth, valid = (torch.from_numpy(array.copy())[None, None] for array in arrays)
        expected, seen = degrade(hr_depth, 4, how, valid)
        values, lr_valid = output(tmp_path, f"{name}_{how}", (12, 18))
        assert np.array_equal(lr_valid, seen[0, 0].numpy()), how
        assert np.abs(values - expected[0, 0].numpy())[lr_valid].max() < 4e-5, how


def _downsampled(rng, kind):
    fine = np.zeros((160, 240))
    for _ in range(40):
        y, x = rng.integers(0, 150), rng.integers(0, 230)
        fine[y : y + rng.integers(20, 60), x : x + rng.integers(20, 60)] = rng.integers(1, 9)
    lr_depth, _ = degrade(torch.from_numpy(fine.astype(np.float32))[None, None], 2, kind)
    return lr_depth[0, 0].numpy()


def test_degradations_are_found_as_python_finds_them(engine, tmp_path, rng) -> None:
    maps = {kind: _downsampled(rng, kind) for kind in ("bicubic", "area", "interval")}
    maps["opencv_cubic"] = _downsampled(rng, "opencv_cubic")
    maps["smooth"] = np.linspace(1, 2, 3000, dtype=np.float32).reshape(50, 60)
    maps["tiny"] = np.ones((3, 3), np.float32)
    maps["column"] = np.repeat(rng.uniform(1, 2, 80), 8).astype(np.float32)[:, None]
    holed = {name: rng.random(values.shape) > 0.02 for name, values in maps.items()}
    depths = {name: DepthMap(maps[name], holed[name], kind="disparity") for name in maps}
    jobs = [job_of(tmp_path, name, depth) for name, depth in depths.items()]
    said = engine.run(tmp_path, find=jobs)
    names = set()
    for name, depth in depths.items():
        expected, found = find_degradation(depth.values, depth.valid), said[name]["found"]
        if expected is None:
            assert found is None
            continue
        assert (found["name"], found["steps"]) == (expected.name, expected.steps)
        assert found["probabilities"] == pytest.approx(expected.probabilities, abs=1e-4)
        names.add(expected.name)
    assert {"bicubic", "area", "samples"} <= names


def test_metrics_are_those_of_the_evaluation(engine, tmp_path, rng) -> None:
    target = DepthMap(scene(rng, 40, 60), rng.random((40, 60)) > 0.1, unit="m")
    blurred = target.values + rng.normal(0, 0.3, (40, 60)).astype(np.float32)
    pred = DepthMap(np.abs(blurred), unit="m")
    pair = {"pred": job_of(tmp_path, "pred", pred), "target": job_of(tmp_path, "target", target)}
    asked = {"threshold": 0.2, "step": 0.25}
    said = engine.run(tmp_path, measure=[{**pair, "options": asked}])["measure0"]
    arrays = pred.values, target.values, target.valid
    three = [torch.from_numpy(array.copy())[None, None] for array in arrays]
    assert said["pixels"] == target.valid.sum()
    assert said["rmse"] == pytest.approx(float(rmse(*three)), rel=1e-5)
    assert said["mae"] == pytest.approx(float(mae(*three)), rel=1e-5)
    assert said["badPixelRate"] == pytest.approx(float(bad_pixel_rate(*three, 0.2)))
    assert said["edgeRmse"] == pytest.approx(float(edge_rmse(*three, 0.25)), rel=1e-5)
    assert said["flyingPixelRate"] == pytest.approx(float(flying_pixel_rate(*three, 0.25)))
    assert 0 < said["flyingPixelRate"] < 1


def test_points_and_triangles_are_those_of_dsdmsr_cloud(engine, tmp_path, rng) -> None:
    depth = DepthMap(scene(rng, 12, 17), rng.random((12, 17)) > 0.1, unit="m")
    camera = {"fx": 20.0, "fy": 21.0, "cx": 8.0, "cy": 5.5}
    said = engine.run(tmp_path, cloud=[job_of(tmp_path, "map", depth, camera=camera)])
    vertices, faces = point_cloud(depth, Intrinsics(**camera), mesh=True)
    write_ply(tmp_path / "expected.ply", vertices)
    assert (tmp_path / "map.ply").read_bytes() == (tmp_path / "expected.ply").read_bytes()
    numbers = np.cumsum(depth.valid.ravel()) - 1
    assert np.array_equal(numbers[np.array(said["map"]).reshape(-1, 3)], faces)
