from __future__ import annotations

import csv
import json
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from dsdmsr.errors import DataError
from dsdmsr.evaluation.evaluate import evaluate, methods_for
from dsdmsr.evaluation.protocols import PROTOCOLS, MapSet, Protocol
from dsdmsr.evaluation.report import results, weights_checksum
from dsdmsr.provenance import write_json
from dsdmsr.zoo.pretrained import from_pretrained


def published(method: str) -> dict[tuple[str, str, int], float]:
    text = (resources.files("dsdmsr.evaluation") / "published.csv").read_text()
    return {
        (row["set"], row["scene"], int(row["scale"])): float(row["value"])
        for row in csv.DictReader(text.splitlines())
        if row["method"] == method and row["metric"] == "rmse"
    }


def test_bicubic_reproduces_every_published_figure(data_dir, tiny_model):
    bicubic = {"bicubic": methods_for("x", tiny_model)["bicubic"]}
    made = {
        (score.set, score.scene, score.scale): score.rmse
        for some in evaluate(PROTOCOLS["a"], data_dir, bicubic)
        for score in some
    }
    expected = published("bicubic")
    assert len(expected) == 52
    assert made.keys() == expected.keys()
    # Published to three places.
    assert max(abs(made[key] - value) for key, value in expected.items()) < 0.005


@pytest.mark.slow
def test_the_default_network_keeps_its_accuracy(data_dir):
    network = {"net": methods_for("net", from_pretrained(), "cpu")["net"]}
    protocol = PROTOCOLS["a"]
    only_b = Protocol(
        letter="a",
        title=protocol.title,
        degradation=protocol.degradation,
        rounded=protocol.rounded,
        dropped=protocol.dropped,
        scales=protocol.scales,
        sets=tuple(s for s in protocol.sets if s[0] == "B"),
    )
    errors: dict[int, list[float]] = {}
    for some in evaluate(only_b, data_dir, network):
        errors.setdefault(some[0].scale, []).append(some[0].rmse)
    for scale, most in {2: 0.58, 4: 0.90, 8: 1.35, 16: 2.60}.items():
        assert np.mean(errors[scale]) <= most


def made_protocol(**changes: object) -> Protocol:
    values = {
        "letter": "t",
        "title": "a test",
        "degradation": "area",
        "rounded": True,
        "dropped": 1,
        "scales": (2,),
        "sets": (("S", MapSet(folder="maps", scenes=("one",), above=(("one", 9),))),),
    }
    return Protocol(**{**values, **changes})  # type: ignore[arg-type]


def test_rounding_dropping_cropping_and_the_level_that_counts(tmp_path):
    (tmp_path / "maps").mkdir()
    truth = np.full((5, 7), 20, np.uint8)
    truth[0, 0] = 9
    Image.fromarray(truth).save(tmp_path / "maps" / "one.png")
    seen = []

    def method(lr_levels: np.ndarray, scale: int) -> np.ndarray:
        seen.append(lr_levels)
        pred = np.full((4, 6), 21.5)  # becomes 22
        pred[-1], pred[:, -1], pred[0, 0] = 90, 90, 90  # none of which counts
        pred[0, 1] = 300  # becomes 255
        return pred

    ((score,),) = evaluate(made_protocol(), tmp_path, {"m": method})
    assert seen[0].shape == (2, 3)
    assert seen[0][1, 1] == 20
    counted = 3 * 5 - 1
    assert score.mae == pytest.approx((2 * (counted - 1) + 235) / counted)
    assert score.rmse == pytest.approx(np.sqrt((4 * (counted - 1) + 235**2) / counted))


def test_missing_maps_are_named(tmp_path):
    with pytest.raises(DataError, match=r"maps/one\.png is missing"):
        list(evaluate(made_protocol(), tmp_path, {}))


def test_a_results_file_says_what_made_it(tmp_path, tiny_model):
    content = results(PROTOCOLS["a"], [], model="tiny", checksum=weights_checksum(tiny_model))
    write_json(tmp_path / "r.json", content)
    read = json.loads((tmp_path / "r.json").read_text())
    assert read["protocol"]["letter"] == "a"
    assert len(read["model"]["sha256"]) == 64
    assert {"schema", "date", "commit", "machine", "version", "scores"} <= read.keys()
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]
