from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from testing.networks import SHARED, random_network
from testing.prepared_sets import numbered, pyramid_of_scans, shards_of

from dsdmsr.nn import DSDMSR


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
    return random_network(dataclasses.replace(SHARED, scale=8, depth=(2,), border=4))


@pytest.fixture
def maps(tmp_path) -> Path:
    return numbered(tmp_path / "maps", 12)


@pytest.fixture
def shards(maps, tmp_path) -> Path:
    return shards_of(maps, tmp_path / "shards")


@pytest.fixture
def pyramid(tmp_path) -> Path:
    return pyramid_of_scans(tmp_path)
