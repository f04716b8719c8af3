from __future__ import annotations

import pytest

from benchmarks.accuracy.protocols import GROUPS, group_of
from benchmarks.common.results import RESULTS
from dsdmsr.evaluation.means import weights_of
from dsdmsr.evaluation.results import Results
from dsdmsr.zoo.names import PACKAGED
from dsdmsr.zoo.torch_networks import for_known, from_pretrained
from tools.fill_documents import TABLES, documents, fill


def test_tables_in_documents_are_those_of_the_results_files():
    for document in documents():
        text = document.read_text(encoding="utf-8")
        assert fill(text) == text, f"run python -m tools fill_documents ({document})"


def test_every_results_file_has_a_table_in_a_document():
    text = "".join(document.read_text(encoding="utf-8") for document in documents())
    shown = {file for name, (file, _) in TABLES.items() if f"<!-- table: {name} -->" in text}
    assert shown == {path.stem for path in RESULTS.glob("*.json")}


def test_every_packaged_network_is_measured():
    assert {name for group in GROUPS.values() for name in group.models} == set(PACKAGED)
    assert group_of("dsdmsr-robust/bicubic") == "robust"


@pytest.mark.parametrize("file", GROUPS)
def test_accuracies_are_those_of_the_weights_in_the_package(file):
    results = Results.read(RESULTS / f"{file}.json")
    names = GROUPS[file].models
    expected = [weights_of(name, from_pretrained(name), for_known(name)) for name in names]
    assert list(results.models) == expected
    assert [protocol.letter for protocol in results.protocols] == list(GROUPS[file].protocols)
    assert results.commit
    assert results.date
    assert results.machine.processor
