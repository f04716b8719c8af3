from __future__ import annotations

from typing import Any

import pytest

from benchmarks.accuracy import sensor_tables
from benchmarks.accuracy.sensor_methods import OURS, PEERS

SENSOR = "active stereo"


def row(method: str, value: float, filled: float | None = None) -> dict[str, Any]:
    cameras = {"still": value, "moving": value}
    return {
        "sensor": SENSOR,
        "scale": 4,
        "method": method,
        "rmse_mm": cameras,
        "mae_mm": value,
        "flicker_mm": cameras,
        "flying": value / 1000,
        "holes": 0.5,
        "filled_rmse_mm": filled,
    }


@pytest.fixture
def results() -> dict[str, Any]:
    return {
        "rows": [*(row(name, 20.0) for name in PEERS), *(row(name, 10.0) for name in OURS)],
        "times": {"4": {**dict.fromkeys(PEERS, 1.0), **dict.fromkeys(OURS, 30.0)}},
        "chosen": {SENSOR: {"dsdmsr-base": 5, "dsdmsr-robust": 1}},
        "command": "python -m benchmarks sensors",
        "commit": "abc",
        "date": "2026-01-01T00:00:00",
        "machine": {"processor": "P", "threads": 1, "torch": "3"},
    }


def test_every_method_has_its_figures_and_the_least_are_bold(results):
    text = sensor_tables.table(results, SENSOR)
    assert text.startswith("| ×4 | RMSE, still |")
    cells = "20.0 | 20.0 | 20.0 | 20.0 | 20.0 | 2.00% | – | **50.00%** | 1"
    assert f"| bicubic | {cells} |" in text
    best = "**10.0** | **10.0** | **10.0** | **10.0** | **10.0** | **1.00%** | – | **50.00%** | 30"
    assert f"| auto | {best} |" in text
    assert "Of 6 sequences, `auto` took `dsdmsr-base` for 5 and `dsdmsr-robust` for 1." in text
    assert text.endswith("commit abc, 2026-01-01, on P, 1 threads, torch 3.")


def test_sentences_name_no_peer_that_is_not_better(results):
    text = sensor_tables.better_peers(results)
    assert "In none of 7 comparisons is a peer better than every row of ours." in text
    assert "In none of 7 comparisons is a peer better than `auto`." in text
    assert "×4: the slowest peer, bicubic, takes less time than the fastest of ours" in text


def test_sentences_name_the_best_peer_where_it_is_better(results):
    peer = next(each for each in results["rows"] if each["method"] == "RealSense spatial")
    peer["flying"] = 0.001
    auto = next(each for each in results["rows"] if each["method"] == "auto")
    auto["mae_mm"] = 25.0
    results["times"]["4"]["RealSense spatial"] = 31.0
    text = sensor_tables.better_peers(results)
    assert "In 1 of 7 comparisons the best peer is better than every row of ours:" in text
    assert "- flying pixels: RealSense spatial (active stereo ×4)" in text
    assert "In 2 of 7 comparisons the best peer is better than `auto`:" in text
    assert "- MAE: bicubic (active stereo ×4)" in text
    assert "takes no less time than the fastest of ours" in text
