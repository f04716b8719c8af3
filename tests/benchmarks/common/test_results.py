"""What is written about results files, and what pages say of them."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from benchmarks.common import results
from benchmarks.common.results import (
    RESULTS,
    change,
    checksums,
    forms,
    load_results,
    save_results,
)
from dsdmsr.zoo.names import PACKAGED
from dsdmsr.zoo.torch_networks import from_pretrained


def test_results_know_their_command_and_the_weights_they_were_measured_with(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    save_results("some", "python -m some", {"rows": [1]}, ["dsdmsr-base"])
    content = load_results("some")
    assert content["command"] == "python -m some"
    assert content["rows"] == [1]
    assert content["weights"] == {"dsdmsr-base": checksums("dsdmsr-base")}
    assert len(content["weights"]["dsdmsr-base"]) == 2
    assert "`python -m some` at commit" in results.made_by(content)
    save_results("times", "python -m times", {}, ["dsdmsr-base"], timed=True)
    content = load_results("times")
    assert "weights" not in content
    assert content["forms"] == {"dsdmsr-base": forms("dsdmsr-base")}


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.json")))
def test_results_are_those_of_the_packaged_weights(name):
    for network, of in load_results(name).get("weights", {}).items():
        assert network in PACKAGED
        assert of == checksums(network), f"measure {name} again: {network} has other weights now"


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.json")))
def test_times_are_those_of_the_packaged_forms(name):
    for network, of in load_results(name).get("forms", {}).items():
        assert network in PACKAGED
        assert of == forms(network), f"measure {name} again: {network} has another form now"


def test_a_form_stays_the_same_with_other_weights(monkeypatch):
    base = from_pretrained("dsdmsr-base")
    before = forms("dsdmsr-base"), checksums("dsdmsr-base")
    with torch.no_grad():
        for parameter in base.parameters():
            parameter.add_(1)
    monkeypatch.setattr(results, "from_pretrained", lambda _: base)
    assert forms("dsdmsr-base") == before[0]
    assert checksums("dsdmsr-base")[0] != before[1][0]
    base.config = dataclasses.replace(base.config, consistency=3)
    assert forms("dsdmsr-base")[0] != before[0][0]


def test_changes_have_their_sign():
    assert change(4, 3) == "−25.0%"
    assert change(4, 5) == "+25.0%"


def test_scenes_are_as_near_to_the_world_as_the_page_says():
    content = load_results("scene_statistics")
    distances = content["distances"]
    assert len(content["statistics"]) == 7
    for statistic in content["statistics"]:
        mix = distances["the base recipe's mix"][statistic]
        assert mix <= 0.35 or statistic == "edge roughness"
        assert mix < distances["furthest source"][statistic]


def test_scenes_are_rendered_as_fast_as_the_page_says():
    content = load_results("scene_throughput")
    assert content["ratio"] >= 4
    assert content["growth_mib"] < 32


def test_maps_are_prepared_and_read_as_fast_as_the_page_says():
    content = load_results("prepare")
    assert all(ratio >= 1.8 for ratio in content["speed"]["two_to_one"].values())
    assert content["speed"]["to_research"]["pyramid, 2 processes"] >= 5
    assert content["reading"]["ratio"] >= 4
    few, many = content["memory"]
    assert many["maps"] == 10 * few["maps"]
    for before, after in zip(few["peak_mib"], many["peak_mib"], strict=True):
        assert after < before + 16
