from __future__ import annotations

import csv
import dataclasses

import pytest
import torch
from testing.runs import quiet

from dsdmsr.data import batches
from dsdmsr.data.batches import CropMix
from dsdmsr.errors import TrainingError
from dsdmsr.nn import ModelConfig
from dsdmsr.training.fit import fit


def test_an_exploding_loss_names_step_scene_and_checkpoints(tmp_path, recipe):
    wild = dataclasses.replace(
        recipe, steps=500, learning_rate=1e18, clip=1e30, warmup=1, checkpoint_seconds=1e-9
    )
    expected = (
        r"the loss is \S+ at step \d+, (worst in|in all crops from scene \d+ of seed 1 to) "
        r"scene \d+ of seed 1: .*lower the learning rate; \S+last.ckpt is of step \d+"
    )
    with pytest.raises(TrainingError, match=expected):
        fit(wild, tmp_path, console=quiet(), device="cpu")
    state = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in state.values())


def test_a_loss_that_is_a_sum_over_a_map_is_not_taken_for_an_explosion(tmp_path, recipe):
    """Summed stages begin at three times the depth, of which a sum of squares is large."""
    summed = dataclasses.replace(
        recipe,
        model=ModelConfig(scale=8, unit="srcnn", width=(2,), fusion="legacy"),
        crops=(CropMix(scale=8, crop=256, batch=1),),
        loss="sse",
        steps=1,
        validation_maps=1,
        panels=0,
    )
    fit(summed, tmp_path, console=quiet(), device="cpu")
    with (tmp_path / "log.csv").open() as file:
        losses = {row["name"]: float(row["value"]) for row in csv.DictReader(file)}
    assert losses["train/loss_x8"] > 1e4


def test_a_nan_in_the_data_names_step_scene_and_checkpoints(tmp_path, recipe, monkeypatch):
    def poisoned(*arguments):
        batch = posed(*arguments)
        if arguments[:2] == (recipe.seed, 4):
            batch.hr_depth[1, 0, 3, 3] = float("nan")
        return batch

    posed = batches._posed
    monkeypatch.setattr(batches, "_posed", poisoned)
    always = dataclasses.replace(recipe, checkpoint_seconds=1e-9)
    # Batch 4 of two crops each: scenes 8 and 9.
    expected = (
        r"the loss is nan at step 4, scene 9 of seed 1 holds values that are not finite; "
        r"\S+last.ckpt is of step 4 and \S+best.ckpt is of step 3"
    )
    with pytest.raises(TrainingError, match=expected):
        fit(always, tmp_path, console=quiet(), device="cpu")
