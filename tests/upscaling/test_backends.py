from __future__ import annotations

import dataclasses

import pytest
import torch
from testing.backend_tests import BackendTests
from testing.backends import ErrorPredicting, Repeating

from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.ensemble import SelfEnsemble
from dsdmsr.upscaling.torch_backend import TorchBackend


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
