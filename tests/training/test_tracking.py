from __future__ import annotations

import csv
import dataclasses
import io
import json
import sys
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console
from tensorboard.backend.event_processing import event_accumulator
from testing.runs import quiet, short_recipe
from testing.wandb_files import history, records

from dsdmsr.app.cli import main
from dsdmsr.errors import DependencyError, TrainingError, install_command
from dsdmsr.training import tracking as module
from dsdmsr.training.fit import fit
from dsdmsr.training.options import Tracking
from dsdmsr.training.recipe import Recipe


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return short_recipe(steps=4, validate_every=2, panels=1)


def run(recipe: Recipe, folder: Path, tracking: Tracking, **more) -> None:
    console = Console(file=io.StringIO())
    fit(recipe, folder, tracking=tracking, console=console, device="cpu", **more)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_wandb_holds_offline_what_the_csv_holds(tmp_path, recipe, no_account):
    pytest.importorskip("wandb")
    folder = tmp_path / "run"
    wandb = Tracking(tracker=("wandb",), wandb_project="depth", wandb_entity="us")
    run(recipe, folder, wandb)
    run(recipe.lasting(steps=6), folder, wandb, resume="auto")
    assert not (folder / "tensorboard").exists()
    shown = {
        (row["step"], name): value
        for row in history(folder)
        for name, value in row.items()
        if isinstance(value, float)
    }
    with (folder / "log.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["name"].startswith("val/")]
    assert {row["step"] for row in rows} == {"2", "4", "6"}
    for row in rows:
        assert shown[int(row["step"]), row["name"]] == pytest.approx(float(row["value"]), rel=1e-7)
    offline = sorted(folder.glob("wandb/offline-run-*"))
    assert len(offline) == 2
    # offline-run-DAY_TIME-ID, and -1 after it where two began in one second
    assert len({path.name.split("-")[3] for path in offline}) == 1, "one identity"
    pictures = sorted(folder.glob("wandb/offline-run-*/files/media/images/*.png"))
    assert len(pictures) == 3
    with (
        Image.open(pictures[0]) as picture,
        Image.open(folder / "panels" / "step0000002_map1.png") as panel,
    ):
        assert picture.size == panel.size
    told = [r.run for p in offline for r in records(next(p.glob("*.wandb"))) if r.HasField("run")]
    assert {(t.project, t.entity) for t in told} == {("depth", "us")}
    config = {item.key: json.loads(item.value_json) for item in told[0].config.update}
    assert config["learning_rate"] == recipe.learning_rate


def test_wandb_that_does_not_begin_is_told(tmp_path, recipe, monkeypatch):
    wandb = pytest.importorskip("wandb")

    def fails(**_):
        raise wandb.Error("no\nconnection")

    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setattr(wandb, "init", fails)
    with pytest.raises(TrainingError, match=r"\(no connection\): set WANDB_MODE=offline"):
        run(recipe, tmp_path / "run", Tracking(tracker=("wandb",)))


def test_without_trackers_the_folder_alone_is_written(tmp_path, recipe):
    run(recipe, tmp_path, Tracking(tracker=("none",)))
    assert (tmp_path / "log.csv").is_file()
    assert (tmp_path / "panels").is_dir()
    assert not (tmp_path / "tensorboard").exists()


def test_each_output_of_each_factor_is_logged(tmp_path, recipe):
    run(recipe, tmp_path, Tracking())
    with (tmp_path / "log.csv").open() as file:
        names = {row["name"] for row in csv.DictReader(file)}
    outputs = ["x2", "x2_stage_x2", "x4", "x4_stage_x2", "x4_stage_x4"]
    kinds = ["rmse", "mae", "psnr", "unit_rmse"]
    expected = {f"val/{kind}_{output}" for kind in kinds for output in outputs}
    expected |= {f"val/{kind}_x{scale}" for kind in ("loss", "bicubic") for scale in (2, 4)}
    assert {name for name in names if name.startswith("val/")} == {*expected, "val/score"}
    assert "train/crops_per_second" in names


def test_a_tracker_that_is_not_installed_is_named_before_anything_is_written(
    tmp_path, recipe, monkeypatch
):
    monkeypatch.setitem(sys.modules, "wandb", None)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(DependencyError, match=r"pip install .*\[wandb\]'"):
        run(recipe, tmp_path / "run", Tracking(tracker=("wandb",)))
    assert not (tmp_path / "run").exists()
    said = Console(file=io.StringIO(), width=200)
    module.check_trackers(Tracking(tracker=("tensorboard",)), said)
    assert install_command("train") in said.file.getvalue()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tracker", "none", "wandb"], "goes with no other"),
        (["--wandb-project", "depth"], "for the tracker wandb"),
    ],
)
def test_options_that_contradict_each_other_are_refused(tmp_path, capsys, options, said):
    run_dir = tmp_path / "run"
    assert main(["train", "--recipe", "smoke", "--run-dir", str(run_dir), *options]) == 2
    assert said in capsys.readouterr().err
    assert not run_dir.exists()


def test_tensorboard_shows_what_the_csv_does(tmp_path, recipe):
    fit(recipe, tmp_path, console=quiet(), device="cpu")
    events = event_accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    with (tmp_path / "log.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "val/rmse_x2"]
    shown = [(event.step, event.value) for event in events.Scalars("val/rmse_x2")]
    assert [step for step, _ in shown] == [int(row["step"]) for row in rows] == [2, 4]
    for (_, value), row in zip(shown, rows, strict=True):
        assert value == pytest.approx(float(row["value"]), rel=1e-4)


def test_each_validation_plots_its_panels(tmp_path, recipe):
    """The prediction at the end of a run is what the last panel shows."""
    fit(dataclasses.replace(recipe, panels=2), tmp_path, console=quiet(), device="cpu")
    names = sorted(path.name for path in (tmp_path / "panels").iterdir())
    assert names == [f"step000000{k}_map{n}.png" for k in (2, 4) for n in (1, 2)]
    with Image.open(tmp_path / "panels" / names[-1]) as picture:
        assert picture.mode == "RGB"
        # Two columns of 256; two stages, predictions, errors, and ground truth beside input.
        assert picture.size == (520, 52 + 5 * (26 + 256 + 8))
    events = event_accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [image.step for image in events.Images("panel 1")] == [2, 4]
    other = tmp_path / "none"
    fit(dataclasses.replace(recipe, panels=0), other, console=quiet(), device="cpu")
    assert not (other / "panels").exists()
