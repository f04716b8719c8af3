from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dsdmsr import read_depth
from dsdmsr.nn import DSDMSR, ModelConfig

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_the_research_codes_form_is_the_same_network():
    """Its weights, put into ours, give the same map: only the way there is another."""
    torch.manual_seed(0)
    theirs = importlib.import_module("research_form").ResearchForm(8)
    ours = DSDMSR(ModelConfig(scale=8, unit="srcnn", fusion="legacy"))
    pairs = [*zip(ours.stages, theirs.stages, strict=True), (ours.fusion, [theirs.fusion])]
    with torch.no_grad():
        for mine, units in pairs:
            their_parameters = [list(unit.parameters()) for unit in units]
            for k, parameter in enumerate(mine.parameters()):
                parameter.copy_(torch.cat([unit[k] for unit in their_parameters]))
    depth = torch.rand(2, 1, 9, 10)
    torch.testing.assert_close(theirs(depth), ours(depth).fused, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_speed_measures_every_packaged_network_and_the_reference():
    speed = importlib.import_module("speed")
    rows = speed.measure((8, 12), 8, 1, "cpu")
    assert {row["method"] for row in rows} == set(speed.methods(8))
    assert all(row["median_s"] > 0 for row in rows)
    (reference,) = [row for row in rows if row["method"] == speed.REFERENCE]
    assert reference["times_reference"] == 1
    assert speed.peak_mib("bicubic", 4, (512, 512), "cpu") > 15  # 2048² floats are 16 MiB


def test_every_variant_changes_the_reference_in_what_it_says_and_nothing_else():
    ablation = importlib.import_module("ablation")
    base = ablation.reference(10)
    names = [name for variants in ablation.VARIANTS.values() for name in variants]
    assert len(set(names)) == len(names)
    for variants in ablation.VARIANTS.values():
        for changes in variants.values():
            made = ablation.changed(base, changes)
            for key, value in changes.items():
                inner = made
                for part in key.split("."):
                    inner = getattr(inner, part)
                assert inner == value
            back = {key: _at(base, key) for key in changes}
            assert ablation.changed(made, back) == base


def _at(recipe: object, key: str) -> object:
    for part in key.split("."):
        recipe = getattr(recipe, part)
    return recipe


def test_rows_of_the_ablation_are_kept_under_the_same_reference_only(tmp_path, monkeypatch):
    ablation = importlib.import_module("ablation")
    monkeypatch.setattr(ablation, "RESULTS", tmp_path / "ablation.json")
    base = ablation.reference(10)
    assert ablation.rows_of(base) == {}
    rows = {name: {"name": name, "changes": {}} for name in ("L1", "reference")}
    ablation.write(base, rows)
    assert list(ablation.rows_of(base)) == ["reference", "L1"]
    assert ablation.rows_of(ablation.reference(11)) == {}


def test_a_run_gets_as_many_steps_as_take_the_references_time(monkeypatch):
    ablation = importlib.import_module("ablation")
    base = ablation.reference(10)
    monkeypatch.setattr(ablation, "step_seconds", lambda recipes: [0.5, 0.2])
    assert ablation.in_equal_time(base, {"model.carried": 0}).steps == 4
    assert ablation.in_equal_time(base, {"loss": "l1"}).steps == 10
    monkeypatch.undo()
    crops = tuple(dataclasses.replace(mix, crop=32) for mix in base.crops)
    small = ablation.changed(base, {"crops": crops, "model.width": (8,), "model.depth": (1,)})
    assert all(seconds > 0 for seconds in ablation.step_seconds([small, small], rounds=1))


@pytest.mark.parametrize("scale", [2, 8])
def test_ms_nets_form_has_its_layers_and_adds_to_the_enlarged_mean(scale):
    model = importlib.import_module("ms_net").MSNet(scale)
    first, middle, last = 64 * 25 + 64, 25 * 32 + 1, 64
    deconvs = sum(n * 32 * 25 + 32 + 32 for n in (64, 32, 32, 32)[: scale.bit_length() - 1])
    assert sum(p.numel() for p in model.parameters()) == first + last + deconvs + middle
    torch.nn.init.zeros_(model.layers[-1].weight)
    torch.nn.init.zeros_(model.layers[-1].bias)
    ramp = torch.arange(12.0).expand(1, 1, 9, 12)
    made = model(ramp)
    assert made.shape == (1, 1, 9 * scale, 12 * scale)
    places = (torch.arange(12.0 * scale) + 0.5) / scale - 0.5
    inner = slice(4 * scale, -4 * scale)
    torch.testing.assert_close(made[0, 0, 0, inner], places[inner])


@pytest.mark.slow
def test_accuracy_and_time_hold_every_method(monkeypatch):
    module = importlib.import_module("accuracy_time")
    monkeypatch.setattr(module, "SIZE", (8, 12))
    rows = module.measure(4, 1)
    found = {(row["method"], row["precision"]) for row in rows}
    for name in ("nearest", "bicubic", "dsdmsr-base", "MS-Net", "unit: gated"):
        assert (name, "fp32") in found
    assert ("dsdmsr-base", "bf16, channels_last") in found
    known = {row["method"]: row["error"] for row in rows}
    assert known["dsdmsr-base"] < known["MS-Net"] < known["bicubic"]
    assert known["research code's SRCNN form"] is None


def test_made_trees_are_like_dtu_and_the_research_approach_fills_its_holes(tmp_path, monkeypatch):
    dtu_like, prepare = (importlib.import_module(name) for name in ("dtu_like", "prepare"))
    tree = dtu_like.make_tree(tmp_path / "tree", 1, 2, (96, 128))
    truth = read_depth(tree / "Depths_raw" / "scan1" / "depth_map_0001.pfm", "dtu")
    assert 0.02 < 1 - truth.valid.mean() < 0.6
    assert 0.42 < truth.values[truth.valid].min() < truth.values.max() < 0.94
    prepare.research(tree, tmp_path / "made")
    made = sorted(path.relative_to(tmp_path / "made") for path in tmp_path.rglob("*.png"))
    assert len(made) == 10
    level = np.asarray(Image.open(tmp_path / "made" / "64x80" / "scan1" / "depth_map_0001.png"))
    assert level.dtype == np.uint8
    assert level.shape == (64, 80)


def test_noise_is_as_strong_as_the_curve_says(rng):
    held, strength = (importlib.import_module(name) for name in ("held_apart", "noise_strength"))
    values = np.where(np.arange(80) < 40, 3.0, 7.0) * np.ones((60, 1))
    small = held.Small(values, np.ones(values.shape, dtype=bool), 2, "bicubic")
    made, span = held.noisy(small, 0.05)
    assert span == 4
    assert (made.values - values).std() == pytest.approx(0.2, rel=0.1)
    assert held.noisy(small, 0.0)[0].values == pytest.approx(values)
    plain = strength.baseline("bicubic")(made)
    quiet = strength.after_median(made)
    truth = values.repeat(2, 0).repeat(2, 1)
    away = np.abs(np.arange(160) - 79.5) > 12
    assert (quiet - truth)[:, away].std() < 0.7 * (plain - truth)[:, away].std()


def test_accuracy_against_time_is_drawn(tmp_path, monkeypatch):
    accuracy_time = importlib.import_module("accuracy_time")
    monkeypatch.setattr(accuracy_time, "PLOT", tmp_path / "plot.png")
    row = {"scale": 4, "precision": "fp32", "times_bicubic": 3.0, "error": 0.5}
    kinds = {"bicubic": "baseline", "dsdmsr-base": "tier", "MS-Net": "published", "unit: a": "unit"}
    accuracy_time.draw([{**row, "method": name, "kind": kind} for name, kind in kinds.items()])
    with Image.open(tmp_path / "plot.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 0


def test_bounded_recipes_of_the_paper_differ_in_batch_precision_and_validation_alone(tmp_path):
    paper, config = (
        importlib.import_module("paper"),
        importlib.import_module("dsdmsr.training.recipe_files"),
    )
    for name in paper.RECIPES:
        whole = config.load_recipe(name)
        cut = config.load_recipe(str(paper.bounded(name, 2, tmp_path)))
        assert {mix.batch for mix in cut.crops} == {2}
        again = dataclasses.replace(
            cut,
            crops=whole.crops,
            precision=whole.precision,
            validate_every=whole.validate_every,
        )
        assert again == whole
