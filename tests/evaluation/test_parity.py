from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from testing.exported import SMALL, exported

from dsdmsr.evaluation import parity
from dsdmsr.evaluation.parity import Parity, compare_with_torch
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.names import folder_of
from dsdmsr.zoo.torch_networks import from_pretrained


@pytest.fixture(autouse=True)
def no_cache_of_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path) -> Path:
    exported(SMALL, tmp_path / "net", std=0.05)
    return tmp_path / "net"


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_graphs_of_a_network_are_at_parity(folder, backend):
    if backend == "openvino":
        pytest.importorskip("openvino", reason="pip install 'dsdmsr[openvino]'")
    found = compare_with_torch(folder, backend)
    assert 0 < found.difference < 1e-5
    assert 0 < found.rounding < 1e-5
    assert found.holds


def test_networks_that_predict_no_errors_and_supersample_are_compared(tmp_path):
    config = dataclasses.replace(SMALL, confidence=0, supersampled=True, consistency=1)
    exported(config, tmp_path, std=0.05)
    assert compare_with_torch(tmp_path).holds


def test_a_packaged_network_is_at_parity():
    found = compare_with_torch(Path(str(folder_of("dsdmsr-fast"))))
    assert found.holds
    assert found.difference > 0


@pytest.mark.parametrize("channel", ["values", "errors"])
def test_a_small_change_of_values_or_errors_is_seen(monkeypatch, folder, channel):
    def load(name: str, *given: str) -> Backend:
        model: DSDMSR = from_pretrained(name)
        for stage in model.stages:
            head = stage.unit.head if channel == "values" else stage.expected.ratios
            with torch.no_grad():
                head.weight += 1e-3
        return TorchBackend(model, "cpu")

    monkeypatch.setattr(parity, "load_backend", load)
    found = compare_with_torch(folder)
    assert found.difference > 1e-4
    assert not found.holds


def test_every_scale_and_size_is_compared_whole_and_in_tiles_with_holes(monkeypatch, folder):
    seen = []
    values = parity._values

    def note(backend: Backend, *given: object) -> np.ndarray:
        seen.append(given)
        return values(backend, *given)

    monkeypatch.setattr(parity, "_values", note)
    compare_with_torch(folder)
    assert {scale for _, scale, _ in seen} == {2, 4}
    sizes = {depth.shape for depth, *_ in seen}
    assert {(1, 1), (97, 131)} <= sizes
    assert {depth.valid.all() for depth, *_ in seen} == {True, False}
    assert any(tile < max(depth.shape) for depth, _, tile in seen)


@pytest.mark.parametrize(
    ("difference", "rounding", "holds"),
    [(0.9e-5, 0, True), (1.1e-5, 1e-7, False), (1.1e-5, 1.2e-5, True), (float("nan"), 1, False)],
)
def test_parity_is_a_difference_that_rounding_may_have(difference, rounding, holds):
    assert Parity(difference, rounding).holds == holds
