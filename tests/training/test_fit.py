from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from rich.console import Console
from safetensors import safe_open
from tensorboard.backend.event_processing import event_accumulator

from dsdmsr._atomic import remove_unfinished
from dsdmsr.data.batches import Batch, Batches, CropMix, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.data.scenes.sensing import SensingConfig
from dsdmsr.degradation.degrade import degrade
from dsdmsr.errors import ConfigError, ModelError, TrainingError
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.losses import expectation_loss
from dsdmsr.nn.symmetry import is_symmetric
from dsdmsr.training.callbacks import Checkpoints
from dsdmsr.training.card import training_history
from dsdmsr.training.examples import draw_small_maps, make_examples, normalise_crops
from dsdmsr.training.fit import fit
from dsdmsr.training.loaders import worker_count
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.recipe import Recipe, SmallMaps
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import WEIGHTS, begin, resume_at, step_of, stored_recipe, take_up
from dsdmsr.zoo.torch_networks import from_pretrained, load_weights
from dsdmsr.zoo.warm_start import load_fitting


def quiet() -> Console:
    return Console(file=io.StringIO())


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """A minute's recipe cut to some seconds."""
    smoke = load_recipe("smoke")
    crops = tuple(dataclasses.replace(mix, crop=32, batch=2) for mix in smoke.crops)
    return dataclasses.replace(smoke, crops=crops, steps=6, validate_every=3, warmup=2)


def test_a_scene_that_cannot_be_drawn_ends_the_run_at_once(tmp_path, recipe):
    """Its process leaves signals to the parent, so nobody else would end it."""
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe_to_dict(recipe)))
    code = f"""if True:
        import dataclasses, pathlib
        from dsdmsr.data.batches import Batches
        from dsdmsr.training.recipe_files import load_recipe
        from dsdmsr.training.fit import fit

        def fail(self):
            raise ValueError("no such scene")
            yield

        Batches.__iter__ = fail
        recipe = dataclasses.replace(load_recipe({str(tmp_path / "r.yaml")!r}), workers=1)
        fit(recipe, pathlib.Path({str(tmp_path / "run")!r}), device="cpu")
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert done.returncode == 1
    assert b"ValueError: no such scene" in done.stderr


def test_the_smoke_recipe_learns_to_beat_bicubic(tmp_path):
    folder = train_recipe(TrainOptions(recipe="smoke", run_dir=tmp_path / "run"), console=quiet())
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
    assert logged("val/score")[-1] < 0.85
    assert from_pretrained(str(folder)).scales == (2, 4)
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: apache-2.0")
    assert "recipe `smoke`, seed 1, 600 steps" in card

    crops = [{"scale": scale, "crop": 32, "batch": 1} for scale in (2, 4)]
    short = {**recipe_to_dict(load_recipe("smoke")), "steps": 1, "crops": crops}
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(short))
    options = TrainOptions(
        recipe=str(tmp_path / "short.yaml"), run_dir=tmp_path / "again", init=str(folder)
    )
    again = train_recipe(options, console=quiet())
    legs = training_history((again / "README.md").read_text())
    assert legs[0] == training_history(card)[0]
    assert "recipe `short`, seed 1, 1 steps" in legs[1]


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


_ENDLESS = """
import dataclasses, io, pathlib, rich.console, torch
from dsdmsr.training.recipe_files import load_recipe
from dsdmsr.training.fit import fit
torch.set_num_threads(1)
smoke = load_recipe('smoke')
crops = tuple(dataclasses.replace(m, crop=32, batch=2) for m in smoke.crops)
recipe = dataclasses.replace(
    smoke, crops=crops, steps={steps}, checkpoint_seconds={seconds}, workers={workers},
    validate_every={validate_every},
)
fit(recipe, pathlib.Path({run!r}), device='cpu', resume='auto',
    console=rich.console.Console(file=io.StringIO()))
"""


@pytest.fixture
def started():
    """Start runs in processes of their own; none outlives the test."""
    processes = []

    def start(
        run, *, steps=10**6, seconds=0.01, workers=0, validate_every=10**6
    ) -> subprocess.Popen[bytes]:
        code = _ENDLESS.format(
            run=str(run),
            steps=steps,
            seconds=seconds,
            workers=workers,
            validate_every=validate_every,
        )
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True
            )
        )
        return processes[-1]

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()


def wait_for(process, condition) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1].decode())
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_killed_run_leaves_a_checkpoint_that_goes_on(tmp_path, started):
    run = tmp_path / "run"
    process = started(run)
    wait_for(process, lambda: (run / "last.ckpt").exists() and step_of(run / "last.ckpt") > 0)
    time.sleep(1)
    process.kill()
    process.communicate()
    state = torch.load(run / "last.ckpt", weights_only=True)
    reached = state["global_step"]
    assert reached > 0
    assert state["state_dict"]["averaged.n_averaged"] == reached
    longer = dataclasses.replace(stored_recipe(run), steps=reached + 2)
    fit(longer, run, resume="auto", console=quiet(), device="cpu")
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] == reached + 2
    assert not list(run.glob(".*.part"))


KILLS = int(os.environ.get("DSDMSR_KILLS", "2"))
"""How often a run is killed; the long form of the test below takes 20."""


def test_a_run_killed_at_any_moment_ends_with_the_bits_of_an_unbroken_one(tmp_path, started):
    steps = 100 + 60 * KILLS
    unbroken = started(tmp_path / "unbroken", steps=steps, seconds=10**6)
    broken, delays = tmp_path / "broken", np.random.default_rng(1).uniform(0, 0.3, KILLS)
    reached = 0
    for delay in delays:
        process = started(broken, steps=steps)

        def has_gone_on(before=reached) -> bool:
            path = broken / "last.ckpt"
            return path.exists() and step_of(path) > before

        wait_for(process, has_gone_on)
        time.sleep(delay)
        assert process.poll() is None, "the run ended before it could be killed"
        process.kill()
        process.communicate()
        reached = step_of(broken / "last.ckpt")
    last = started(broken, steps=steps)
    for process in (unbroken, last):
        _, errors = process.communicate(timeout=600)
        assert (process.returncode, errors.decode()) == (0, "")
    whole, resumed = (
        torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("unbroken", "broken")
    )
    assert whole["averaged.n_averaged"] == steps
    assert all(torch.equal(resumed[name], value) for name, value in whole.items())
    weights = [load_weights(tmp_path / name / WEIGHTS) for name in ("unbroken", "broken")]
    assert all(torch.equal(weights[1][name], value) for name, value in weights[0].items())


@pytest.mark.parametrize(
    ("number", "workers", "validate_every"),
    [(signal.SIGTERM, 0, 10**6), (signal.SIGINT, 1, 10**6), (signal.SIGTERM, 1, 1)],
)
def test_a_signal_saves_the_run_and_leaves(tmp_path, started, number, workers, validate_every):
    run = tmp_path / "run"
    process = started(run, seconds=10**6, workers=workers, validate_every=validate_every)
    wait_for(process, lambda: any((run / "tensorboard").glob("*")))
    time.sleep(1)
    before = step_of(run / "last.ckpt")
    # As a terminal does: to the worker, too.
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors.decode()) == (128 + number, "")
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] > before


def _save_for_ever(trainer, checkpoints, module) -> None:
    """Save states that say how often they were saved."""
    torch.set_num_threads(1)
    while True:
        module.averaged.n_averaged += 1
        checkpoints.save(trainer)


def test_no_checkpoint_is_ever_half_written(tmp_path, recipe, monkeypatch, one_thread):
    """Kill a process that does nothing but save, 200 times: what is found always loads."""
    made = {}

    class Kept(Checkpoints):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made["checkpoints"] = self

        def on_train_end(self, trainer, module):
            super().on_train_end(trainer, module)
            # Forked here, while the trainer still has all that a checkpoint holds.
            context = multiprocessing.get_context("fork")
            delays = np.random.default_rng(0).uniform(0.005, 0.08, 200)
            counts = []
            for delay in delays:
                child = context.Process(target=_save_for_ever, args=(trainer, self, module))
                child.start()
                time.sleep(delay)
                child.kill()
                child.join()
                state = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)
                counts.append(int(state["state_dict"]["averaged.n_averaged"]))
                made["unfinished"] = made.get("unfinished", 0) + any(
                    (tmp_path / "run").glob(".*.part")
                )
                remove_unfinished(tmp_path / "run")
            made["counts"] = counts

    monkeypatch.setattr("dsdmsr.training.fit.Checkpoints", Kept)
    fit(recipe.lasting(steps=1), tmp_path / "run", console=quiet(), device="cpu")
    assert len(made["counts"]) == 200
    # The kills must have struck while files were being written, and saves must have come through.
    assert made["unfinished"] > 20
    assert len(set(made["counts"])) > 1


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


def test_tensorboard_shows_what_the_csv_does(tmp_path, recipe):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit(recipe, tmp_path, console=quiet(), device="cpu")
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    with (tmp_path / "log.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["name"] == "val/rmse_x2"]
    shown = [(event.step, event.value) for event in events.Scalars("val/rmse_x2")]
    assert [step for step, _ in shown] == [int(row["step"]) for row in rows] == [3, 6]
    for (_, value), row in zip(shown, rows, strict=True):
        assert value == pytest.approx(float(row["value"]), rel=1e-4)


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


def test_a_beginning_that_was_interrupted_begins_again(tmp_path, recipe):
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe_to_dict(recipe)))
    (tmp_path / ".run.json.17.part").write_text("{")
    fit(recipe, tmp_path, resume="auto", console=quiet(), device="cpu")
    assert step_of(tmp_path / "last.ckpt") == 6


def test_a_run_without_a_checkpoint_does_not_forget_what_it_began_from(tmp_path, recipe):
    begin(recipe, tmp_path, "cpu", ["- **Trained**: elsewhere"])
    with pytest.raises(TrainingError, match="give the same --init"):
        fit(recipe, tmp_path, resume="auto", console=quiet(), device="cpu")


def test_rows_of_steps_to_come_and_half_rows_are_dropped(tmp_path, recipe):
    head, rows = "step,seconds,learning_rate,name,value\n", "1,0.1,1e-3,a,1\n2,0.2,1e-3,a,1\n"
    begin(recipe, tmp_path, "cpu")
    for text, left in [
        (head + rows + "3,0.3,1e-3,a,1\n", head + rows),
        (head + rows + "2,0.", head + rows),
        (head + rows + "\n", head + rows),
        (head[:9], ""),
        ("", ""),
    ]:
        (tmp_path / "log.csv").write_text(text)
        torch.save({"global_step": 2, "seconds": 1.0}, tmp_path / "last.ckpt")
        assert resume_at(recipe, tmp_path) == 2
        take_up(recipe, tmp_path, 2)
        assert (tmp_path / "log.csv").read_text() == left


def test_weights_that_have_diverged_at_the_end_are_an_error(tmp_path, recipe):
    wild = dataclasses.replace(recipe, steps=1, learning_rate=1e36, warmup=1)
    with pytest.raises(TrainingError, match=r"diverged after step 1, .*last.ckpt is of step 0"):
        fit(wild, tmp_path, console=quiet(), device="cpu")
    assert not (tmp_path / WEIGHTS).exists()


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


@pytest.mark.parametrize("bias", [False, True])
def test_a_wider_and_deeper_network_begins_as_the_narrow_one(bias):
    narrow = ModelConfig(
        scale=4,
        unit="residual",
        sharing="shared",
        width=(6, 4),
        depth=(2, 1),
        carried=3,
        two_heads=True,
        fusion="none",
        bias=bias,
        differences=not bias,
    )
    wide = dataclasses.replace(narrow, width=(6, 9), depth=(3, 2), carried=5)
    torch.manual_seed(1)
    before, after = DSDMSR(narrow), DSDMSR(wide)
    for parameter in before.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    load_fitting(after, before.state_dict())
    small = torch.rand(2, 1, 9, 8)
    for scale in before.scales:
        torch.testing.assert_close(after(small, scale).fused, before(small, scale).fused)
    after(small, 4).fused.square().sum().backward()
    grown = after.stages[1].unit.features[1].conv2.weight
    assert grown.grad[:4, 4:].abs().max() > 0


@pytest.mark.parametrize("symmetric", [True, False])
def test_a_symmetric_network_begins_from_symmetric_weights_alone(symmetric):
    shape = ModelConfig(
        scale=4,
        unit="residual",
        sharing="shared",
        width=(8, 16),
        depth=(2, 1),
        carried=8,
        fusion="none",
        symmetric=symmetric,
    )
    given = DSDMSR(shape).half().float().state_dict()
    wide = DSDMSR(dataclasses.replace(shape, symmetric=True, width=(16, 16), depth=(3, 1)))
    if symmetric:
        load_fitting(wide, given)
        small = torch.rand(1, 1, 5, 6)
        turned = wide(small.rot90(1, (-2, -1))).fused
        torch.testing.assert_close(turned, wide(small).fused.rot90(1, (-2, -1)))
    else:
        with pytest.raises(ModelError, match="symmetric and the given weights are not"):
            load_fitting(wide, given)


def test_a_symmetric_network_stays_symmetric_in_training(tmp_path, recipe):
    model = dataclasses.replace(recipe.model, symmetric=True, candidates=3)
    for optimizer in ("adamw", "muon"):
        trained = dataclasses.replace(recipe, model=model, optimizer=optimizer, steps=20)
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
    fit(recipe.lasting(minutes=0.05), tmp_path, console=quiet(), device="cpu")
    with (tmp_path / "log.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["seconds"]) >= 3
    assert float(last["learning_rate"]) == pytest.approx(recipe.learning_rate / 100, rel=0.01)


def test_a_network_learns_what_errors_to_expect(tmp_path, recipe):
    model = dataclasses.replace(recipe.model, fusion="none", confidence=8)
    sure = dataclasses.replace(recipe, model=model, steps=60, validate_every=60, workers=0)
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


def test_what_expects_errors_learns_alone_and_answers_stay(tmp_path, recipe):
    model = dataclasses.replace(recipe.model, fusion="none", confidence=8)
    steps = {"steps": 60, "validate_every": 30, "workers": 0}
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
        batch = make_batch(*arguments)
        if arguments[1] == 4:
            batch.hr_depth[1, 0, 3, 3] = float("nan")
        return batch

    monkeypatch.setattr("dsdmsr.data.batches.make_batch", poisoned)
    always = dataclasses.replace(recipe, checkpoint_seconds=1e-9)
    # Batch 4 of two crops each: scenes 8 and 9.
    expected = (
        r"the loss is nan at step 4, scene 9 of seed 1 holds values that are not finite; "
        r"\S+last.ckpt is of step 4 and \S+best.ckpt is of step 3"
    )
    with pytest.raises(TrainingError, match=expected):
        fit(always, tmp_path, console=quiet(), device="cpu")


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
    holed = dataclasses.replace(recipe, scenes=scenes, workers=0)
    for weights in load_weights(fit(holed, tmp_path, console=quiet(), device="cpu")).values():
        assert torch.isfinite(weights).all()


def test_small_maps_have_their_holes_filled_as_for_upscaling():
    depth = torch.arange(16.0).reshape(1, 1, 4, 4).repeat_interleave(2, 2).repeat_interleave(2, 3)
    valid = torch.ones_like(depth, dtype=torch.bool)
    valid[0, 0, :2, :2] = False
    batch = Batch(depth, valid, 2, 0, (0,), ("depth",), ("one",))
    made = make_examples(batch, SmallMaps(degradation="area"), 0)
    assert (float(made.low), float(made.span)) == (1, 14)
    assert made.small[0, 0, 0, 0] in (0, torch.tensor(3.0) / 14)
    assert torch.equal(made.small.flatten()[1:], (torch.arange(1.0, 16) - 1) / 14)


def test_small_maps_are_drawn_by_share_from_the_seed_and_the_scene_alone():
    options = (SmallMaps(share=3), SmallMaps(degradation="opencv_cubic", share=1))
    numbers = [8 * k for k in range(400)]
    drawn = [draw_small_maps(options, 5, number).degradation for number in numbers]
    assert 0.18 < drawn.count("opencv_cubic") / 400 < 0.32
    assert [draw_small_maps(options, 5, n).degradation for n in numbers[::-1]] == drawn[::-1]
    assert [draw_small_maps(options, 6, n).degradation for n in numbers] != drawn


def test_only_small_maps_of_whole_levels_are_rounded():
    levels = torch.arange(32.0).reshape(1, 1, 4, 8)
    depth, valid = torch.cat([levels, levels / 3]), torch.ones(2, 1, 4, 8, dtype=torch.bool)
    batch = Batch(depth, valid, 2, 0, (0, 1), ("depth",) * 2, ("one", "two"))
    exact, rounded = (
        make_examples(batch, SmallMaps(degradation="opencv_cubic", rounded=rounded), 0)
        for rounded in (False, True)
    )
    in_levels, _ = degrade(depth, 2, "opencv_cubic", valid)
    assert torch.equal(exact.small, (in_levels - exact.low) / exact.span)
    assert torch.equal(rounded.small[0], ((in_levels.round() - rounded.low) / rounded.span)[0])
    assert not torch.equal(rounded.small[0], exact.small[0])
    assert torch.equal(rounded.small[1], exact.small[1])


@pytest.mark.parametrize(
    ("given", "used"),
    [("bicubic", "bicubic"), ("opencv_cubic", "bicubic"), ("interval", "interval")],
)
def test_stages_on_the_way_learn_antialiased_maps(rng, given, used):
    depth = torch.from_numpy(rng.random((1, 1, 16, 16)))
    valid = torch.ones_like(depth, dtype=torch.bool)
    batch = Batch(depth, valid, 4, 0, (0,), ("depth",), ("one",))
    made = make_examples(batch, SmallMaps(degradation=given), 0)
    assert torch.equal(made.truths[0], (degrade(depth, 2, used)[0] - made.low) / made.span)


def test_a_gpu_is_fed_by_all_cores_but_two(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert worker_count(None, "cpu") == 1
    assert worker_count(None, "cuda") == 14
    assert worker_count(0, "cuda") == 0


def test_crops_are_normalised_over_their_valid_pixels(rng):
    depth = torch.tensor([[[[2.0, 4.0, 9.0]]], [[[5.0, 5.0, 1.0]]], [[[1.0, 2.0, 3.0]]]])
    valid = torch.tensor([[[[True, True, False]]], [[[True, True, False]]], [[[False] * 3]]])
    low, span = normalise_crops(depth, valid)
    assert low.flatten().tolist() == [2, 5, 0]
    assert span.flatten().tolist() == [2, 1, 1]


def test_targets_are_the_truth_made_smaller_and_itself(recipe):
    module = TrainingModule(recipe)
    made = next(iter(module.train_dataloader().dataset))
    batch = next(iter(Batches(recipe.seed, recipe.crops, Synthetic(recipe.scenes))))
    sizes = [t.shape[-1] for t in made.truths]
    assert sizes == [32 * 2**k // 2 ** (len(sizes) - 1) for k in range(len(sizes))]
    assert torch.equal(made.truths[-1], (batch.hr_depth - made.low) / made.span)
    assert all(v.all() for v in made.valids)


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
    examples = make_examples(batch, changed.small_maps[0], changed.seed)
    for _ in range(changed.steps):
        optimiser.zero_grad()
        loss = module.training_step(examples, 0)
        losses.append(float(loss.detach()))
        loss.backward()
        module.configure_gradient_clipping(optimiser)
        optimiser.step()
    assert losses[-1] < 0.9 * losses[0]


def test_each_validation_draws_its_panels(tmp_path, recipe):
    """The answer at the end of a run is what the last panel shows."""
    fit(dataclasses.replace(recipe, panels=2), tmp_path, console=quiet(), device="cpu")
    names = sorted(path.name for path in (tmp_path / "panels").iterdir())
    assert names == [f"step000000{k}_map{n}.png" for k in (3, 6) for n in (1, 2)]
    with Image.open(tmp_path / "panels" / names[-1]) as picture:
        assert picture.mode == "RGB"
        # Two columns of 256; two stages, answers, errors, and truth beside input.
        assert picture.size == (520, 52 + 5 * (26 + 256 + 8))
    events = event_accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [image.step for image in events.Images("panel 1")] == [3, 6]
    other = tmp_path / "none"
    fit(dataclasses.replace(recipe, panels=0), other, console=quiet(), device="cpu")
    assert not (other / "panels").exists()
