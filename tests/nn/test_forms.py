"""Every form of a network, small and with random weights."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from testing.network_tests import NetworkTests
from testing.networks import SHARED

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.blocks import BLOCKS
from dsdmsr.nn.symmetry import init_symmetric
from dsdmsr.nn.units import UNITS

PLAIN = ModelConfig(scale=4, width=(8,), depth=(2,))
SYMMETRIC: dict[str, Any] = {
    "width": (16, 8),
    "depth": (2,),
    "carried": 8,
    "candidates": 3,
    "consistency": 1,
    "confidence": 8,
    "symmetric": True,
}
IN_THREE: dict[str, Any] = {"scale": 8, "depth": (3, 2, 1)}


def changed(config: ModelConfig, *rows: dict[str, Any]) -> list[ModelConfig]:
    return [dataclasses.replace(config, **row) for row in rows]


FORMS = [
    *changed(PLAIN, *({"unit": unit} for unit in UNITS)),
    *changed(
        PLAIN,
        {"unit": "srcnn", "fusion": "none"},
        {"unit": "vdsr", "scale": 8, "depth": (4,), "bias": False, "fusion": "legacy"},
        {"unit": "vdsr", "skip": "bicubic"},
        {"unit": "residual", "scale": 16, "carried": 4, "width": (4,), "depth": (1,)},
        {"unit": "gated", "fusion": "none", "candidates": 3},
    ),
    *changed(PLAIN, *({"unit": unit, "sharing": "shared", "fusion": "none"} for unit in UNITS)),
    *changed(
        PLAIN,
        {"unit": "vdsr", "sharing": "shared", "depth": (8,), "width": (4,), "carried": 3},
        {"unit": "residual", "hidden": ((3, 8), (5, 8))},
        {"unit": "residual", "sharing": "shared", "carried": 8, "carried_into": "features"},
    ),
    *changed(
        SHARED,
        *({"unit": u, "candidates": c} for u in ("vdsr", *BLOCKS) for c in (0, 5)),
        {"scale": 16, "width": (8, 8, 4, 4), "depth": (2, 2, 1, 1)},
        {**IN_THREE, "candidates": 3, "consistency": 1},
        {**IN_THREE, "candidates": 5, "consistency": 3},
        {**IN_THREE, "confidence": 4},
        {**IN_THREE, "dilations": (2, 5)},
        {**IN_THREE, "dilations": (2,), "hidden": ((8, 3, 5, 1), (12, 8), (4,))},
        {**IN_THREE, "carried_into": "features", "carried": 8, "candidates": 3, "confidence": 4},
        {"unit": "vdsr", "carried_into": "features", "carried": 8},
        {**IN_THREE, "supersampled": True, "candidates": 3, "consistency": 1},
        {**IN_THREE, "supersampled": True, "confidence": 4},
    ),
    *changed(
        SHARED,
        {**SYMMETRIC, "scale": 8, "width": (16, 8, 8)},
        {**SYMMETRIC, "scale": 8, "width": (16, 8, 8), "dilations": (2, 3), "supersampled": True},
        {**SYMMETRIC, "bias": True, "differences": False},
        {**SYMMETRIC, "unit": "large_kernel"},
        {**SYMMETRIC, "unit": "gated"},
        {**SYMMETRIC, "hidden": ((8, 24), (16, 8))},
        {**SYMMETRIC, "carried_into": "features"},
    ),
]


def name_of(config: ModelConfig) -> str:
    """Return what tells a form from the plain one."""
    values = dataclasses.asdict(config)
    plain = dataclasses.asdict(PLAIN)
    differing = [key for key, value in values.items() if value != plain[key]]
    return "-".join(f"{key}={values[key]}" for key in differing) or "plain"


@pytest.fixture(autouse=True)
def errors_are_not_clipped(monkeypatch):
    """Let networks of random weights expect errors of any size."""
    monkeypatch.setattr("dsdmsr.nn.expectation.LOG_ERRORS", (-50, 50))


def network(config: ModelConfig, dtype: torch.dtype) -> DSDMSR:
    """Return a network with random weights, symmetric ones to the last place if it should be."""
    torch.manual_seed(1)
    model = DSDMSR(config).to(dtype)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    if config.symmetric:
        init_symmetric(model)
    return model.eval()


@pytest.mark.parametrize("config", FORMS, ids=name_of, scope="class")
class TestEveryForm(NetworkTests):
    @pytest.fixture(scope="class")
    def model(self, config) -> DSDMSR:
        return network(config, torch.float32)

    @pytest.fixture
    def double(self, config) -> DSDMSR:
        return network(config, torch.float64)
