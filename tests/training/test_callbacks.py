from __future__ import annotations

import dataclasses
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from testing.runs import quiet, resume

from dsdmsr._atomic import remove_unfinished
from dsdmsr.errors import TrainingError
from dsdmsr.training.callbacks import Checkpoints, PlainFiles
from dsdmsr.training.fit import fit
from dsdmsr.training.run_folder import WEIGHTS, step_of


@pytest.mark.parametrize(
    ("number", "workers", "validate_every"),
    [(signal.SIGTERM, 0, 10**6), (signal.SIGINT, 1, 10**6), (signal.SIGTERM, 1, 1)],
)
def test_a_signal_saves_the_run_and_leaves(
    tmp_path, start, recipe, number, workers, validate_every
):
    run = tmp_path / "run"
    endless = dataclasses.replace(
        recipe,
        steps=10**6,
        workers=workers,
        validate_every=validate_every,
        checkpoint_seconds=10**6,
    )
    process = start(resume, run, endless)
    process.wait_until(lambda: any((run / "tensorboard").glob("*")))
    time.sleep(0.5)
    before = step_of(run / "last.ckpt")
    # As a terminal does: to the worker, too.
    os.killpg(process.pid, number)
    assert (process.wait(120), process.errors()) == (128 + number, "")
    assert torch.load(run / "last.ckpt", weights_only=True)["global_step"] > before


def _write_slowly(path: Path, content: memoryview) -> None:
    """Write as to a slow disk, on which most kills strike while a file is written."""
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(content), 1 << 14):
            file.write(content[start : start + (1 << 14)])
            time.sleep(0.001)


def _save_for_ever(trainer, checkpoints, module) -> None:
    """Save states that say how often they were saved."""
    torch.set_num_threads(1)
    Path.write_bytes = _write_slowly  # type: ignore[method-assign, assignment]
    while True:
        module.averaged.n_averaged += 1
        checkpoints.save(trainer)


KILLS = 40


class KilledSaving(Checkpoints):
    """At the end of a run, kill processes that do nothing but save; look at what they leave."""

    counts: ClassVar[list[int]] = []
    unfinished = 0

    def on_train_end(self, trainer, module):
        super().on_train_end(trainer, module)
        began = time.monotonic()
        self.save(trainer)
        takes, path = time.monotonic() - began, self.run_dir / "last.ckpt"
        # Forked here, while the trainer still has all that a checkpoint holds.
        context = multiprocessing.get_context("fork")
        for delay in np.random.default_rng(0).uniform(0, 12 * takes, KILLS):
            before = path.stat().st_ino
            child = context.Process(target=_save_for_ever, args=(trainer, self, module))
            child.start()
            while path.stat().st_ino == before:
                time.sleep(0.001)
            time.sleep(delay)
            child.kill()
            child.join()
            state = torch.load(path, weights_only=True)
            self.counts.append(int(state["state_dict"]["averaged.n_averaged"]))
            KilledSaving.unfinished += any(self.run_dir.glob(".*.part"))
            remove_unfinished(self.run_dir)


def test_no_checkpoint_is_ever_half_written(tmp_path, recipe, monkeypatch, one_thread):
    """Wherever a process is killed that saves, what is found loads."""
    monkeypatch.setattr("dsdmsr.training.fit.Checkpoints", KilledSaving)
    fit(recipe.lasting(steps=1), tmp_path / "run", console=quiet(), device="cpu")
    assert len(KilledSaving.counts) == KILLS
    # The kills must have struck while files were being written, and saves must have come through.
    assert KilledSaving.unfinished > KILLS // 10
    assert len(set(KilledSaving.counts)) > 1


def test_weights_that_have_diverged_at_the_end_are_an_error(tmp_path, recipe):
    wild = dataclasses.replace(recipe, steps=1, learning_rate=1e36, warmup=1)
    with pytest.raises(TrainingError, match=r"diverged after step 1, .*last.ckpt is of step 0"):
        fit(wild, tmp_path, console=quiet(), device="cpu")
    assert not (tmp_path / WEIGHTS).exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_checkpoint_that_a_full_disk_cannot_hold_says_so():
    with pytest.raises(OSError, match="No space left on device"):
        PlainFiles().save_checkpoint({"state": torch.zeros(9)}, "/dev/full")
