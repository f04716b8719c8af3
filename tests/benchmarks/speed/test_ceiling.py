from __future__ import annotations

import pytest

from benchmarks.speed import ceiling
from benchmarks.speed.ceiling import Chain


def test_the_highest_rate_is_that_of_the_fastest_operations_not_of_the_shortest_time():
    short, long = Chain("torch", 32, (8, 8)), Chain("torch", 64, (8, 8))
    assert ceiling.flops_of(short) == 2 * 6 * 32 * 32 * 9 * 64
    assert ceiling.flops_of(long) == 4 * ceiling.flops_of(short)
    chain, rate = ceiling.highest({short: [1.0, 1.0, 9.0], long: [2.0, 2.0, 2.0]})
    assert chain == long
    assert rate == pytest.approx(ceiling.flops_of(long) / 2)


def test_every_chain_runs_in_every_runtime(monkeypatch):
    monkeypatch.setattr(ceiling, "CHANNELS", (8,))
    monkeypatch.setattr(ceiling, "SIZES", ((24, 32),))
    runs = ceiling.chains(1)
    assert {chain.runtime for chain in runs} == set(ceiling.RUNTIMES)
    for run in runs.values():
        assert run().shape == (1, 8, 24, 32)


def test_a_copy_is_of_the_bytes_that_it_says(monkeypatch):
    monkeypatch.setattr(ceiling, "COPY_BYTES", 2**12)
    copied = ceiling.copy_run()()
    assert copied.nbytes == 2**12
    assert copied.min() == 1
