from __future__ import annotations

import numpy as np
from PIL import Image

from benchmarks.speed import accuracy_time


def test_every_method_has_a_row(monkeypatch):
    monkeypatch.setattr(accuracy_time, "SIZE", (8, 12))
    rows = accuracy_time.measure(4, 1)
    found = {(row["method"], row["precision"]) for row in rows}
    for name in ("nearest", "bicubic", "dsdmsr-base", "MS-Net", "unit: gated"):
        assert (name, "fp32") in found
    assert ("dsdmsr-base", "bf16, channels_last") in found
    known = {row["method"]: row["error"] for row in rows}
    assert known["dsdmsr-base"] < known["MS-Net"] < known["bicubic"]
    assert known["research code's SRCNN form"] is None


def test_accuracy_against_time_is_plotted(tmp_path, monkeypatch):
    monkeypatch.setattr(accuracy_time, "PLOT", tmp_path / "plot.png")
    row = {"scale": 4, "precision": "fp32", "times_bicubic": 3.0, "error": 0.5}
    kinds = {"bicubic": "baseline", "dsdmsr-base": "tier", "MS-Net": "published", "unit: a": "unit"}
    accuracy_time.plot([{**row, "method": name, "kind": kind} for name, kind in kinds.items()])
    with Image.open(tmp_path / "plot.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 0
