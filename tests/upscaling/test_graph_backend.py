from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from testing.exported import SMALL, exported

from dsdmsr import DepthMap, Upscaler
from dsdmsr.nn import interleave
from dsdmsr.upscaling.graph_backend import GraphBackend, Run, interleaved
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.graphs import Graphs, GraphStage


class Counting:
    """A runtime whose graphs repeat the map, and that counts what it does."""

    def __init__(self) -> None:
        self.loaded: list[str] = []
        self.released = 0

    def load(self, file: Path) -> Run:
        self.loaded.append(file.name)

        def run(inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
            assert all(array.flags.c_contiguous for array in inputs.values())
            return [np.repeat(inputs["depth"], 4, axis=1)]

        return run

    def release(self) -> None:
        self.released += 1


def graphs(**changes: object) -> Graphs:
    given = {
        "contract": 1,
        "opset": 18,
        "weights": "",
        "scale": 8,
        "border": 0,
        "symmetric": False,
        "supersampled": False,
        "consistency": 0,
        "stages": tuple(
            GraphStage(radius=1, files={"next": f"next{k}", "last": f"last{k}"}) for k in (1, 2, 3)
        ),
    }
    return Graphs(**{**given, **changes})


@pytest.mark.parametrize("channels", [1, 3])
def test_views_are_interleaved_as_the_network_does_it(rng, channels):
    views = rng.random((2, 4 * channels, 3, 5), dtype=np.float32)
    expected = interleave(torch.from_numpy(views)).numpy()
    np.testing.assert_array_equal(interleaved(views), expected)


def test_graphs_are_loaded_when_they_are_needed_and_once(rng):
    runtime = Counting()
    backend = GraphBackend(Path("net"), graphs(), runtime)
    assert runtime.loaded == []
    depth, window = rng.random((1, 1, 6, 5), dtype=np.float32), Window(0, 6, 0, 5)
    for scale, loaded in ((2, ["last1"]), (8, ["last1", "next1", "next2", "last3"])):
        for _ in range(2):
            pred = backend.predictor(depth, scale, window)(window)
        assert runtime.loaded == loaded
        np.testing.assert_array_equal(pred, depth.repeat(scale, 2).repeat(scale, 3))


def test_one_stage_more_is_averaged_down(rng):
    runtime = Counting()
    backend = GraphBackend(Path("net"), graphs(supersampled=True), runtime)
    depth, window = rng.random((1, 1, 3, 4), dtype=np.float32), Window(1, 2, 0, 4)
    assert [backend.largest_scale(scale) for scale in (2, 4, 8)] == [4, 8, 8]
    pred = backend.predictor(depth, 2, window)(window)
    assert runtime.loaded == ["next1", "last2"]
    np.testing.assert_allclose(pred, depth[:, :, 1:2].repeat(2, 2).repeat(2, 3), rtol=1e-6)


def test_memory_is_given_back_when_a_block_is_done(rng):
    runtime = Counting()
    backend = GraphBackend(Path("net"), graphs(), runtime)
    window = Window(0, 3, 0, 3)
    predict = backend.predictor(np.zeros((1, 1, 3, 3), np.float32), 4, window)
    predict(window)
    assert runtime.released == 0
    del predict
    assert runtime.released == 1


def test_a_network_that_predicts_no_errors_gives_none(rng):
    backend = GraphBackend(Path("net"), graphs(), Counting())
    assert not backend.predicts_error
    window = Window(0, 3, 0, 3)
    predict = backend.predictor(np.zeros((1, 1, 3, 3), np.float32), 4, window)
    assert predict(window, errors=True).shape == (1, 1, 12, 12)


BACKENDS = ["torch", "onnx", *(["openvino"] if find_spec("openvino") else [])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "net"
    # Small weights, so that no prediction is clipped to what a map of its range may hold.
    exported(SMALL, folder, std=0.05)
    return folder


@pytest.fixture(scope="module", autouse=True)
def no_cache_of_the_users(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    holes=st.sampled_from([0, 0.1, 0.6, 0.95]),
    scale=st.integers(2, 4),
    tile=st.sampled_from(["auto", 3, 8]),
    fill=st.sampled_from([0, 4]),
    steps=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_whatever_the_map_backends_agree(
    folder, height, width, holes, scale, tile, fill, steps, seed
):
    rng = np.random.default_rng(seed)
    values = 1 + rng.random((height, width), dtype=np.float32)
    if steps:
        values = np.round(values * 2) / 2
    valid = rng.random(values.shape) >= holes
    valid.flat[rng.integers(values.size)] = True
    depth = DepthMap(values, valid, unit="m")
    span = float(np.ptp(values[valid]))
    torchs, *others = (
        Upscaler.from_pretrained(
            folder, backend=name, device="cpu", scale=scale, tile=tile, fill=fill
        )(depth, errors=True)
        for name in BACKENDS
    )
    for found in others:
        np.testing.assert_array_equal(found.valid, torchs.valid)
        close = {"rtol": 0, "atol": 1e-5 * span}
        np.testing.assert_allclose(found.values, torchs.values, **close)
        np.testing.assert_allclose(found.error, torchs.error, **close)
