"""What tests share that run without torch, too; the conftest.py above this folder needs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dsdmsr


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def scene() -> tuple[dsdmsr.DepthMap, dsdmsr.DepthMap]:
    """A part of the sample with edges, 48×64, a hole of 5 pixels in it; and its ground truth."""
    lr_depth, hr_depth = dsdmsr.sample()
    values = lr_depth.values[30:78, 40:104].copy()
    valid = np.ones(values.shape, bool)
    valid[10, 20:25] = False
    values[~valid] = 0
    truth = hr_depth.values[120:312, 160:416]
    return (
        dsdmsr.DepthMap(values, valid, unit="m", encoding="mm"),
        dsdmsr.DepthMap(truth, unit="m", encoding="mm"),
    )


@pytest.fixture
def file(tmp_path, scene) -> Path:
    """The same map as a 16-bit PNG."""
    dsdmsr.write_depth(tmp_path / "depth.png", scene[0])
    return tmp_path / "depth.png"
