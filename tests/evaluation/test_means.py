from __future__ import annotations

import json

import numpy as np
import pytest
from testing.evaluations import measurement

from dsdmsr.evaluation.ground_truth import OWN
from dsdmsr.evaluation.means import bootstrap, protocol_results, results, weights_of
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.report import markdown
from dsdmsr.evaluation.results import Results


def test_a_results_file_says_what_made_it(tmp_path, tiny_model):
    one = protocol_results(PROTOCOLS["a"], [measurement()])
    results([one], [weights_of("tiny", tiny_model, {})]).write(tmp_path / "r.json")
    read = json.loads((tmp_path / "r.json").read_text())
    assert read["schema"] == 3
    assert {"date", "commit", "machine", "version"} <= read.keys()
    assert len(read["models"][0]["sha256"]) == 64
    (measured,) = read["protocols"]
    assert (measured["letter"], measured["degradation"], measured["metric"]) == (
        "a",
        "bicubic",
        "rmse",
    )
    assert measured["scores"][0]["edge_rmse"] is None
    assert measured["means"][0]["profile"] == [2.0, 0.0]
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_own_sets_of_twenty_maps_get_intervals(rng):
    def own(count: int) -> tuple[Results, list[float]]:
        measurements = [
            measurement(set=OWN, scene=str(k), metrics={"rmse": float(value)})
            for k, value in enumerate(rng.normal(5, 1, count))
        ]
        made = results([protocol_results(PROTOCOLS["a"], measurements)], [])
        return made, [one.metrics["rmse"] for one in measurements]

    twenty, values = own(20)
    intervals = twenty.protocols[0].means[0].interval_95
    assert intervals is not None
    low, high = intervals["rmse"]
    error = np.std(values, ddof=1) / np.sqrt(20)
    assert low == pytest.approx(np.mean(values) - 1.96 * error, abs=0.15)
    assert high == pytest.approx(np.mean(values) + 1.96 * error, abs=0.15)
    assert "95 % bootstrap intervals" in markdown(twenty)
    assert "95 % bootstrap intervals" in page(twenty)
    assert Results.from_plain(twenty.to_plain()) == twenty
    nineteen, _ = own(19)
    assert nineteen.protocols[0].means[0].interval_95 is None


def test_bootstrap_covers_the_true_mean_as_often_as_it_says(rng):
    hits = 0
    for _ in range(300):
        low, high = bootstrap(rng.normal(0, 1, 40))
        hits += low <= 0 <= high
    assert 0.89 < hits / 300 < 0.99
