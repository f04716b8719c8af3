from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.common.results import load_results
from dsdmsr.depth import find_degradation as module
from dsdmsr.depth.find_degradation import step_features, step_profiles
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
    monkeypatch.setattr(degradation, "STEPS", 300)
    rng = np.random.default_rng(0)

    def examples():
        for number in range(20):
            values = np.repeat(rng.integers(0, 9, (40, 16)), 40, axis=1).astype(np.float32)
            truth = torch.from_numpy(values).double()[:, number % 4 : 600 + number % 4]
            for source in ("area", "samples"):
                small = degradation.downsample(truth, 4, source, rng).numpy()
                yield degradation.Example(small, source, 4, 0.0, "none", "columns")

    network = degradation.train(examples())
    right = 0
    for example in examples():
        profiles = step_profiles(example.values, np.ones(example.values.shape, bool))
        scores = network(torch.from_numpy(step_features(profiles))[None])
        right += degradation.SOURCES[int(scores.argmax())] == example.source
    assert right >= 30


def test_what_is_trained_is_what_the_package_runs(monkeypatch, tmp_path, rng):
    torch.manual_seed(0)
    network = degradation.Sets(34)
    monkeypatch.setattr(degradation, "WEIGHTS", tmp_path / "weights.npy")
    degradation.write([*degradation.patterns(), *network.arrays()])
    monkeypatch.setattr(module, "WEIGHTS", tmp_path / "weights.npy")
    module._network.cache_clear()
    features = step_features(rng.random((50, 8)).astype(np.float32))
    likely = torch.softmax(network(torch.from_numpy(features)[None])[0], 0)
    try:
        np.testing.assert_allclose(module._likely(features), likely.detach(), atol=2e-3)
    finally:
        module._network.cache_clear()


def test_patterns_are_those_that_the_package_has():
    for made, packaged in zip(degradation.patterns(), module._patterns(), strict=True):
        np.testing.assert_allclose(made, packaged, atol=1e-3)
