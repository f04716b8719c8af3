from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.common.results import load_results
from dsdmsr.depth.find_degradation import STEPS_MIN, step_features
from experiments import degradation


def test_hardly_a_real_map_is_told_wrongly():
    wrong, told = degradation.wrong_and_decided(load_results("degradation")["rows"])
    assert wrong <= 0.01
    assert told >= 0.45


@pytest.mark.parametrize("source", degradation.SOURCES)
@pytest.mark.parametrize("scale", [2, 8])
def test_every_way_of_downsampling_keeps_flat_maps_flat(rng, source, scale):
    flat = torch.full((6 * scale, 8 * scale), 0.5, dtype=torch.float64)
    for _ in range(4):
        small = degradation.downsample(flat, scale, source, rng)
        assert small.shape == (6, 8)
        torch.testing.assert_close(small, torch.full_like(small, 0.5))


def test_what_is_trained_tells_plain_examples_apart(monkeypatch):
    monkeypatch.setattr(degradation, "STEPS", 200)
    rng = np.random.default_rng(0)

    def examples():
        for number in range(20):
            values = np.repeat(rng.integers(0, 9, (40, 16)), 40, axis=1).astype(np.float32)
            truth = torch.from_numpy(values).double()[:, number % 4 : 600 + number % 4]
            for source in ("area", "samples"):
                small = degradation.downsample(truth, 4, source, rng).numpy()
                yield degradation.Example(small, source, 4, 0.0, "none", "columns")

    weights = degradation.train(examples())
    assert weights["first"].shape[0] == len(step_features(np.zeros((STEPS_MIN, 8), np.float32)))
    assert all(np.isfinite(each).all() for each in weights.values())
