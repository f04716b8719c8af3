from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest
import yaml

from dsdmsr._plain import to_plain
from dsdmsr.evaluation.means import weights_of
from dsdmsr.evaluation.protocols import SUITE
from dsdmsr.zoo.names import PACKAGED, REFERENCES, ROBUST_MODEL
from dsdmsr.zoo.torch_networks import for_known, from_pretrained

ROOT = Path(__file__).resolve().parents[1]


def readme_module():
    spec = importlib.util.spec_from_file_location("readme", ROOT / "benchmarks" / "readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_figures_in_documents_are_those_of_the_results_files():
    readme = readme_module()
    for document in readme.documents():
        text = document.read_text(encoding="utf-8")
        assert "<!-- table: " in text
        assert readme.fill(text) == text, f"run python benchmarks/readme.py ({document})"


MEASURED = [
    ("accuracy", ["dsdmsr-base", "dsdmsr-fast"], SUITE),
    ("robust", [ROBUST_MODEL], ("a", "b")),
    ("references", list(REFERENCES), ("a",)),
]
"""Results file, its networks, and its protocols."""


def test_every_packaged_network_is_measured():
    assert [name for _, names, _ in MEASURED for name in names] == list(PACKAGED)


@pytest.mark.parametrize(("file", "names", "letters"), MEASURED)
def test_results_are_those_of_the_weights_in_the_package(file, names, letters):
    results = json.loads((ROOT / "benchmarks" / "results" / f"{file}.json").read_text())
    assert [model["name"] for model in results["models"]] == names
    for model in results["models"]:
        name = model["name"]
        assert model == to_plain(weights_of(name, from_pretrained(name), for_known(name)))
    assert [p["letter"] for p in results["protocols"]] == list(letters)
    assert results["commit"]
    assert results["date"]
    assert results["machine"]["processor"]


def test_the_readme_names_what_there_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(((?!http)[^)]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
    from dsdmsr.io import ENCODINGS

    for encoding in ENCODINGS:
        assert f"`{encoding}`" in text
    yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_scenes_are_as_near_to_the_world_as_the_page_says():
    results = json.loads((ROOT / "benchmarks" / "results" / "scene_statistics.json").read_text())
    distances = results["distances"]
    assert len(results["statistics"]) == 7
    for statistic in results["statistics"]:
        mix = distances["the base recipe's mix"][statistic]
        assert mix <= 0.35 or statistic == "edge roughness"
        assert mix < distances["furthest source"][statistic]


def test_scenes_are_drawn_as_fast_as_the_page_says():
    results = json.loads((ROOT / "benchmarks" / "results" / "scene_throughput.json").read_text())
    assert results["ratio"] >= 4
    assert results["growth_mib"] < 32


def test_maps_are_prepared_and_read_as_fast_as_the_page_says():
    results = json.loads((ROOT / "benchmarks" / "results" / "prepare.json").read_text())
    assert all(ratio >= 1.8 for ratio in results["speed"]["two_to_one"].values())
    assert results["speed"]["to_research"]["pyramid, 2 processes"] >= 5
    assert results["reading"]["ratio"] >= 4
    few, many = results["memory"]
    assert many["maps"] == 10 * few["maps"]
    for before, after in zip(few["peak_mib"], many["peak_mib"], strict=True):
        assert after < before + 16


def test_every_data_set_has_a_page():
    from dsdmsr.app.prepare import prepare

    pages = {path.stem for path in (ROOT / "docs" / "data").glob("*.md")}
    assert pages == {name for name in prepare if not name.startswith("-")}
    for page in sorted(pages):
        text = (ROOT / "docs" / "data" / f"{page}.md").read_text(encoding="utf-8")
        assert f"dsdmsr prepare {page} " in text
        for part in ("- **Where**", "- **Terms**"):
            assert part in text or page == "folder"
        for link in re.findall(r"\]\(((?!http)[^)]+)\)", text):
            assert (ROOT / "docs" / "data" / link).exists(), link
