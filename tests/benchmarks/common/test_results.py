"""What is written about results files, and what pages say of them."""

from __future__ import annotations

import pytest

from benchmarks.common import results
from benchmarks.common.results import RESULTS, change, checksums, load_results, save_results
from dsdmsr.zoo.names import PACKAGED


def test_results_know_their_command_and_the_weights_they_were_measured_with(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    save_results("some", "python -m some", {"rows": [1]}, ["dsdmsr-base"])
    content = load_results("some")
    assert content["command"] == "python -m some"
    assert content["rows"] == [1]
    assert content["weights"] == {"dsdmsr-base": checksums("dsdmsr-base")}
    assert len(content["weights"]["dsdmsr-base"]) == 2
    assert "`python -m some` at commit" in results.made_by(content)


@pytest.mark.parametrize("name", sorted(path.stem for path in RESULTS.glob("*.json")))
def test_results_are_those_of_the_packaged_weights(name):
    for network, of in load_results(name).get("weights", {}).items():
        assert network in PACKAGED
        assert of == checksums(network), f"measure {name} again: {network} has other weights now"


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
