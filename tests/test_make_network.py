from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

import pytest
import yaml

from dsdmsr.training.card import training_history
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.zoo.torch_networks import from_pretrained

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def make_network(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("make_network")


def test_one_command_goes_from_an_empty_folder_to_a_packaged_network(
    tmp_path, monkeypatch, make_network
):
    smoke = load_recipe("smoke")
    crops = tuple(dataclasses.replace(mix, crop=32, batch=1) for mix in smoke.crops)
    recipe = dataclasses.replace(smoke, crops=crops, warmup=1)
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(recipe_to_dict(recipe)))
    monkeypatch.setattr(make_network, "ZOO", tmp_path / "zoo")
    command = ["make_network.py", str(tmp_path / "short.yaml"), "mine", "--steps", "2"]
    command += ["--run-dir", str(tmp_path / "run"), "--consistency", "2"]
    monkeypatch.setattr(sys, "argv", command)
    make_network.main()
    made = tmp_path / "zoo" / "mine"
    assert from_pretrained(str(made)).config.consistency == 2
    card = (made / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0")
    assert "\n# mine\n" in card
    assert len(training_history(card)) == 1
    assert "2 back-projection(s)" in card
    assert "<!-- table: accuracy_a -->" in card
    # Given again with a longer run, it goes on from where it was.
    monkeypatch.setattr(sys, "argv", [*command[:4], "3", *command[5:]])
    make_network.main()
    assert ", 3 steps, " in (made / "README.md").read_text()
    assert json.loads((made / "config.json").read_text())["scale"] == 4
