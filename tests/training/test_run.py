from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from testing.runs import logged, quiet

from dsdmsr.errors import DependencyError, install_command
from dsdmsr.training.card import training_history
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run import train_recipe
from dsdmsr.upscaling.backends import load_backend
from dsdmsr.zoo.graphs import read_graphs
from dsdmsr.zoo.torch_networks import from_pretrained


@pytest.mark.slow
def test_the_smoke_recipe_learns_to_beat_bicubic(tmp_path):
    steps = 400
    run = tmp_path / "run"
    options = TrainOptions(recipe="smoke", run_dir=run, steps=steps)
    folder = train_recipe(options, console=quiet())
    for scale in (2, 4):
        errors = logged(run, f"val/rmse_x{scale}")
        assert len(errors) == 2
        assert errors[1] < errors[0] < logged(run, f"val/bicubic_x{scale}")[0]
        assert errors[1] < 0.9 * logged(run, f"val/bicubic_x{scale}")[-1]
        assert len(logged(run, f"train/loss_x{scale}")) == 4
    assert logged(run, "val/score")[-1] < 0.9
    assert from_pretrained(str(folder)).scales == (2, 4)
    # Its graphs beside it are what ONNX Runtime runs.
    backend = load_backend(str(folder), "onnx", "cpu")
    assert backend.scales == (2, 4)
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0")
    assert f"recipe `smoke`, seed 1, {steps} steps" in card

    options = TrainOptions(
        recipe=str(short(tmp_path)), run_dir=tmp_path / "again", init=str(folder)
    )
    again = train_recipe(options, console=quiet())
    history = training_history((again / "README.md").read_text())
    assert history[0] == training_history(card)[0]
    assert "recipe `short`, seed 1, 1 steps" in history[1]


def short(tmp_path: Path, **model: object) -> Path:
    """A recipe of one step."""
    recipe = recipe_to_dict(load_recipe("smoke"))
    recipe["crops"] = [{"scale": scale, "crop": 32, "batch": 1} for scale in (2, 4)]
    recipe |= {"steps": 1, "model": {**recipe["model"], **model}}
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(recipe))
    return tmp_path / "short.yaml"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


NETWORK = {"README.md", "config.json", "model.safetensors"}


def test_a_run_leaves_its_networks_graphs(tmp_path):
    options = TrainOptions(recipe=str(short(tmp_path)), run_dir=tmp_path / "run")
    folder = train_recipe(options, console=quiet())
    graphs = read_graphs(folder)
    assert graphs is not None
    files = {file for stage in graphs.stages for file in stage.files.values()}
    assert names(folder) == {*NETWORK, "graphs.json", *files}


def test_forms_that_cannot_be_exported_leave_none(tmp_path):
    changes = {"fusion": "mean", "two_heads": False, "differences": False, "bias": True}
    options = TrainOptions(recipe=str(short(tmp_path, **changes)), run_dir=tmp_path / "run")
    assert names(train_recipe(options, console=quiet())) == NETWORK


def test_without_onnx_a_run_says_that_it_leaves_none(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    for module in ("export", "onnx_graph"):
        monkeypatch.delitem(sys.modules, f"dsdmsr.training.{module}", raising=False)
    console = quiet()
    options = TrainOptions(recipe=str(short(tmp_path)), run_dir=tmp_path / "run")
    assert names(train_recipe(options, console=console)) == NETWORK
    said = " ".join(console.file.getvalue().split())
    assert "no ONNX graphs: " in said
    assert install_command("export") in said


def test_without_lightning_its_install_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning", None)
    monkeypatch.delitem(sys.modules, "dsdmsr.training.fit", raising=False)
    with pytest.raises(DependencyError, match=r"needs lightning.*: pip install .*\[train\]'"):
        train_recipe(TrainOptions(recipe="smoke", run_dir=tmp_path / "run"))
    assert not (tmp_path / "run").exists()


_BARE = """
import sys
from pathlib import Path
sys.modules |= dict.fromkeys(["cyclopts", "tensorboard", "wandb", "webdataset"])
from testing.runs import resume, short_recipe
resume(Path(sys.argv[1]), short_recipe(steps=1))
"""


def test_rendered_scenes_are_trained_on_without_cyclopts_webdataset_and_trackers(tmp_path):
    tests = str(Path(__file__).parents[1])
    paths = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", _BARE, str(tmp_path / "run")]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=300)
    assert (tmp_path / "run" / "model.safetensors").is_file()
