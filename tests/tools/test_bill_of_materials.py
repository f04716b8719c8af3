from __future__ import annotations

import hashlib
import json
from importlib.metadata import requires, version

import pytest

from benchmarks.common.options import ROOT
from dsdmsr.zoo.names import PACKAGED, folder_of
from tools import bill_of_materials


@pytest.fixture(scope="module")
def recorded():
    return json.loads(bill_of_materials.BILL.read_text(encoding="utf-8"))


def test_the_bill_of_materials_is_current(recorded):
    assert recorded == json.loads(bill_of_materials.bill()), "run python -m tools bill_of_materials"


def test_it_names_what_ships_and_what_is_required(recorded):
    parts = {part["name"]: part for part in recorded["components"]}
    assert len(parts) == len(recorded["components"])
    for name in PACKAGED:
        weights = (folder_of(name) / "model.safetensors").read_bytes()
        assert parts[name]["hashes"][0]["content"] == hashlib.sha256(weights).hexdigest()
    declared = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))
    for name, exact in declared["dependencies"].items():
        assert parts[name]["version"] == exact
    for requirement in requires("dsdmsr"):
        if ";" not in requirement:
            assert parts[requirement.partition(">")[0]]["scope"] == "required"
    assert recorded["metadata"]["component"]["version"] == version("dsdmsr")
    assert all(part["licenses"][0]["expression"] for part in recorded["components"])


def test_a_package_without_a_known_licence_is_named(monkeypatch):
    monkeypatch.setattr(bill_of_materials, "_OF_CLASSIFIERS", {})
    with pytest.raises(SystemExit, match="rich gives no licence"):
        bill_of_materials._licence("rich")
