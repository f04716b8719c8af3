"""Train the paper's recipes for a bounded time, from scenes and from a prepared DTU-like tree.

python benchmarks/paper.py [--minutes 3] [--batch 2] [--recipes srcnn-x8 …] [--runs runs/paper]

The tree is made of rendered scenes in DTU's form and prepared by ``dsdmsr prepare dtu``. Each run
is the recipe but for its length, its batches, which are cut so that a CPU takes some hundred steps,
bf16 where the processor has units for it, and a validation every 100 steps. What is kept is the
loss of its first and best validation, and the best RMSE beside bicubic's, on maps held apart. Runs
that are finished are not made again. Adds to benchmarks/results/paper.json.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import yaml

from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import LOG, NETWORK, read_provenance, stored_recipe
from dtu_like import make_tree
from options import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "paper.json"
RECIPES = ("srcnn-x8", "vdsr-x8", "srcnn-x16", "vdsr-x16", "srcnn-x8-legacy", "vdsr-x8-legacy")
SCANS, VIEWS, SIZE = 8, 8, (1200, 1600)
VALIDATE_EVERY = 100


def prepared(folder: Path) -> Path:
    """Return a prepared tree of rendered scenes in DTU's form."""
    tree, made = folder / "tree", folder / "prepared"
    if not tree.exists():
        make_tree(tree, SCANS, VIEWS, SIZE)
    prepare(dtu(tree), made, Forms(pyramid=False, shards=True), resume=made.exists())
    return made


def bounded(name: str, batch: int, folder: Path) -> Path:
    """Write a recipe with batches of at most so many crops; return the file."""
    recipe = load_recipe(name)
    crops = tuple(dataclasses.replace(mix, batch=min(batch, mix.batch)) for mix in recipe.crops)
    changed = dataclasses.replace(
        recipe, crops=crops, precision="auto", validate_every=VALIDATE_EVERY
    )
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(recipe_to_dict(changed)), encoding="utf-8")
    return file


def validations(run: Path) -> list[dict[str, float]]:
    """Return the figures of each validation."""
    found: dict[int, dict[str, float]] = {}
    with (run / LOG).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["name"].startswith("val/"):
                found.setdefault(int(row["step"]), {})[row["name"][4:]] = float(row["value"])
    return [{"step": step, **values} for step, values in found.items()]


def row_of(recipe: str, data: str, run: Path) -> dict[str, Any]:
    """Return what a finished run came to, at its largest factor."""
    made, stored = validations(run), stored_recipe(run)
    largest = max(stored.crops, key=lambda mix: mix.scale)
    scale = largest.scale
    best = min(made, key=lambda values: values["score"])
    return {
        "recipe": recipe,
        "data": data,
        "scale": scale,
        "minutes": stored.minutes,
        "batch": largest.batch,
        "steps": made[-1]["step"],
        "first_loss": made[0][f"loss_x{scale}"],
        "best_loss": min(values[f"loss_x{scale}"] for values in made),
        "bicubic": best[f"bicubic_x{scale}"],
        "rmse": best[f"rmse_x{scale}"],
        "left_of_bicubic": best["score"],
        "commit": read_provenance(run)["commit"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--recipes", nargs="+", default=RECIPES, choices=RECIPES)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "paper")
    given = parser.parse_args()
    sources = {"scenes": None, "DTU-like shards": prepared(given.runs)}
    done = {recipe: bounded(recipe, given.batch, given.runs) for recipe in given.recipes}
    rows = []
    for recipe, file in done.items():
        for data, maps in sources.items():
            run = given.runs / f"{recipe} {data}".replace(" ", "_")
            if not (run / NETWORK).exists():
                train_recipe(
                    TrainOptions(
                        recipe=str(file),
                        run_dir=run,
                        minutes=given.minutes,
                        maps=maps,
                        resume="auto",
                    )
                )
            rows.append(row_of(recipe, data, run))
            print(rows[-1])
    before = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"] if RESULTS.exists() else []
    rows += [row for row in before if row["recipe"] not in done]
    rows.sort(key=lambda row: RECIPES.index(row["recipe"]))
    command = "python benchmarks/paper.py"
    write_json(RESULTS, {**provenance(), "command": command, "rows": rows})


if __name__ == "__main__":
    main()
