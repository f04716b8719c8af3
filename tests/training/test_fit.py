from __future__ import annotations

import csv
import dataclasses

import pytest
import torch
from safetensors import safe_open
from testing.runs import quiet

from dsdmsr.data.batches import Batches
from dsdmsr.data.crops import Synthetic
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.data.scenes.sensing import SensingConfig
from dsdmsr.degradation.degrade import degrade
from dsdmsr.errors import ConfigError, ModelError, TrainingError
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.losses import expectation_loss
from dsdmsr.nn.symmetry import is_symmetric
from dsdmsr.training.examples import normalise_crops
from dsdmsr.training.fit import fit
from dsdmsr.training.module import TrainingModule
from dsdmsr.zoo.torch_networks import load_weights


def test_the_best_weights_are_kept(tmp_path, recipe, monkeypatch):
    """Weights that get worse after the first validation are not those that are left."""

    class Worsening(TrainingModule):
        def on_train_batch_end(self, outputs, batch, batch_idx):
            super().on_train_batch_end(outputs, batch, batch_idx)
            if self.global_step == 6:
                with torch.no_grad():
                    for parameter in self.averaged.parameters():
                        parameter.mul_(3)

    monkeypatch.setattr("dsdmsr.training.fit.TrainingModule", Worsening)
    path = fit(recipe, tmp_path, console=quiet(), device="cpu")
    with safe_open(path, "pt") as file:
        assert file.metadata()["step"] == "3"
    best = torch.load(tmp_path / "best.ckpt", weights_only=True)
    assert best["global_step"] == 3
    for name, value in load_weights(path).items():
        assert torch.equal(value, best["state_dict"][f"averaged.module.{name}"])


def test_a_folder_with_a_run_is_not_written_over(tmp_path, recipe):
    fit(recipe.lasting(steps=1), tmp_path, console=quiet(), device="cpu")
    before = (tmp_path / "last.ckpt").read_bytes()
    with pytest.raises(TrainingError, match="holds a run"):
        fit(recipe, tmp_path, console=quiet(), device="cpu")
    assert (tmp_path / "last.ckpt").read_bytes() == before


def test_a_folder_with_other_things_is_not_touched(tmp_path, recipe):
    (tmp_path / "recipe.yaml").write_text("mine")
    with pytest.raises(TrainingError, match="is not empty"):
        fit(recipe, tmp_path, resume="auto", console=quiet(), device="cpu")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_before_anything_is_written(tmp_path, recipe):
    with pytest.raises(ConfigError, match="torch sees 0: give fewer, or cpu"):
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


def test_a_symmetric_network_stays_symmetric_in_training(tmp_path, recipe):
    model = dataclasses.replace(recipe.model, symmetric=True, candidates=3)
    for optimizer in ("adamw", "muon"):
        trained = dataclasses.replace(
            recipe, model=model, optimizer=optimizer, steps=8, validate_every=8
        )
        network = DSDMSR(model)
        weights = load_weights(fit(trained, tmp_path / optimizer, console=quiet(), device="cpu"))
        network.load_state_dict(weights)
        assert is_symmetric(network)
        small = torch.rand(1, 1, 9, 7)
        with torch.no_grad():
            torch.testing.assert_close(
                network(small.flip(-1)).fused, network(small).fused.flip(-1), rtol=0, atol=1e-4
            )


def test_a_run_in_minutes_stops_by_the_clock_and_its_rate_falls(tmp_path, recipe):
    fit(recipe.lasting(minutes=0.02), tmp_path, console=quiet(), device="cpu")
    with (tmp_path / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["seconds"]) >= 1.2
    assert float(last["learning_rate"]) == pytest.approx(recipe.learning_rate / 100, rel=0.01)


def test_a_network_learns_what_errors_to_expect(tmp_path, recipe):
    model = dataclasses.replace(recipe.model, fusion="none", confidence=8)
    sure = dataclasses.replace(recipe, model=model, steps=60, validate_every=60)
    fit(sure, tmp_path, console=quiet(), device="cpu")
    network = DSDMSR(model)
    network.load_state_dict(load_weights(tmp_path / "model.safetensors"))
    batch = next(iter(Batches(sure.seed + 1, sure.crops, Synthetic(sure.scenes))))
    small, valid = degrade(batch.hr_depth, batch.scale)
    low, span = normalise_crops(small, valid)
    with torch.no_grad():
        seen = (small - low) / span
        made, untrained = (each(seen, batch.scale) for each in (network, DSDMSR(model)))
        error = made.fused - (batch.hr_depth - low) / span
        losses = [
            expectation_loss(log_error, error, batch.valid)
            for log_error in (made.log_error, untrained.log_error)
        ]
    assert losses[0] < losses[1] - 0.1


def test_error_estimates_are_trained_alone_and_predictions_stay(tmp_path, recipe):
    model = dataclasses.replace(recipe.model, fusion="none", confidence=8)
    steps = {"steps": 60, "validate_every": 30, "validation_maps": 6}
    alone = dataclasses.replace(recipe, model=model, trains="expected_errors", **steps)
    with pytest.raises(ConfigError, match="trains expected_errors alone: give --init"):
        fit(alone, tmp_path / "run", console=quiet(), device="cpu")
    torch.manual_seed(5)
    before = DSDMSR(dataclasses.replace(model, confidence=0)).state_dict()
    fit(alone, tmp_path / "run", init=before, console=quiet(), device="cpu")
    after = load_weights(tmp_path / "run" / "model.safetensors")
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert {name for name in after if name not in before} == {
        name for name in after if ".expected." in name
    }
    with (tmp_path / "run" / "log.csv").open() as file:
        found = [row for row in csv.DictReader(file) if row["name"].startswith("val/")]
    scores = [float(row["value"]) for row in found if row["name"] == "val/score"]
    expectations = {row["name"] for row in found if row["name"].startswith("val/expectation_x")}
    assert expectations == {f"val/expectation_x{mix.scale}" for mix in recipe.crops}
    assert scores[-1] < scores[0]
    with pytest.raises(ConfigError, match="the model has confidence 0: give 8"):
        dataclasses.replace(recipe, trains="expected_errors")


def test_a_run_in_bf16_makes_maps_and_validates_in_full_precision(tmp_path, recipe):
    figures = {}
    for precision in ("fp32", "bf16"):
        one = dataclasses.replace(recipe, precision=precision, steps=1, learning_rate=1e-12)
        fit(one, tmp_path / precision, console=quiet(), device="cpu")
        with (tmp_path / precision / "log.csv").open() as file:
            figures[precision] = {
                row["name"]: float(row["value"])
                for row in csv.DictReader(file)
                if row["name"].startswith("val/")
            }
    assert len(figures["fp32"]) > 10
    assert figures["bf16"] == pytest.approx(figures["fp32"], rel=1e-5)


def test_maps_with_holes_are_learned_from(tmp_path, recipe):
    scenes = SceneConfig(sensing=SensingConfig(holes=1, shadow=(4, 8)))
    holed = dataclasses.replace(recipe, scenes=scenes)
    for weights in load_weights(fit(holed, tmp_path, console=quiet(), device="cpu")).values():
        assert torch.isfinite(weights).all()
