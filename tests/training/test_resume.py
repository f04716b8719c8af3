from __future__ import annotations

import csv
import dataclasses
import os
import time

import numpy as np
import pytest
import torch
from testing.runs import quiet, resume

from dsdmsr.errors import TrainingError
from dsdmsr.training.fit import fit
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.run_folder import WEIGHTS, step_of
from dsdmsr.zoo.torch_networks import load_weights


@pytest.mark.parametrize(("optimizer", "at"), [("adamw", 5), ("muon", 3), ("muon", 0)])
def test_a_run_resumed_ends_with_the_bits_of_an_unbroken_one(
    tmp_path, recipe, monkeypatch, one_thread, optimizer, at
):
    """Whether it stops on the way, right after a validation, or before its first step."""
    recipe = dataclasses.replace(recipe, optimizer=optimizer)
    whole = load_weights(fit(recipe, tmp_path / "whole", console=quiet(), device="cpu"))

    class KilledError(Exception):
        pass

    class Dying(TrainingModule):
        def on_train_batch_start(self, batch, batch_idx):
            super().on_train_batch_start(batch, batch_idx)
            if self.global_step == at:
                raise KilledError

    monkeypatch.setattr("dsdmsr.training.fit.TrainingModule", Dying)
    always = dataclasses.replace(recipe, checkpoint_seconds=1e-9)
    with pytest.raises(KilledError):
        fit(always, tmp_path / "broken", console=quiet(), device="cpu")
    monkeypatch.undo()
    state = torch.load(tmp_path / "broken" / "last.ckpt", weights_only=True)
    assert state["global_step"] == at
    resumed = load_weights(
        fit(always, tmp_path / "broken", resume="auto", console=quiet(), device="cpu")
    )
    assert resumed.keys() == whole.keys()
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())
    ends = [
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("whole", "broken")
    ]
    assert all(torch.equal(ends[1][name], value) for name, value in ends[0].items())
    with (tmp_path / "broken" / "log.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file) if row["name"] == "val/score"]
    assert steps == [3, 6]


KILLS = int(os.environ.get("DSDMSR_KILLS", "1"))
"""How often a run is killed; the long form of the test below takes 20."""


def test_a_run_killed_at_any_moment_ends_with_the_bits_of_an_unbroken_one(
    tmp_path, start, recipe, one_thread
):
    """What it leaves is a checkpoint that is whole and goes on, and nothing unfinished."""
    steps = 80 + 60 * KILLS
    recipe = dataclasses.replace(recipe, steps=steps, validate_every=10**6)
    often = dataclasses.replace(recipe, checkpoint_seconds=0.01)
    broken, reached = tmp_path / "broken", 0
    for delay in np.random.default_rng(1).uniform(0, 0.3, KILLS):
        process = start(resume, broken, often)

        def has_gone_on(before=reached) -> bool:
            path = broken / "last.ckpt"
            return path.exists() and step_of(path) > before

        process.wait_until(has_gone_on)
        time.sleep(delay)
        assert process.returncode is None, "the run ended before it could be killed"
        process.kill()
        state = torch.load(broken / "last.ckpt", weights_only=True)
        assert state["global_step"] > reached
        assert state["state_dict"]["averaged.n_averaged"] == state["global_step"]
        reached = state["global_step"]
    resume(broken, often)
    resume(tmp_path / "unbroken", recipe)
    assert not list(broken.glob(".*.part"))
    whole, resumed = (
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("unbroken", "broken")
    )
    assert whole["averaged.n_averaged"] == steps
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())
    weights = [load_weights(tmp_path / name / WEIGHTS) for name in ("unbroken", "broken")]
    assert all(torch.equal(weights[1][name], value) for name, value in weights[0].items())


def test_a_finished_run_is_not_trained_further(tmp_path, recipe):
    path = fit(recipe, tmp_path, console=quiet(), device="cpu")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    path.unlink()
    assert fit(recipe, tmp_path, resume="auto", console=quiet(), device="cpu") == path
    shorter = recipe.lasting(steps=2)
    assert fit(shorter, tmp_path, resume="auto", console=quiet(), device="cpu") == path
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


def test_a_finished_run_that_goes_on_has_no_weights_until_it_ends(tmp_path, recipe, monkeypatch):
    fit(recipe.lasting(steps=2), tmp_path, console=quiet(), device="cpu")

    class Dying(TrainingModule):
        def on_train_batch_start(self, batch, batch_idx):
            raise RuntimeError("killed")

    monkeypatch.setattr("dsdmsr.training.fit.TrainingModule", Dying)
    longer = recipe.lasting(steps=3)
    with pytest.raises(RuntimeError, match="killed"):
        fit(longer, tmp_path, resume="auto", console=quiet(), device="cpu")
    assert not (tmp_path / WEIGHTS).exists()
    monkeypatch.undo()
    fit(longer, tmp_path, resume="auto", console=quiet(), device="cpu")
    assert step_of(tmp_path / "last.ckpt") == 3


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
