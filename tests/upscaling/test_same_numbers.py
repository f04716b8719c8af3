"""Packaged networks give the same numbers however they are run, to what docs/trust.md says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from testing.networks import packaged_weights

from dsdmsr.upscaling import onnx_runtime
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.backends import BackendName, load_backend
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.names import REFERENCES

THREADS, ROUNDING = 1e-6, 1e-5
"""Largest differences, as shares of a map's range."""
SCALE = 4
RUNS = [
    (name, backend)
    for name in packaged_weights()
    for backend in ("torch", "onnx")
    if backend == "torch" or name not in REFERENCES
]
every_network = pytest.mark.parametrize(("name", "runs"), RUNS, scope="module")


@pytest.fixture(scope="module")
def maps() -> np.ndarray:
    """Three maps of slanted surfaces with steps and a little noise, from 0 to 1."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:16, :22]
    steps = [2.0 * ((x // (6 + k) + y // 5) % 3) for k in range(3)]
    values = np.stack([3 + each + 0.01 * x - 0.02 * y for each in steps])[:, None]
    values += rng.normal(0, 0.002, values.shape)
    return ((values - values.min()) / np.ptp(values)).astype(np.float32)


def predict(backend: Backend, maps: np.ndarray) -> np.ndarray:
    """Return predictions and, if there are any, expected errors."""
    window = Window(0, maps.shape[2], 0, maps.shape[3])
    return backend.predictor(maps, SCALE, window)(window, errors=True)


def off(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one - other).max())


def run_in(threads: int, name: str, runs: BackendName, maps: np.ndarray) -> np.ndarray:
    """Return what a network predicts in a number of threads."""
    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_runtime, "available_threads", lambda: threads)
        torch.set_num_threads(threads)
        try:
            return predict(load_backend(name, runs, "cpu"), maps)
        finally:
            torch.set_num_threads(before)


@pytest.fixture(scope="module")
def backend(name, runs) -> Backend:
    return load_backend(name, runs, "cpu")


@pytest.fixture(scope="module")
def whole(backend, maps) -> np.ndarray:
    return predict(backend, maps)


@every_network
def test_the_number_of_threads_changes_nothing_but_rounding(name, runs, maps):
    one, three = (run_in(threads, name, runs, maps[:1]) for threads in (1, 3))
    assert off(three, one) <= THREADS


@every_network
def test_a_map_of_a_batch_is_as_it_is_alone(backend, maps, whole):
    for k in range(len(maps)):
        assert off(predict(backend, maps[k : k + 1]), whole[k : k + 1]) <= ROUNDING


@every_network
def test_tiles_are_as_the_whole(backend, maps, whole):
    everything = Window(0, 16, 0, 22)
    for tile in (Window(0, 7, 0, 9), Window(5, 12, 13, 22), Window(9, 10, 0, 22)):
        pred = backend.predictor(maps, SCALE, tile)(tile, errors=True)
        assert off(pred, tile.scaled(SCALE).of(whole, everything.scaled(SCALE))) <= ROUNDING


@every_network
def test_the_order_of_an_array_in_memory_changes_no_bit(backend, maps, whole):
    for other in (np.asfortranarray(maps), maps[:, :, ::-1].copy()[:, :, ::-1]):
        assert not other.flags.c_contiguous
        assert off(predict(backend, other), whole) == 0


@pytest.mark.parametrize("name", packaged_weights())
def test_a_network_in_channels_last_changes_nothing_but_rounding(name, maps):
    plain, other = (TorchBackend.from_pretrained(name, "cpu") for _ in range(2))
    other.model.to(memory_format=torch.channels_last)
    assert off(predict(other, maps), predict(plain, maps)) <= ROUNDING


@pytest.mark.parametrize("name", sorted({name for name, runs in RUNS if runs == "onnx"}))
def test_backends_agree(name, maps):
    torchs, onnxs = (predict(load_backend(name, runs, "cpu"), maps) for runs in ("torch", "onnx"))
    assert off(onnxs, torchs) <= ROUNDING
