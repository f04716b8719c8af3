"""Python's upscaler, run from ONNX graphs."""

from __future__ import annotations

import numpy as np
import pytest

import dsdmsr
from dsdmsr import DepthMap, TemporalFilter, Upscaler
from dsdmsr.upscaling.graph_backend import GraphBackend


def upscaler(name: str = "dsdmsr-fast", **more) -> Upscaler:
    return Upscaler.from_pretrained(name, backend="onnx", device="cpu", **more)


def rmse(pred: np.ndarray, target: np.ndarray, valid: np.ndarray) -> float:
    return float(np.sqrt(np.mean((pred - target)[valid] ** 2)))


def test_a_network_is_run_from_its_graphs_unless_there_is_more():
    backend = Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu").backend
    assert isinstance(backend, GraphBackend)
    assert type(backend.runtime).__name__ == "OnnxRuntime"


@pytest.mark.parametrize(
    ("name", "degradation"),
    [
        ("dsdmsr-base", "unknown"),
        ("dsdmsr-base", "bicubic"),
        ("dsdmsr-fast", "auto"),
        ("dsdmsr-robust", "auto"),
        ("dsdmsr-robust", "bicubic"),
    ],
)
def test_arrays_become_larger_arrays_nearer_to_the_truth(scene, name, degradation):
    lr_depth, truth = scene
    values, valid = lr_depth.values, lr_depth.valid
    upscaled = upscaler(name, scale=4, degradation=degradation)(DepthMap(values, valid, unit="m"))
    assert upscaled.values.dtype == np.float32
    assert (upscaled.shape, upscaled.valid.dtype, upscaled.unit) == ((192, 256), bool, "m")
    nearest = values.repeat(4, 0).repeat(4, 1)
    assert not upscaled.valid[40:44, 84:96].any()
    seen = upscaled.valid & valid.repeat(4, 0).repeat(4, 1)
    assert rmse(upscaled.values, truth.values, seen) < 0.6 * rmse(nearest, truth.values, seen)


@pytest.mark.parametrize("name", ["dsdmsr-fast", "dsdmsr-base"])
def test_tiles_equal_the_whole(scene, name):
    span = float(np.ptp(scene[0].values[scene[0].valid]))
    whole = upscaler(name, scale=4)(scene[0], errors=True)
    tiled = upscaler(name, scale=4, tile=13)(scene[0], errors=True)
    for one, other in ((whole.values, tiled.values), (whole.error, tiled.error)):
        np.testing.assert_allclose(other[whole.valid], one[whole.valid], rtol=0, atol=1e-5 * span)


def test_bands_are_the_whole_from_the_top_down(scene):
    run = upscaler(scale=2, tile=16)
    bands = list(run.bands(scene[0], errors=True))
    assert len(bands) > 1
    whole = run(scene[0], errors=True)
    np.testing.assert_array_equal(np.concatenate([band.values for band in bands]), whole.values)
    np.testing.assert_array_equal(np.concatenate([band.error for band in bands]), whole.error)


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ({"scale": 2}, (96, 128)),
        ({"scale": 3}, (144, 192)),
        ({"scale": 8}, (384, 512)),
        ({"scale": 16}, (768, 1024)),
        ({"size": (100, 111)}, (100, 111)),
    ],
)
def test_every_factor_and_size_is_served(scene, given, shape):
    upscaled = upscaler(**given)(scene[0])
    assert upscaled.shape == shape
    low, high = scene[0].values[scene[0].valid].min(), scene[0].values.max()
    assert upscaled.values[upscaled.valid].min() > low - 0.11 * (high - low)
    assert upscaled.values[upscaled.valid].max() < high + 0.11 * (high - low)


def test_holes_are_filled_and_marked_if_they_are_small_enough(scene):
    run = upscaler(scale=2, fill=5)
    upscaled, filled = run(scene[0]), run.filled(scene[0].valid)
    assert upscaled.valid.all()
    assert filled[20:22, 42:48].all()
    assert filled.sum() < 2 * 2 * 6 * 3
    assert not upscaler(scale=2, fill=4).filled(scene[0].valid).any()


def test_sharp_edges_leave_fewer_values_between_surfaces():
    values = np.full((24, 32), 1.0)
    values[:, 11:] = 3.0
    values[12:, 13:] = 3.0
    smooth, sharp = (
        upscaler(scale=4, edges=edges)(DepthMap(values)) for edges in ("smooth", "sharp")
    )
    between = [int(((m.values > 1.1) & (m.values < 2.9)).sum()) for m in (smooth, sharp)]
    assert between[1] < between[0]


def test_expected_errors_are_largest_at_edges(scene):
    upscaled = upscaler("dsdmsr-base", scale=4)(scene[0], errors=True)
    error = upscaled.error[upscaled.valid]
    assert (error >= 0).all()
    slope = np.hypot(*np.gradient(scene[1].values))
    steep = slope[upscaled.valid] > 0.05
    assert error[steep].mean() > 5 * error[~steep].mean()


def test_the_temporal_filter_steadies_a_sequence(scene, rng):
    run, steady = upscaler(scale=2), TemporalFilter()
    frames = [
        DepthMap(scene[0].values + rng.normal(0, 1e-3, scene[0].shape), scene[0].valid, unit="m")
        for _ in range(4)
    ]
    plain = [run(frame, errors=True) for frame in frames]
    filtered = [steady(frame, noisy=True) for frame in plain]
    np.testing.assert_array_equal(filtered[0].values, plain[0].values)
    valid = plain[0].valid
    changes = [
        np.abs(b.values - a.values)[valid].mean()
        for a, b in ((plain[-2], plain[-1]), (filtered[-2], filtered[-1]))
    ]
    assert changes[1] < 0.95 * changes[0]


def test_auto_takes_the_robust_network_for_a_noisy_map(scene, rng):
    noisy = DepthMap(scene[0].values + rng.normal(0, 0.05, scene[0].shape), scene[0].valid)
    given = upscaler("auto", scale=2)(noisy)
    np.testing.assert_array_equal(given.values, upscaler("dsdmsr-robust", scale=2)(noisy).values)


def test_the_ensemble_of_a_symmetric_network_changes_nothing_but_rounding(scene):
    plain, ensemble = (upscaler(scale=2, ensemble=count)(scene[0]) for count in (1, 8))
    span = float(np.ptp(scene[0].values[scene[0].valid]))
    np.testing.assert_allclose(ensemble.values, plain.values, rtol=0, atol=1e-4 * span)


def test_a_file_is_upscaled_as_its_map_is(tmp_path, file, scene):
    dsdmsr.upscale_file(file, tmp_path / "out.npy", dsdmsr.UpscaleOptions(scale=2, device="cpu"))
    expected = Upscaler.from_pretrained(scale=2, device="cpu")(scene[0])
    written = dsdmsr.read_depth(tmp_path / "out.npy", "mm")
    # Its encoding is that of the file: millimetres.
    np.testing.assert_allclose(written.values, expected.values, rtol=0, atol=0.000501)


def test_frames_are_upscaled_as_they_come(scene):
    upscaler = dsdmsr.Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")
    with upscaler.stream([(0.5, scene[0]), (0.6, scene[0])], errors=True) as stream:
        found = [(frame.index, frame.stamp, frame.depth.shape) for frame in stream]
    assert found == [(0, 0.5, (96, 128)), (1, 0.6, (96, 128))]
