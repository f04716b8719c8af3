from __future__ import annotations

import dataclasses
import json
import sys

import yaml

from dsdmsr.training.card import training_history
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.zoo.torch_networks import from_pretrained
from tools import make_network


def test_one_command_goes_from_an_empty_folder_to_a_packaged_network(tmp_path, monkeypatch):
    smoke = load_recipe("smoke")
    crops = tuple(dataclasses.replace(mix, crop=32, batch=1) for mix in smoke.crops)
    model = dataclasses.replace(smoke.model, consistency=1)
    recipe = dataclasses.replace(smoke, crops=crops, warmup=1, model=model)
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(recipe_to_dict(recipe)))
    monkeypatch.setattr(make_network, "ZOO", tmp_path / "zoo")
    command = ["make_network", str(tmp_path / "short.yaml"), "mine", "--steps", "2"]
    command += ["--run-dir", str(tmp_path / "run"), "--consistency", "2"]
    monkeypatch.setattr(sys, "argv", command)
    make_network.main()
    folder = tmp_path / "zoo" / "mine"
    assert from_pretrained(str(folder)).config.consistency == 2
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0")
    assert "\n# mine\n" in card
    assert len(training_history(card)) == 1
    assert "2 back-projection(s)" in card
    assert "<!-- table: accuracy_a -->" in card
    # Given again with a longer run, it goes on from where it was, and predicts as in training.
    monkeypatch.setattr(sys, "argv", [*command[:4], "3", *command[5:7]])
    make_network.main()
    card = (folder / "README.md").read_text()
    assert ", 3 steps, " in card
    assert "1 back-projection(s)" in card
    assert from_pretrained(str(folder)).config.consistency == 1
    assert json.loads((folder / "config.json").read_text())["scale"] == 4
