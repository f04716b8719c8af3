from __future__ import annotations

import sys

import pytest

from benchmarks.speed import stream


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is Linux's")
def test_streams_stand_beside_the_call(monkeypatch):
    monkeypatch.setattr(stream, "RATE", 500.0)
    results = stream.measure(3, 2)
    bare, streamed = results["rows"]
    assert (bare["run"], streamed["run"]) == (stream.BARE, stream.STREAM)
    assert len(streamed["rate_ratios"]) == 2
    assert 0 < streamed["latency_p50"] <= streamed["latency_p95"]
    assert results["sensor"]["dropped"] in (0, 1, 2)
    held = stream.memory(6)
    assert (held["frames"], held["first_half_mib"] > 10) == (6, True)
    streamed["rate_ratios"], results["rounds"] = [0.9, 1.0, 1.1], 3
    held |= {"first_half_mib": 200.0, "second_half_mib": 199.0}
    about = {"command": "c", "commit": "abc", "date": "2026-01-01T00:00:00"}
    machine = {"processor": "P", "threads": 2, "torch": "2"}
    table = stream.table({**about, "machine": machine, **results, "memory": held})
    assert f"| {stream.BARE} | {bare['frames_per_second']:.1f} | 1.00 | – | – |" in table
    assert "| the stream | " in table
    assert "the median of 3 pairs of runs (0.90 to 1.10)" in table
    assert "200 MiB in the first half, 199 in the second (−0.5%)" in table
