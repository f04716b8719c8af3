from __future__ import annotations

import re

import yaml
from testing.command import refused, run

from dsdmsr.training.recipe_files import load_recipe, recipe_from_dict


def test_train_explains_a_recipe_and_trains_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "train", "--recipe", "smoke", "--steps", 7, "--explain")
    assert code == 0
    head = out.split("\n\n")[0]
    shown = recipe_from_dict(yaml.safe_load(head))
    assert shown == load_recipe("smoke").lasting(steps=7)
    assert "maps: rendered scenes" in out
    assert re.search(r"parameters: [\d,]+\n", out)
    assert re.search(r"a step, on average: [\d.]+ GMAC", out)
    assert re.search(r"memory: [\d,]+ MiB", out)
    assert not list(tmp_path.iterdir())


def test_what_train_refuses(capsys, tmp_path):
    (tmp_path / "file.txt").write_text("mine")
    run_dir = ("--run-dir", tmp_path / "run")
    for arguments, says in [
        (("none", *run_dir), "recipe 'none' not found"),
        (("none", "--explain"), "recipe 'none' not found"),
        (("smoke",), "no --run-dir: give a new folder, or --explain"),
        (("smoke", *run_dir, "--steps", 1, "--minutes", 1), "--steps"),
        (("smoke", *run_dir, "--steps", 1, "--fast-dev"), "--fast-dev"),
        (("smoke", *run_dir, "--steps", 0), "positive"),
        (("smoke", "--run-dir", tmp_path), "is not empty"),
    ]:
        assert says in refused(capsys, "train", "--recipe", *arguments)
