from __future__ import annotations

from benchmarks.speed import starts
from benchmarks.speed.cold_start import IMPORT


def test_processes_stand_beside_the_import(monkeypatch):
    taken = {IMPORT: [0.1, 0.2, 0.1], "dsdmsr-fast": [0.2, 0.4, 0.3], "dsdmsr-base": [0.5] * 3}
    monkeypatch.setattr(starts, "start_seconds", lambda models, rounds: taken)
    rows = {row["process"]: row for row in starts.measure(3)}
    assert rows["dsdmsr-fast"] == {
        "process": "dsdmsr-fast",
        "median_s": 0.3,
        "times_import": 2.0,
    }
    assert rows[IMPORT]["times_import"] == 1
    about = {"command": "c", "commit": "abc", "date": "2026-01-01T00:00:00"}
    machine = {"processor": "P", "threads": 2, "torch": "2"}
    table = starts.table({**about, "machine": machine, "rows": list(rows.values())})
    assert "| `dsdmsr upscale --model dsdmsr-fast` | 0.30 | 2.00 |" in table
    assert f"| `{IMPORT}` | 0.10 | 1.00 |" in table
