from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path

import pytest
import torch
import yaml

from dsdmsr.nn import DSDMSR
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.upscaling.backends import load_backend
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from tools import make_network, prune_network

CARD = """---
license: apache-2.0
---
# mine

- **Training**: recipe `short`, 4,792 parameters
- **Not for** anything

## Accuracy
"""


@pytest.fixture
def recipe(tmp_path) -> Path:
    smoke = load_recipe("smoke")
    crops = tuple(dataclasses.replace(mix, crop=32, batch=4) for mix in smoke.crops)
    file = tmp_path / "short.yaml"
    file.write_text(yaml.safe_dump(recipe_to_dict(dataclasses.replace(smoke, crops=crops))))
    return file


@pytest.fixture
def folder(tmp_path, recipe, monkeypatch) -> Path:
    """A network in a package of its own, half of whose first block never acts."""
    monkeypatch.setattr(make_network, "ZOO", tmp_path)
    monkeypatch.setattr(prune_network, "ZOO", tmp_path)
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = DSDMSR(load_recipe(str(recipe)).model)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    with torch.no_grad():
        model.stages[0].unit.features[1].conv1.weight[:8] = 0
    parameters = sum(p.numel() for p in model.parameters())
    save_pretrained(model, tmp_path / "mine", CARD.replace("4,792", f"{parameters:,}"))
    return tmp_path / "mine"


def prune(monkeypatch, recipe: Path, *options: str) -> None:
    command = ["prune_network", "mine", str(recipe), "--batches", "6", *options]
    monkeypatch.setattr(sys, "argv", command)
    prune_network.main()


@pytest.mark.parametrize("place", ["- **Not for** anything", "## Accuracy"])
def test_one_command_prunes_a_network_and_writes_what_it_did(
    monkeypatch, capsys, recipe, folder, place
):
    if place == "## Accuracy":
        (folder / "README.md").write_text((folder / "README.md").read_text().replace("Not for", ""))
    before = from_pretrained(str(folder))
    prune(monkeypatch, recipe, "--least", "0", "--border", "3")
    after = from_pretrained(str(folder))
    assert after.config.hidden == ((8, 16), (16, 16))
    assert after.config.border == 3
    depth = torch.rand(1, 1, 6, 6)
    with torch.no_grad():
        torch.testing.assert_close(after(depth).fused, before(depth).fused)
    card = (folder / "README.md").read_text()
    (line,) = [line for line in card.splitlines() if "After training" in line]
    assert "8 of 64 hidden channels removed" in line
    assert "less than 0 of its block's output on 6 batches" in line
    assert "error on others +0.00%" in line
    assert f"recipe `{recipe}`" in line
    assert card.index(line) < card.index(place)
    parameters = sum(p.numel() for p in after.parameters())
    assert f"{parameters:,} parameters" in card
    # Its graphs are those of the weights that are left.
    assert load_backend(str(folder), "onnx", "cpu").border == 3
    assert f"wrote {folder}" in capsys.readouterr().out


def test_a_dry_run_writes_nothing(monkeypatch, capsys, recipe, folder):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    prune(monkeypatch, recipe, "--least", "0.01", "--dry-run")
    out = capsys.readouterr().out
    removed = re.search(r"(\d+) of 64 hidden channels", out)
    assert removed
    assert int(removed[1]) > 8
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_stage_that_is_in_no_example_is_not_thinned_out(monkeypatch, recipe, folder):
    values = yaml.safe_load(recipe.read_text())
    values["crops"] = [mix for mix in values["crops"] if mix["scale"] == 2]
    recipe.write_text(yaml.safe_dump(values))
    with pytest.raises(SystemExit, match="a stage runs in none of 6 batches"):
        prune(monkeypatch, recipe)


def test_what_is_measured_and_what_is_judged_by_are_other_examples(recipe):
    first, second = (
        next(prune_network.examples(load_recipe(str(recipe)), seed, 1)) for seed in (1, 2)
    )
    again = next(prune_network.examples(load_recipe(str(recipe)), 1, 1))
    assert torch.equal(first.lr_depth, again.lr_depth)
    assert not set(first.names) & set(second.names)


def test_errors_are_over_valid_pixels(recipe):
    chosen = list(prune_network.examples(load_recipe(str(recipe)), 1, 3))
    model = DSDMSR(load_recipe(str(recipe)).model)
    squares = []
    for each in chosen:
        with torch.no_grad():
            difference = model(each.lr_depth, each.scale).fused - each.targets[-1]
        squares.append(difference[each.valids[-1]].square())
    expected = torch.cat(squares).mean().sqrt()
    assert prune_network.error(model, chosen) == pytest.approx(float(expected), rel=1e-5)
