from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from testing.backend_tests import BackendTests
from testing.backends import ErrorPredicting, Repeating
from testing.exported import SMALL, exported

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.backends import load_backend
from dsdmsr.upscaling.ensemble import SelfEnsemble
from dsdmsr.upscaling.graph_backend import GraphBackend
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.graphs import read_graphs


class TestTorchBackend(BackendTests):
    @pytest.fixture
    def backend(self, tiny_model) -> Backend:
        return TorchBackend(tiny_model, "cpu")


class TestTorchBackendThatPredictsErrors(BackendTests):
    @pytest.fixture
    def backend(self, tiny_model) -> Backend:
        torch.manual_seed(2)
        model = DSDMSR(dataclasses.replace(tiny_model.config, confidence=4))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
        return TorchBackend(model, "cpu")


class TestTorchBackendOfPackagedNetwork(BackendTests):
    @pytest.fixture(scope="class")
    def backend(self) -> Backend:
        return TorchBackend.from_pretrained("dsdmsr-fast", "cpu")


def graph_backend(config: ModelConfig, folder: Path) -> Backend:
    exported(config, folder)
    return GraphBackend(folder, read_graphs(folder), OnnxRuntime("cpu"))


class TestGraphBackend(BackendTests):
    @pytest.fixture
    def backend(self, tiny_model, tmp_path) -> Backend:
        return graph_backend(tiny_model.config, tmp_path)


class TestGraphBackendThatPredictsErrors(BackendTests):
    @pytest.fixture
    def backend(self, tmp_path) -> Backend:
        return graph_backend(SMALL, tmp_path)


class TestGraphBackendThatSupersamplesAndCorrects(BackendTests):
    @pytest.fixture
    def backend(self, tmp_path) -> Backend:
        config = dataclasses.replace(SMALL, scale=8, supersampled=True, consistency=1)
        return graph_backend(config, tmp_path)


class TestGraphBackendOfSymmetricNetwork(BackendTests):
    @pytest.fixture
    def backend(self, tmp_path) -> Backend:
        symmetric = {"symmetric": True, "carried": 8, "confidence": 8}
        return graph_backend(dataclasses.replace(SMALL, **symmetric), tmp_path)


class TestGraphBackendOfPackagedNetwork(BackendTests):
    @pytest.fixture(scope="class")
    def backend(self) -> Backend:
        return load_backend("dsdmsr-fast", "onnx", "cpu")


class TestGraphBackendInOpenVino(BackendTests):
    @pytest.fixture
    def backend(self, tmp_path, monkeypatch) -> Backend:
        pytest.importorskip("openvino", reason="pip install 'dsdmsr[openvino]'")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        exported(SMALL, tmp_path / "net")
        return load_backend(str(tmp_path / "net"), "openvino", "cpu")


class TestSelfEnsemble(BackendTests):
    @pytest.fixture
    def backend(self, tiny_model) -> Backend:
        return SelfEnsemble(TorchBackend(tiny_model, "cpu"))


class TestSelfEnsembleThatPredictsErrors(BackendTests):
    @pytest.fixture
    def backend(self) -> Backend:
        return SelfEnsemble(ErrorPredicting())


class TestBackendsForTests(BackendTests):
    @pytest.fixture
    def backend(self) -> Backend:
        return Repeating()
