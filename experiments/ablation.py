"""Ablation: short runs from random weights, one choice changed in each.

The reference is the base recipe, ended at ×8, with regression instead of classification. Every
other run is as long as the reference's `--steps` in time: before it begins, its step is timed in
turn with the reference's, and it gets as many steps as fit. All are measured on maps of the
train/ folders, which no packaged network is trained on, as the error left of bicubic's. Rows under
the same reference and changes are kept.
"""

from __future__ import annotations

import dataclasses
import statistics
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import load_results, save_results, sourced_table
from benchmarks.common.timing import in_turn
from dsdmsr._plain import to_plain
from dsdmsr.data.batches import CropMix, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.evaluation.report import figure
from dsdmsr.training.cost import explain
from dsdmsr.training.examples import Examples, make_examples
from dsdmsr.training.fit import fit
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run_folder import read_provenance, stored_recipe
from experiments.error_left import left_of_bicubic, trained

_CROPS = (
    CropMix(scale=2, crop=96, batch=8, share=0.2),
    CropMix(scale=4, crop=160, batch=4, share=0.3),
    CropMix(scale=8, crop=256, batch=3, share=0.5),
)

Changes = dict[str, Any]

VARIANTS: dict[str, dict[str, Changes]] = {
    "reference": {"reference": {}, "another seed": {"seed": 1}},
    "symmetry": {"not symmetric": {"model.symmetric": False}},
    "views": {
        "four units, half as wide, not symmetric": {
            "model.sharing": "independent",
            "model.width": (24, 24, 16),
            "model.symmetric": False,
        }
    },
    "features": {"not carried": {"model.carried": 0}},
    "heads": {"one head a stage": {"model.two_heads": False}},
    "unit": {
        "bias, absolute depth": {"model.bias": True, "model.differences": False},
        "vdsr": {"model.unit": "vdsr", "model.depth": (17, 11, 9)},
        "srcnn, not symmetric": {
            "model.unit": "srcnn",
            "model.symmetric": False,
            "model.width": (64,),
            "model.bias": True,
            "model.differences": False,
        },
        "large-kernel": {"model.unit": "large_kernel", "model.width": (64, 64, 40)},
        "gated": {"model.unit": "gated", "model.width": (64, 64, 40)},
    },
    "prediction": {
        "or one of 3×3 values": {"model.candidates": 3},
        "or one of 5×5 values": {"model.candidates": 5},
    },
    "shape": {
        "wide and shallow": {"model.width": (72, 72, 48), "model.depth": (4, 2, 2)},
        "narrow and deep": {"model.width": (32, 32, 24), "model.depth": (18, 11, 7)},
        "first stage wider": {"model.width": (96, 48, 32), "model.depth": (4, 5, 4)},
        "last stage narrower": {"model.width": (64, 48, 24), "model.depth": (10, 5, 3)},
    },
    "supervision": {
        "of the prediction alone": {"stage_weights": (0.0,)},
        "stages weigh 0.5": {"stage_weights": (0.5,)},
        "stages weigh 1": {"stage_weights": (1.0,)},
    },
    "fusion": {
        "mean of all stages, not symmetric": {
            "model.symmetric": False,
            "model.fusion": "mean",
            "model.two_heads": False,
            "model.differences": False,
        },
    },
    "loss": {
        "L1": {"loss": "l1"},
        "Charbonnier": {"loss": "charbonnier"},
        "squared": {"loss": "mse"},
        "L1, edges weigh more": {"loss": "edge_l1"},
    },
    "factors": {f"×{mix.scale} alone": {"crops": (mix,)} for mix in _CROPS},
    "scenes": {
        "cut-outs alone": {"scenes.ray_cast": 0.0},
        "ray-cast alone": {"scenes.ray_cast": 1.0},
        "never frayed": {"scenes.sensing.frayed": 0.0},
        "never whole levels": {"scenes.sensing.quantised": 0.0},
        "always whole levels": {"scenes.sensing.quantised": 1.0},
        "fewer, larger things": {
            "scenes.cutouts.objects": (1, 10),
            "scenes.cutouts.radius": (15.0, 250.0),
            "scenes.scenery.things": (1, 10),
            "scenes.scenery.radius": (15.0, 250.0),
        },
    },
}
"""Group → name → what it changes of the reference, by the recipe's keys."""


def reference(steps: int) -> Recipe:
    """Return the recipe that all others are changed from."""
    base = load_recipe("base")
    model = dataclasses.replace(
        base.model, scale=8, width=(48, 48, 32), depth=(8, 5, 4), candidates=0, confidence=0
    )
    return dataclasses.replace(
        base,
        model=model,
        crops=_CROPS,
        steps=steps,
        minutes=None,
        warmup=50,
        ema=0.98,
        validate_every=steps,
        seed=0,
    )


def changed(recipe: Any, changes: Changes) -> Any:
    """Return a frozen dataclass with other values at dotted keys, all set at once."""
    own: Changes = {}
    inner: dict[str, Changes] = {}
    for key, value in changes.items():
        first, _, rest = key.partition(".")
        if rest:
            inner.setdefault(first, {})[rest] = value
        else:
            own[first] = value
    own |= {first: changed(getattr(recipe, first), rest) for first, rest in inner.items()}
    return dataclasses.replace(recipe, **own)


def step_seconds(recipes: list[Recipe], rounds: int = 4) -> list[float]:
    """Return what a step of each recipe takes, the crops' shares weighed; timed in turn."""
    scales = {mix.scale: mix for recipe in recipes for mix in recipe.crops}
    modules = [TrainingModule(recipe) for recipe in recipes]
    source = Synthetic(recipes[0].scenes)
    degradations = recipes[0].degradations[0]
    examples = {
        scale: make_examples(make_batch(0, 0, (mix,), source), degradations, 0)
        for scale, mix in scales.items()
    }
    runs = {
        (k, mix.scale): partial(_step, module, examples[mix.scale])
        for k, module in enumerate(modules)
        for mix in module.recipe.crops
    }
    taken = in_turn(runs, rounds)
    return [
        sum(mix.share * statistics.median(taken[k, mix.scale]) for mix in recipe.crops)
        / sum(mix.share for mix in recipe.crops)
        for k, recipe in enumerate(recipes)
    ]


def _step(module: TrainingModule, examples: Examples) -> None:
    module.training_step(examples, 0).backward()


def row_of(group: str, name: str, run_dir: Path, steps: int, data: Path) -> dict[str, Any]:
    """Return the figures of a finished run."""
    recipe = stored_recipe(run_dir)
    model = trained(run_dir)
    scales = sorted(mix.scale for mix in recipe.crops)
    assert recipe.steps is not None  # runs here end after steps
    macs = {f"×{mix.mix.scale}": mix.macs / mix.mix.batch for mix in explain(recipe).mixes}
    return {
        "group": group,
        "name": name,
        "changes": plain(VARIANTS[group][name]),
        "steps": recipe.steps,
        "step_time": steps / recipe.steps,
        "parameters": sum(p.numel() for p in model.parameters()),
        "macs_per_crop": macs,
        "commit": read_provenance(run_dir)["commit"],
        "left_of_bicubic": left_of_bicubic(model, data, scales),
    }


def plain(changes: Changes) -> Changes:
    """Return changes as YAML and JSON hold them."""
    return {key: to_plain(value) for key, value in changes.items()}


def in_equal_time(base: Recipe, changes: Changes) -> Recipe:
    """Return the reference with changes, and as many steps as take the reference's time."""
    recipe: Recipe = changed(base, changes)
    assert base.steps is not None  # it ends after steps
    if not any(key.startswith(("model.", "crops")) for key in changes):
        return recipe
    mine, theirs = step_seconds([recipe, base])
    steps = max(1, round(base.steps * theirs / mine))
    return dataclasses.replace(recipe, steps=steps, validate_every=steps)


def kept_rows(results: dict[str, Any], base: Recipe) -> dict[str, dict[str, Any]]:
    """Return the rows that were measured under this reference, by name."""
    if results["reference"] != recipe_to_dict(base):
        return {}
    return {row["name"]: row for row in results["rows"]}


def in_order(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows in the order of `VARIANTS`."""
    return [rows[name] for variants in VARIANTS.values() for name in variants if name in rows]


def table(results: dict[str, Any]) -> str:
    """Return the errors of each choice."""
    columns = list(results["rows"][0]["left_of_bicubic"])
    rows = [
        [
            row["group"],
            row["name"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['step_time']:.2f}",
            *(figure(row["left_of_bicubic"].get(column)) for column in columns),
        ]
        for row in results["rows"]
    ]
    head = ["about", "changed", "parameters, M", "time of a step", *columns]
    return sourced_table(results, head, rows, names=2)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "ablation")
    given = parser.parse_args()
    base = reference(given.steps)
    rows = kept_rows(load_results("ablation"), base)
    for group, variants in VARIANTS.items():
        for name, changes in variants.items():
            if given.only and name not in given.only:
                continue
            if name in rows and rows[name]["changes"] == plain(changes):
                continue
            run_dir = given.runs / name.replace(" ", "-")
            fit(in_equal_time(base, changes), run_dir, resume="auto")
            rows[name] = row_of(group, name, run_dir, given.steps, given.data)
            print(rows[name])
            command = f"python -m experiments ablation --steps {given.steps}"
            content = {"reference": recipe_to_dict(base), "rows": in_order(rows)}
            save_results("ablation", command, content)
