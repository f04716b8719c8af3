"""The paper's recipes, from a prepared tree in DTU's form to all that a run leaves."""

from __future__ import annotations

import csv
import dataclasses
import importlib
import io
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console
from tensorboard.backend.event_processing import event_accumulator
from testing.wandb_files import history

from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.training.fit import fit
from dsdmsr.training.options import Tracking
from dsdmsr.training.recipe_files import load_recipe

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
RECIPES = ("srcnn-x8", "vdsr-x8", "srcnn-x16", "vdsr-x16", "srcnn-x8-legacy", "vdsr-x8-legacy")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """Shards of three scans, of which the third is for validation."""
    folder = tmp_path_factory.mktemp("dtu")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        tree = importlib.import_module("dtu_like").make_tree(folder / "tree", 3, 2, (256, 320))
    prepare(dtu(tree), folder / "made", Forms(pyramid=False, shards=True))
    return folder / "made"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_leaves_panels_csv_tensorboard_and_wandb(tmp_path, prepared, no_account, name):
    pytest.importorskip("wandb")
    brief = load_recipe(name).learning_from(prepared).in_brief()
    recipe = dataclasses.replace(brief, steps=2, validate_every=2, panels=1)
    both = Tracking(tracker=("tensorboard", "wandb"))
    fit(recipe, tmp_path, tracking=both, console=Console(file=io.StringIO()), device="cpu")
    with (tmp_path / "log.csv").open() as file:
        found = {
            row["name"]: float(row["value"])
            for row in csv.DictReader(file)
            if row["name"].startswith("val/")
        }
    scales = sorted(mix.scale for mix in recipe.crops)
    stages = {scale: [2 ** (k + 1) for k in range(scale.bit_length() - 1)] for scale in scales}
    expected = {
        f"val/{kind}_x{scale}{stage}"
        for scale in scales
        for stage in ("", *(f"_stage_x{of}" for of in stages[scale]))
        for kind in ("rmse", "mae", "psnr", "unit_rmse")
    }
    assert expected < set(found)
    (panel,) = (tmp_path / "panels").glob("*.png")
    events = event_accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    kept = [row for row in history(tmp_path) if "val/score" in row]
    for tag, value in found.items():
        assert events.Scalars(tag)[-1].value == pytest.approx(value, rel=1e-6)
        assert kept[-1][tag] == pytest.approx(value, rel=1e-6)
    assert events.Tags()["images"]
    (picture,) = tmp_path.glob("wandb/offline-run-*/files/media/images/*.png")
    with Image.open(picture) as sent, Image.open(panel) as written:
        assert sent.size == written.size
