from __future__ import annotations

import json

import pytest

from benchmarks.speed import ceiling, roofline, roofline_tables
from benchmarks.speed.roofline import CV2, FAST, MS_NET, RESEARCH


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(roofline, "NETWORKS", (FAST,))
    monkeypatch.setattr(roofline, "SIZE", (24, 32))
    monkeypatch.setattr(roofline, "REST", 0)
    monkeypatch.setattr(ceiling, "CHANNELS", (8,))
    monkeypatch.setattr(ceiling, "SIZES", ((24, 32),))
    monkeypatch.setattr(ceiling, "COPY_BYTES", 2**16)


def test_shares_and_ratios_are_of_the_same_round():
    taken = {
        (CV2, "OpenCV"): [1.0, 2.0, 4.0],
        (FAST, "onnx"): [10.0, 20.0, 40.0],
        (MS_NET, "onnx"): [20.0, 40.0, 80.0],
        (FAST, "torch"): [30.0, 60.0, 120.0],
    }
    rows = roofline.rows(taken, {FAST: 500}, 2000, [5.0, 10.0, 20.0])
    found = {(row.pop("method"), row.pop("backend")): row for row in rows}
    # 1000 of 2000 operations in twice the time.
    assert found[FAST, "onnx"] == {
        "median_s": 20.0,
        "share": 0.25,
        "times_cv2": 10.0,
        "times_ms_net": 0.5,
        "times_fast": 1.0,
    }
    assert "times_ms_net" not in found[FAST, "torch"]  # it has no time there
    assert "share" not in found[CV2, "OpenCV"]


@pytest.mark.slow
def test_everything_is_timed_in_one_run(small, monkeypatch):
    made = roofline.measure(1, 1)
    rows = {(row["method"], row["backend"]): row for row in made["rows"]}
    for key in ((FAST, "torch"), (CV2, "OpenCV"), (RESEARCH, "torch"), ("SPAN", "onnx")):
        assert rows[key]["median_s"] > 0
    assert rows["ESPCN", "onnx"]["share"] > 0
    assert {row["runtime"] for row in made["ceiling"]["convolutions"]} == set(ceiling.RUNTIMES)
    results = {
        **json.loads(json.dumps(made)),
        "runtimes": {"onnxruntime": "1"},
        "memory": {"rows": [{"network": FAST, "backend": "torch", "mib": 200.0}]},
        "disk": [{"network": FAST, "weights": 0.14, "graphs": 0.05}],
        "command": "python -m benchmarks roofline",
        "commit": "abc",
        "date": "2026-01-01T00:00:00",
        "machine": {"processor": "P", "threads": 2, "torch": "2"},
    }
    names = [name for name in roofline_tables.__all__ if name != "sentence"]
    tables = {name: getattr(roofline_tables, name)(results) for name in names}
    assert f"| {FAST} | torch |" in tables["networks"]
    assert "| SPAN | Wan et al." in tables["peers"]
    assert f"| {FAST} | 200 | 0.14 | 0.05 |" in tables["costs"]
    assert "256 MiB" in tables["ceiling"]
    assert "| FSRCNN | 12 809 |" in tables["work"]


def test_the_sentence_says_frames_a_second():
    rows = [
        {"method": name, "backend": backend, "median_s": 0.02 * k, "times_cv2": 10.0 * k}
        for k, name in enumerate(roofline_tables.NETWORKS, 1)
        for backend in ("torch", "onnx")
    ]
    about = {"command": "c", "commit": "abc", "date": "2026-01-01T00:00:00"}
    machine = {"processor": "P", "threads": 2, "torch": "2"}
    size = {"height": 120, "width": 160, "scale": 4}
    said = roofline_tables.sentence({**about, **size, "machine": machine, "rows": rows})
    assert "from 160×120 to 640×480, on 2 CPU threads" in said
    assert f"`{roofline_tables.NETWORKS[0]}` 50 (10)" in said
