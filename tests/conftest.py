from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from testing.prepared_sets import numbered, pyramid_of_scans, shards_of

from dsdmsr.nn import DSDMSR, ModelConfig


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The real depth maps; tests that need them skip where they are missing."""
    folder = Path(os.environ.get("DSDMSR_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "middlebury").is_dir():
        pytest.skip(f"no depth maps at {folder}: set DSDMSR_DATA")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def tiny_model() -> DSDMSR:
    """A network of the default form with random weights everywhere."""
    torch.manual_seed(0)
    config = ModelConfig(
        scale=8,
        unit="residual",
        sharing="shared",
        width=(8,),
        depth=(2,),
        carried=4,
        two_heads=True,
        fusion="none",
        bias=False,
        differences=True,
        border=4,
    )
    model = DSDMSR(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


@pytest.fixture
def maps(tmp_path) -> Path:
    return numbered(tmp_path / "maps", 12)


@pytest.fixture
def shards(maps, tmp_path) -> Path:
    return shards_of(maps, tmp_path / "shards")


@pytest.fixture
def pyramid(tmp_path) -> Path:
    return pyramid_of_scans(tmp_path)
