from __future__ import annotations

import numpy as np
import pytest

from benchmarks.common.options import ROOT
from benchmarks.speed import baseline
from dsdmsr import DepthMap, write_depth
from dsdmsr.io import read_numbers

OLDER = """
import numpy as np

class DepthMap:
    def __init__(self, values):
        self.values = values

class Upscaler:
    @classmethod
    def from_pretrained(cls, name, *, scale, device):
        print("the older code prints")
        upscaler = cls()
        upscaler.name = name
        return upscaler

    def __call__(self, depth):
        if self.name == "broken":
            raise ValueError("broken")
        assert depth.values.shape == (120, 160)
"""


@pytest.fixture
def older(tmp_path):
    package = tmp_path / "older" / "src" / "dsdmsr"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(OLDER)
    return tmp_path / "older"


def test_a_worker_runs_the_package_of_its_checkout(older, capfd):
    with baseline.Worker(older) as old, baseline.Worker(ROOT) as new:
        for worker in (old, new):
            worker.load("dsdmsr-fast", 2)
            assert worker.run() > 0
    assert capfd.readouterr().err.count("the older code prints") == 1


def test_a_worker_says_what_went_wrong(older, tmp_path, capfd):
    with pytest.raises(RuntimeError, match="is it a checkout"):
        baseline.Worker(tmp_path)
    worker = baseline.Worker(older)
    with pytest.raises(RuntimeError, match="ended with status 1"):
        worker.load("broken", 2)
    with worker:
        assert "ValueError: broken" in capfd.readouterr().err


def test_turns_change_their_order_and_ratios_are_paired():
    order: list[str] = []
    seconds = {"old": iter([4.0, 8.0, 2.0]), "new": iter([1.0, 4.0, 1.0])}

    def turn(key: str) -> float:
        order.append(key)
        return next(seconds[key])

    taken = baseline.paired({key: lambda key=key: turn(key) for key in seconds}, 3)
    assert order == ["old", "new", "new", "old", "old", "new"]
    assert taken == {"old": [4.0, 8.0, 2.0], "new": [1.0, 4.0, 1.0]}
    assert baseline.compared(taken) == {"old_s": 4.0, "new_s": 1.0, "ratio": 0.5}


def test_the_command_of_each_checkout_is_timed(older, monkeypatch):
    monkeypatch.setattr(baseline, "COMMANDS", ("dsdmsr-fast",))
    sources: list[str] = []
    monkeypatch.setattr(
        baseline.subprocess, "run", lambda command, *, env, **_: sources.append(env["PYTHONPATH"])
    )
    (row,) = baseline.commands({"old": older, "new": ROOT}, 2)
    assert row["network"] == "dsdmsr-fast"
    assert sources[-2:] == [str(ROOT / "src"), str(older / "src")]


def test_ratios_have_a_table():
    row = {"network": "dsdmsr-fast", "old_s": 4.0, "new_s": 1.0}
    results = {
        "old": "cc02601",
        "rows": [{**row, "scale": 4, "ratio": 0.25}, {**row, "scale": 8, "ratio": 0.5}],
        "commands": [{**row, "ratio": 0.2}],
        "command": "python -m benchmarks baseline",
        "commit": "abc",
        "date": "2026-01-01T00:00:00",
        "machine": {"processor": "P", "threads": 2, "torch": "2"},
    }
    text = baseline.table(results)
    assert "| time / cc02601's | ×4 | ×8 | the command, ×4 |" in text
    assert "| dsdmsr-fast | 0.25 | 0.50 | 0.20 |" in text


def test_a_worker_reads_and_writes_files(tmp_path, rng):
    numbers = rng.integers(1, 200, (40, 50)).astype(np.uint8)
    np.save(tmp_path / "numbers.npy", numbers)
    write_depth(tmp_path / "a.png", DepthMap(numbers, kind="disparity", unit="level"), "levels")
    with baseline.Worker(ROOT) as worker:
        for what in ("read", "write"):
            assert worker.file_seconds(what, tmp_path / "a.png") > 0
        said = worker.png(tmp_path / "numbers.npy", "levels")
    assert said["bytes"] == (tmp_path / "out.png").stat().st_size
    np.testing.assert_array_equal(read_numbers(tmp_path / "out.png"), numbers)
    assert (tmp_path / "written" / "a.png").exists()
