from __future__ import annotations

import dataclasses
from pathlib import Path

from testing.runs import resume

from dsdmsr.data.batches import Batches
from dsdmsr.training.loaders import worker_count
from dsdmsr.training.recipe import Recipe


def _fail_to_render(run: Path, recipe: Recipe) -> None:
    def fail(self):
        raise ValueError("no such scene")
        yield

    Batches.__iter__ = fail
    resume(run, recipe)


def test_a_scene_that_cannot_be_rendered_ends_the_run_at_once(tmp_path, start, recipe):
    """Its worker leaves signals to the parent, so nobody else would end it."""
    process = start(_fail_to_render, tmp_path / "run", dataclasses.replace(recipe, workers=1))
    assert process.wait(120) == 1
    assert "ValueError: no such scene" in process.errors()


def test_a_gpu_is_fed_by_all_cores_but_two(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert worker_count(None, "cpu") == 1
    assert worker_count(None, "cuda") == 14
    assert worker_count(0, "cuda") == 0
