from __future__ import annotations

import json

import pytest
import torch
import yaml
from testing.runs import quiet

from dsdmsr.errors import TrainingError
from dsdmsr.training.fit import fit
from dsdmsr.training.recipe_files import recipe_to_dict
from dsdmsr.training.run_folder import begin, resume_at, step_of, take_up


def test_a_beginning_that_was_interrupted_begins_again(tmp_path, recipe):
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe_to_dict(recipe)))
    (tmp_path / ".run.json.host-17-0.part").write_text("{")
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
        (head + rows + "edited,0.3,1e-3,a,1\n", head + rows),
        (head[:9], ""),
        ("", ""),
    ]:
        (tmp_path / "log.csv").write_text(text)
        torch.save({"global_step": 2, "seconds": 1.0}, tmp_path / "last.ckpt")
        assert resume_at(recipe, tmp_path) == 2
        take_up(recipe, tmp_path, 2)
        assert (tmp_path / "log.csv").read_text() == left


@pytest.mark.parametrize(
    "change",
    [
        lambda origin: origin.pop("begun_from"),
        lambda origin: origin.update(begun_from="elsewhere"),
        lambda origin: origin.update(machine=[]),
        lambda origin: origin["machine"].pop("torch"),
        lambda origin: origin.update(date=2026),
        lambda origin: origin.clear(),
    ],
)
def test_an_edited_run_is_refused_in_one_line(tmp_path, recipe, change):
    begin(recipe, tmp_path, "cpu")
    origin = json.loads((tmp_path / "run.json").read_text())
    change(origin)
    (tmp_path / "run.json").write_text(json.dumps(origin))
    with pytest.raises(TrainingError, match=r"run\.json is missing or damaged: begin anew"):
        resume_at(recipe, tmp_path)
