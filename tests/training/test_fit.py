from __future__ import annotations

import csv
import dataclasses
import io
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
import yaml
from rich.console import Console

from dsdmsr.errors import ConfigError, ModelError, TrainingError
from dsdmsr.training.config import Recipe, load_recipe, recipe_to_dict
from dsdmsr.training.fit import fit
from dsdmsr.training.module import TrainingModule, normalise_crops
from dsdmsr.training.run import legs_of, train_recipe
from dsdmsr.training.run_dir import stored_recipe
from dsdmsr.zoo.pretrained import from_pretrained, load_weights


def quiet() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """A minute's recipe cut to some seconds."""
    smoke = load_recipe("smoke")
    crops = tuple(dataclasses.replace(mix, crop=32, batch=2) for mix in smoke.crops)
    return dataclasses.replace(smoke, crops=crops, steps=6, validate_every=3, warmup=2)


def test_the_smoke_recipe_learns_to_beat_bicubic(tmp_path):
    folder = train_recipe("smoke", tmp_path / "run", console=quiet())
    with (tmp_path / "run" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))

    def logged(name: str) -> list[float]:
        return [float(row["value"]) for row in rows if row["name"] == name]

    for scale in (2, 4):
        errors = logged(f"val/rmse_x{scale}")
        assert len(errors) == 3
        assert errors[2] < errors[1] < errors[0]
        assert errors[2] < 0.85 * logged(f"val/bicubic_x{scale}")[-1]
        assert len(logged(f"train/loss_x{scale}")) == 6
    assert from_pretrained(str(folder)).scales == (2, 4)
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0")
    assert "recipe `smoke`, seed 1, 600 steps" in card

    crops = [{"scale": scale, "crop": 32, "batch": 1} for scale in (2, 4)]
    short = {**recipe_to_dict(load_recipe("smoke")), "steps": 1, "crops": crops}
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(short))
    again = train_recipe(
        str(tmp_path / "short.yaml"), tmp_path / "again", init=str(folder), console=quiet()
    )
    legs = legs_of((again / "README.md").read_text())
    assert legs[0] == legs_of(card)[0]
    assert "recipe `short`, seed 1, 1 steps" in legs[1]


def test_a_run_resumed_ends_where_an_unbroken_one_does(tmp_path, recipe, monkeypatch):
    whole = load_weights(fit(recipe, tmp_path / "whole", console=quiet(), device="cpu"))

    class Stopped(TrainingModule):
        def on_train_batch_end(self, outputs, batch, batch_idx):
            super().on_train_batch_end(outputs, batch, batch_idx)
            self.trainer.should_stop = self.global_step == 4

    monkeypatch.setattr("dsdmsr.training.fit.TrainingModule", Stopped)
    fit(recipe, tmp_path / "broken", console=quiet(), device="cpu")
    monkeypatch.undo()
    state = torch.load(tmp_path / "broken" / "last.ckpt", weights_only=True)
    assert state["global_step"] == 4
    resumed = load_weights(
        fit(recipe, tmp_path / "broken", resume="auto", console=quiet(), device="cpu")
    )
    state = torch.load(tmp_path / "broken" / "last.ckpt", weights_only=True)
    assert state["global_step"] == 6
    assert resumed.keys() == whole.keys()
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=1e-6)


def test_a_killed_run_leaves_a_checkpoint_that_goes_on(tmp_path, recipe):
    run = tmp_path / "run"
    code = (
        "import dataclasses, io, pathlib, rich.console\n"
        "from dsdmsr.training.config import load_recipe\n"
        "from dsdmsr.training.fit import fit\n"
        "smoke = load_recipe('smoke')\n"
        "crops = tuple(dataclasses.replace(m, crop=32, batch=2) for m in smoke.crops)\n"
        "recipe = dataclasses.replace(smoke, crops=crops, steps=10**6, checkpoint_seconds=0.01)\n"
        f"fit(recipe, pathlib.Path({str(run)!r}), device='cpu',\n"
        "    console=rich.console.Console(file=io.StringIO()))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 240
    while not (run / "last.ckpt").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    state = torch.load(run / "last.ckpt", weights_only=True)
    reached = state["global_step"]
    assert reached > 0
    assert state["state_dict"]["averaged.n_averaged"] == reached
    longer = dataclasses.replace(stored_recipe(run), steps=reached + 2)
    fit(longer, run, resume="auto", console=quiet(), device="cpu")
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == reached + 2


def test_a_folder_with_a_run_is_not_written_over(tmp_path, recipe):
    fit(recipe.lasting(steps=1), tmp_path, console=quiet(), device="cpu")
    before = (tmp_path / "last.ckpt").read_bytes()
    with pytest.raises(TrainingError, match="holds a run"):
        fit(recipe, tmp_path, console=quiet(), device="cpu")
    assert (tmp_path / "last.ckpt").read_bytes() == before


def test_a_run_is_resumed_with_its_own_recipe_alone(tmp_path, recipe):
    fit(recipe.lasting(steps=1), tmp_path, console=quiet(), device="cpu")
    stored = (tmp_path / "recipe.yaml").read_text()
    other = dataclasses.replace(recipe, learning_rate=0.1)
    with pytest.raises(TrainingError, match="a run of another recipe"):
        fit(other, tmp_path, resume="auto", console=quiet(), device="cpu")
    assert (tmp_path / "recipe.yaml").read_text() == stored
    for content in (b"", b"junk", (tmp_path / "last.ckpt").read_bytes()[:-2000]):
        (tmp_path / "last.ckpt").write_bytes(content)
        with pytest.raises(TrainingError, match="cannot be resumed from"):
            fit(recipe, tmp_path, resume="auto", console=quiet(), device="cpu")


def test_a_folder_with_other_things_is_not_touched(tmp_path, recipe):
    (tmp_path / "recipe.yaml").write_text("mine")
    with pytest.raises(TrainingError, match="is not empty"):
        fit(recipe, tmp_path, resume="auto", console=quiet(), device="cpu")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_before_anything_is_written(tmp_path, recipe):
    with pytest.raises(ConfigError, match="torch sees none"):
        fit(recipe, tmp_path / "run", console=quiet(), device="cuda")
    assert not (tmp_path / "run").exists()


def test_beginning_from_weights(tmp_path, recipe):
    trained = load_weights(fit(recipe.lasting(steps=2), tmp_path / "a", console=quiet()))
    slow = dataclasses.replace(recipe, steps=1, learning_rate=1e-12)
    again = load_weights(fit(slow, tmp_path / "b", init=trained, console=quiet()))
    for name, value in trained.items():
        torch.testing.assert_close(again[name], value, rtol=0, atol=1e-6)
    with pytest.raises(ModelError, match="none of the given weights fits"):
        fit(recipe, tmp_path / "c", init={"x": torch.zeros(1)}, console=quiet())


def test_a_run_in_minutes_stops_by_the_clock_and_its_rate_falls(tmp_path, recipe):
    fit(recipe.lasting(minutes=0.05), tmp_path, console=quiet(), device="cpu")
    with (tmp_path / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["seconds"]) >= 3
    assert float(last["learning_rate"]) == pytest.approx(recipe.learning_rate / 100, rel=0.01)


def test_an_exploding_loss_stops_the_run(tmp_path, recipe):
    wild = dataclasses.replace(recipe, steps=500, learning_rate=1e18, clip=1e30, warmup=1)
    with pytest.raises(TrainingError, match=r"the loss is (nan|inf) at step \d+ \("):
        fit(wild, tmp_path, console=quiet(), device="cpu")


def test_crops_are_normalised_over_their_valid_pixels(rng):
    depth = torch.tensor([[[[2.0, 4.0, 9.0]]], [[[5.0, 5.0, 1.0]]], [[[1.0, 2.0, 3.0]]]])
    valid = torch.tensor([[[[True, True, False]]], [[[True, True, False]]], [[[False] * 3]]])
    low, span = normalise_crops(depth, valid)
    assert low.flatten().tolist() == [2, 5, 0]
    assert span.flatten().tolist() == [2, 1, 1]


def test_targets_are_the_truth_made_smaller_and_itself(recipe):
    module = TrainingModule(recipe)
    batch = module.train_dataloader().dataset.__iter__().__next__()  # type: ignore[attr-defined]
    targets, valids = module._targets(batch)
    sizes = [t.shape[-1] for t in targets]
    assert sizes == [32 * 2**k // 2 ** (len(sizes) - 1) for k in range(len(sizes))]
    assert torch.equal(targets[-1], batch.hr_depth)
    assert all(v.all() for v in valids)
