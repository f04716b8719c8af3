from __future__ import annotations

import csv
import dataclasses
from importlib import resources

import numpy as np
import pytest

from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import protocol_ground_truth
from dsdmsr.evaluation.measure import predict
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.published import published
from dsdmsr.zoo.names import DEFAULT_MODEL


def rows(letter: str, method: str) -> dict[tuple[str, str, int], float]:
    text = (resources.files("dsdmsr.evaluation") / "published.csv").read_text()
    return {
        (row["set"], row["scene"], int(row["scale"])): float(row["value"])
        for row in csv.DictReader(text.splitlines())
        if (row["protocol"], row["method"]) == (letter, method)
        and row["metric"] == PROTOCOLS[letter].metric
    }


def measured(letter: str, method: str, data_dir) -> dict[tuple[str, str, int], float]:
    """The protocol's figure of a baseline, for every row that is published."""
    protocol, expected, made = PROTOCOLS[letter], rows(letter, method), {}
    assert expected
    for file in protocol_ground_truth(protocol, data_dir):
        wanted = [s for s in protocol.scales if (file.set, file.scene, s) in expected]
        for case in cases(protocol, file, wanted):
            errors = []
            for seed in range(protocol.seeds):
                pred = predict(protocol, case, BASELINES[method], seed).values
                error = (pred - case.target)[case.counted]
                square = protocol.metric == "rmse"
                errors.append(np.sqrt(np.mean(error**2)) if square else np.mean(np.abs(error)))
            made[file.set, file.scene, case.scale] = float(np.mean(errors))
    return made


@pytest.mark.parametrize(
    ("letter", "method", "count", "tolerance"),
    [
        ("a", "bicubic", 52, 0.005),
        ("a", "nearest", 12, 0.005),
        ("a", "bilinear", 12, 0.005),
        ("e", "bicubic", 18, 0.01),
        ("b", "bilinear", 6, 0.1),
        ("b", "nearest", 6, 0.1),
    ],
)
def test_baselines_reproduce_every_figure_of_theirs(data_dir, letter, method, count, tolerance):
    expected, made = rows(letter, method), measured(letter, method, data_dir)
    assert len(expected) == count
    assert made.keys() == expected.keys()
    for key, value in expected.items():
        assert made[key] == pytest.approx(value, abs=tolerance), key


def test_bicubic_reproduces_the_means_known_for_lu(data_dir):
    protocol = PROTOCOLS["d"]
    errors: dict[int, list[float]] = {}
    for file in protocol_ground_truth(protocol, data_dir):
        if file.set == "lu":
            for case in cases(protocol, file, protocol.scales):
                error = predict(protocol, case, BASELINES["bicubic"]).values - case.target
                errors.setdefault(case.scale, []).append(float(np.sqrt(np.mean(error**2))))
    for row in published("d"):
        if (row.set, row.method) == ("lu", "bicubic"):
            assert np.mean(errors[row.scale]) == pytest.approx(row.value, abs=0.005)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        (DEFAULT_MODEL, {2: 0.18, 4: 0.36, 8: 0.6, 16: 0.95}),
        ("dsdmsr-fast", {2: 0.23, 4: 0.47, 8: 0.76, 16: 1.2}),
    ],
)
def test_packaged_networks_keep_their_accuracy(name, limits, data_dir):
    """On a ninth of each map; the limits are 2.5 % above what was measured."""
    protocol = PROTOCOLS["a"]
    (maps,) = (each for each in protocol.sets if each.name == "A")
    scenes = tuple(dataclasses.replace(scene, size=(384, 480)) for scene in maps.scenes)
    maps = dataclasses.replace(maps, scenes=scenes)
    protocol = dataclasses.replace(protocol, sets=(maps,))
    method = Network.from_pretrained(name, "cpu")
    errors: dict[int, list[float]] = {}
    for file in protocol_ground_truth(protocol, data_dir):
        for case in cases(protocol, file, protocol.scales):
            error = (predict(protocol, case, method).values - case.target)[case.counted]
            errors.setdefault(case.scale, []).append(float(np.sqrt(np.mean(error**2))))
    for scale, most in limits.items():
        assert np.mean(errors[scale]) <= most


def test_published_rows_say_where_they_are_from():
    letters = ("a", "b", "d", "e")
    every = [row for letter in letters for row in published(letter)]
    assert len(every) == 492
    assert {row.sees for row in every} == {
        "depth",
        "depth and colour",
        "depth; colour in training",
    }
    assert all(row.source.startswith(("published", "measured outside")) for row in every)
    assert next(r for r in every if r.method == "MS-Net").source == (
        "measured outside this repository from the released weights"
    )
