"""Train the paper's recipes for a bounded time, from scenes and from a prepared DTU-like tree.

python benchmarks/paper.py [--minutes 10] [--recipes srcnn-x8 vdsr-x8 …] [--runs runs/paper]

The tree is made of rendered scenes in DTU's form and prepared by ``dsdmsr prepare dtu``. Each run
is the recipe but for its length, on this machine; what is kept is the RMSE of its first and best
validation beside bicubic's, on maps held apart. Runs that are finished are not made again. Writes
benchmarks/results/paper.json.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from dsdmsr.data.prepare.dtu import dtu
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.provenance import provenance, write_json
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_dir import LOG, NETWORK, read_provenance, stored_recipe
from dtu_like import make_tree
from options import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "paper.json"
RECIPES = ("srcnn-x8", "vdsr-x8", "srcnn-x16", "vdsr-x16", "srcnn-x8-legacy", "vdsr-x8-legacy")
SCANS, VIEWS, SIZE = 8, 8, (1200, 1600)


def prepared(folder: Path) -> Path:
    """Return a prepared tree of rendered scenes in DTU's form."""
    tree, made = folder / "tree", folder / "prepared"
    if not tree.exists():
        make_tree(tree, SCANS, VIEWS, SIZE)
    prepare(dtu(tree), made, Forms(pyramid=False, shards=True), resume=made.exists())
    return made


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
    scale = max(mix.scale for mix in stored.crops)
    best = min(made, key=lambda values: values["score"])
    return {
        "recipe": recipe,
        "data": data,
        "scale": scale,
        "minutes": stored.minutes,
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
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--recipes", nargs="+", default=RECIPES, choices=RECIPES)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "paper")
    given = parser.parse_args()
    sources = {"scenes": None, "DTU-like shards": prepared(given.runs)}
    rows = []
    for recipe in given.recipes:
        for data, maps in sources.items():
            run = given.runs / f"{recipe} {data}".replace(" ", "_")
            if not (run / NETWORK).exists():
                train_recipe(recipe, run, minutes=given.minutes, maps=maps, resume="auto")
            rows.append(row_of(recipe, data, run))
            print(rows[-1])
    command = f"python benchmarks/paper.py --minutes {given.minutes:g}"
    write_json(RESULTS, {**provenance(), "command": command, "rows": rows})


if __name__ == "__main__":
    main()
