from __future__ import annotations

import pytest

from benchmarks.accuracy.protocols import GROUPS, group_of
from benchmarks.common.results import RESULTS, load_results
from dsdmsr.evaluation.report import weights_of
from dsdmsr.zoo.names import PACKAGED
from dsdmsr.zoo.torch_networks import for_known, from_pretrained
from tools.fill_documents import TABLES, documents, fill


def test_tables_in_documents_are_those_of_the_results_files():
    for document in documents():
        text = document.read_text(encoding="utf-8")
        assert fill(text) == text, f"run python -m tools.fill_documents ({document})"


def test_every_results_file_and_every_table_is_shown():
    assert {file for file, _ in TABLES.values()} == {path.stem for path in RESULTS.glob("*.json")}
    text = "".join(document.read_text(encoding="utf-8") for document in documents())
    assert all(f"<!-- table: {name} -->" in text for name in TABLES)


def test_every_packaged_network_is_measured():
    assert {name for group in GROUPS.values() for name in group.models} == set(PACKAGED)
    assert group_of("dsdmsr-robust/bicubic") == "robust"


@pytest.mark.parametrize("file", GROUPS)
def test_accuracies_are_those_of_the_weights_in_the_package(file):
    results = load_results(file)
    assert [model["name"] for model in results["models"]] == list(GROUPS[file].models)
    for model in results["models"]:
        name = model["name"]
        assert model == {"name": name, **weights_of(from_pretrained(name), for_known(name))}
    assert [p["letter"] for p in results["protocols"]] == list(GROUPS[file].protocols)
    assert results["commit"]
    assert results["date"]
    assert results["machine"]["processor"]
