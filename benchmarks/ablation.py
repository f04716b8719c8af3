"""Measure what each choice brings: short runs from nothing, one choice changed in each.

python benchmarks/ablation.py [--data DATA] [--steps 300] [--only NAME ...] [--runs runs/ablation]

The reference is the base recipe, ended at ×8, its answers regressed. Every other run is as long
as the reference's `--steps` in time: before it begins, its step is timed in turn with the
reference's, and it gets as many steps as fit. All are measured on maps of the train/ folders, which
no network of ours is trained on, as the error left of bicubic's. Adds to
benchmarks/results/ablation.json; what is in it under the same reference and changes is not made
again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from dsdmsr._plain import to_plain
from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.batches import CropMix, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.degradation.resample import resize
from dsdmsr.nn import DSDMSR
from dsdmsr.training.cost import explain
from dsdmsr.training.examples import Examples, make_examples
from dsdmsr.training.fit import fit
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run_folder import read_provenance, stored_recipe
from options import ROOT, add_data
from scene_mix import MAPS, error, trained, truths
from timing import in_turn

RESULTS = ROOT / "benchmarks" / "results" / "ablation.json"
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
    "answer": {
        "or one of 3×3 values": {"model.candidates": 3},
        "or one of 5×5 values": {"model.candidates": 5},
    },
    "shape": {
        "wide and shallow": {"model.width": (72, 72, 48), "model.depth": (4, 2, 2)},
        "narrow and deep": {"model.width": (32, 32, 24), "model.depth": (18, 11, 7)},
        "small maps wider": {"model.width": (96, 48, 32), "model.depth": (4, 5, 4)},
        "large maps narrower": {"model.width": (64, 48, 24), "model.depth": (10, 5, 3)},
    },
    "supervision": {
        "of the answer alone": {"stage_weights": (0.0,)},
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
    small_maps = recipes[0].small_maps[0]
    examples = {
        scale: make_examples(make_batch(0, 0, (mix,), source), small_maps, 0)
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


def left_of_bicubic(model: DSDMSR, data: Path, scales: list[int]) -> dict[str, float]:
    """Return the geometric mean over the maps of the error left of bicubic's."""
    found = {}
    for name in MAPS:
        maps = truths(data, name)
        for scale in scales:
            ratios = [error(model, *pair, scale) / error(resize, *pair, scale) for pair in maps]
            found[f"{name} ×{scale}"] = statistics.geometric_mean(ratios)
    return found


def row_of(group: str, name: str, run_dir: Path, steps: int, data: Path) -> dict[str, Any]:
    """Return the figures of a run that is finished."""
    recipe = stored_recipe(run_dir)
    model = trained(run_dir)
    scales = sorted(mix.scale for mix in recipe.crops)
    assert recipe.steps is not None  # every run here is as long as it has steps
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
    return {key: to_plain(value) for key, value in changes.items()}


def in_equal_time(base: Recipe, changes: Changes) -> Recipe:
    """Return the reference with changes, and as many steps as take the reference's time."""
    recipe: Recipe = changed(base, changes)
    assert base.steps is not None  # it is made with steps
    if not any(key.startswith(("model.", "crops")) for key in changes):
        return recipe
    mine, theirs = step_seconds([recipe, base])
    steps = max(1, round(base.steps * theirs / mine))
    return dataclasses.replace(recipe, steps=steps, validate_every=steps)


def rows_of(base: Recipe) -> dict[str, dict[str, Any]]:
    """Return the rows that were measured under this reference, by name."""
    if not RESULTS.exists():
        return {}
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    if results["reference"] != recipe_to_dict(base):
        return {}
    return {row["name"]: row for row in results["rows"]}


def write(base: Recipe, made: dict[str, dict[str, Any]]) -> None:
    """Write the rows in the order of `VARIANTS`."""
    rows = [made[name] for variants in VARIANTS.values() for name in variants if name in made]
    command = f"python benchmarks/ablation.py --steps {base.steps}"
    about = {**provenance(), "command": command, "reference": recipe_to_dict(base)}
    write_json(RESULTS, {**about, "rows": rows})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "ablation")
    given = parser.parse_args()
    console = Console()
    base = reference(given.steps)
    made = rows_of(base)
    for group, variants in VARIANTS.items():
        for name, changes in variants.items():
            if given.only and name not in given.only:
                continue
            if name in made and made[name]["changes"] == plain(changes):
                continue
            run_dir = given.runs / name.replace(" ", "-")
            fit(in_equal_time(base, changes), run_dir, resume="auto")
            made[name] = row_of(group, name, run_dir, given.steps, given.data)
            console.print(made[name])
            write(base, made)
    console.print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
