from __future__ import annotations

import dataclasses

import pytest
import torch

from dsdmsr.data.batches import make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.training.examples import make_examples
from dsdmsr.training.module import TrainingModule


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("steps", {0.0: 1, 0.2: 1, 0.3: 0.1, 0.6: 0.01, 0.8: 1e-3, 1.0: 1e-3}),
        ("cosine", {0.0: 1, 0.5: 0.505, 1.0: 0.01}),
    ],
)
def test_rates_fall_as_the_schedule_says(recipe, monkeypatch, schedule, expected):
    changed = dataclasses.replace(recipe, schedule=schedule, drops=3, warmup=1, learning_rate=2.0)
    module = TrainingModule(changed)
    for progress, share in expected.items():
        monkeypatch.setattr(TrainingModule, "progress", property(lambda _, p=progress: p))
        assert module.learning_rate() == pytest.approx(2 * share)


def test_gradients_are_clipped_by_norm_or_by_value(recipe, monkeypatch):
    monkeypatch.setattr(TrainingModule, "learning_rate", lambda self: 0.1)
    for clip_by in ("norm", "value"):
        module = TrainingModule(dataclasses.replace(recipe, clip_by=clip_by, clip=0.5))
        for k, parameter in enumerate(module.model.parameters()):
            parameter.grad = torch.full_like(parameter, 30.0 if k == 0 else 2.0)
        before = [p.grad.clone() for p in module.model.parameters()]
        module.configure_gradient_clipping(torch.optim.SGD(module.model.parameters()))
        after = [p.grad for p in module.model.parameters()]
        if clip_by == "norm":
            norm = torch.cat([g.flatten() for g in after]).norm()
            assert float(norm) == pytest.approx(0.5, rel=1e-4)
        else:
            # Each element within 0.5 / 0.1, whatever the others are.
            for was, now in zip(before, after, strict=True):
                assert torch.equal(now, was.clamp(-5, 5))


def test_grain_of_the_final_prediction_counts_as_the_recipe_says(recipe):
    batch = make_batch(0, 0, recipe.crops[:1], Synthetic(recipe.scenes))
    examples = make_examples(batch, recipe.degradations[0], recipe.seed)
    losses = []
    for weight in (0.0, 1.0, 3.0):
        torch.manual_seed(0)
        module = TrainingModule(dataclasses.replace(recipe, surface_weight=weight, workers=0))
        losses.append(float(module.training_step(examples, 0).detach()))
    plain, once, thrice = losses
    assert once > plain
    assert thrice - plain == pytest.approx(3 * (once - plain), rel=1e-3)


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "muon"])
def test_every_optimiser_lowers_the_loss_and_clips(tmp_path, recipe, optimizer):
    changed = dataclasses.replace(
        recipe,
        optimizer=optimizer,
        clip_by="value" if optimizer == "sgd" else "norm",
        clip=0.1 if optimizer == "sgd" else 1.0,
        steps=30,
        learning_rate=0.3 if optimizer == "sgd" else 2e-3,
        schedule="steps",
    )
    losses = []
    module = TrainingModule(dataclasses.replace(changed, workers=0))
    optimiser = module.configure_optimizers()
    mix = changed.crops[:1]
    batch = make_batch(0, 0, mix, Synthetic(changed.scenes))
    examples = make_examples(batch, changed.degradations[0], changed.seed)
    for _ in range(changed.steps):
        optimiser.zero_grad()
        loss = module.training_step(examples, 0)
        losses.append(float(loss.detach()))
        loss.backward()
        module.configure_gradient_clipping(optimiser)
        optimiser.step()
    assert losses[-1] < 0.9 * losses[0]
