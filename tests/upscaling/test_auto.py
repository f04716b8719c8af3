from __future__ import annotations

import numpy as np
import pytest
from testing.backends import Repeating

from dsdmsr import DepthMap, Upscaler
from dsdmsr.upscaling.auto import AutoBackend, announcement, choose_network
from dsdmsr.upscaling.backends import load_backend
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

ROWS, COLUMNS = np.mgrid[:24, :32]
CLEAN = DepthMap(1 + 0.01 * COLUMNS + 0.02 * ROWS)


@pytest.fixture
def noisy(rng) -> DepthMap:
    return DepthMap(CLEAN.values + 0.05 * rng.normal(size=CLEAN.shape))


def test_noisy_maps_get_the_robust_network_and_each_is_loaded_once(noisy):
    loaded = []

    class Named(Repeating):
        def __init__(self, name: str) -> None:
            loaded.append(name)
            self.name = name

    backend = AutoBackend(Named)
    assert loaded == [DEFAULT_MODEL]
    for depth, name in ((noisy, ROBUST_MODEL), (CLEAN, DEFAULT_MODEL), (noisy, ROBUST_MODEL)):
        assert choose_network(depth) == backend.for_map(depth).name == name
    assert loaded == [DEFAULT_MODEL, ROBUST_MODEL]
    assert backend.scales == Repeating.scales


def test_an_upscaler_that_chooses_does_as_the_one_of_the_chosen_network(monkeypatch, noisy):
    loaded = []
    monkeypatch.setattr(
        "dsdmsr.upscaling.upscaler.load_backend",
        lambda name, *more: (loaded.append(name), load_backend(name, *more))[1],
    )
    auto = Upscaler.from_pretrained("auto", scale=2, device="cpu")
    results = [auto(depth, errors=True) for depth in (CLEAN, noisy, CLEAN)]
    assert loaded == [DEFAULT_MODEL, ROBUST_MODEL]
    for depth, name, result in zip((CLEAN, noisy), loaded.copy(), results, strict=False):
        expected = Upscaler.from_pretrained(name, scale=2, device="cpu")(depth, errors=True)
        np.testing.assert_array_equal(result.values, expected.values)
        np.testing.assert_array_equal(result.error, expected.error)


def test_the_choice_is_announced_and_noise_too_where_there_is_none(noisy):
    assert announcement("auto", CLEAN) == "looks clean: enlarged by dsdmsr-base; --model changes it"
    assert "looks noisy: enlarged by dsdmsr-robust" in announcement("auto", noisy)
    for network in (None, DEFAULT_MODEL):
        assert announcement(network, CLEAN) is None
        assert "--model dsdmsr-robust removes noise" in announcement(network, noisy)
    assert announcement("dsdmsr-fast", noisy) is None
