from __future__ import annotations

from benchmarks.common.options import ROOT
from benchmarks.speed import holes
from dsdmsr._provenance import provenance


def test_both_checkouts_fill_maps_up_to_the_largest_of_the_older(monkeypatch):
    monkeypatch.setattr(holes, "SIDES", (20, 40))
    monkeypatch.setattr(holes, "LARGEST_OF_OLD", 20)
    small, large = holes.measure(ROOT, 2)
    assert (small["side"], large["side"], large["old_s"]) == (20, 40, None)
    assert min(small["old_s"], small["new_s"], large["new_s"]) > 0


def test_the_table_says_how_time_grows():
    rows = [
        {"side": 10, "old_s": 3.0, "new_s": 0.1},
        {"side": 20, "old_s": None, "new_s": 0.38},
    ]
    about = {**provenance("cpu"), "command": "python -m benchmarks holes"}
    lines = holes.table({**about, "old": "abc", "rows": rows}).splitlines()
    assert lines[2:4] == ["| 10×10 | 30 | – |", "| 20×20 | – | 3.8 |"]
