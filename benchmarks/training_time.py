"""Measure what time for training brings: a recipe from nothing, for several lengths.

python benchmarks/training_time.py [--recipe fast] [--minutes 5 15 50] [--data DATA] [--runs DIR]

Each length is a run of its own, since rates fall to nothing at a run's end; runs that are finished
are not made again. All are measured on maps of the train/ folders, which no network of ours is
trained on, as the error left of bicubic's; packaged networks beside them, by their weights for
maps made by bicubic resizing, with the time of all their legs. Adds to
benchmarks/results/training_time.json and draws docs/training-time.png.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import statistics
from pathlib import Path
from typing import Any

from ablation import left_of_bicubic
from dsdmsr._provenance import provenance, write_json
from dsdmsr.nn import DSDMSR
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import LOG, read_provenance
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.torch_networks import for_known, from_pretrained
from options import ROOT, TIERS, add_data

RESULTS = ROOT / "benchmarks" / "results" / "training_time.json"
PLOT = ROOT / "docs" / "training-time.png"
SCALES = [2, 4, 8, 16]


def row_of(model: DSDMSR, data: Path, **about: Any) -> dict[str, Any]:
    """Return a network's figures."""
    left = left_of_bicubic(model, data, SCALES)
    return {**about, "left_of_bicubic": left, "mean": statistics.geometric_mean(left.values())}


def run_row(recipe: str, minutes: float, run_dir: Path, data: Path) -> dict[str, Any]:
    """Train, unless it is done, and return what came of it."""
    network = train_recipe(
        TrainOptions(recipe=recipe, run_dir=run_dir, minutes=minutes, resume="auto")
    )
    with (run_dir / LOG).open(newline="", encoding="utf-8") as file:
        log = list(csv.DictReader(file))
    scores = [
        [float(line["seconds"]) / 60, float(line["value"])]
        for line in log
        if line["name"] == "val/score"
    ]
    return row_of(
        from_pretrained(str(network)),
        data,
        name=recipe,
        minutes=minutes,
        steps=max(int(line["step"]) for line in log),
        commit=read_provenance(run_dir)["commit"],
        scores=scores,
    )


def packaged_row(name: str, data: Path) -> dict[str, Any]:
    """Return the figures of a packaged network."""
    minutes = re.findall(r"(\d+) minutes", read_card(name))
    return row_of(from_pretrained(name), data, name=name, minutes=sum(map(float, minutes)))


def draw(rows: list[dict[str, Any]]) -> None:
    """Draw validations while runs go on, and what is left of bicubic's error at their ends."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    names = list(dict.fromkeys(row["name"] for row in rows))
    for row in rows:
        colour = f"C{names.index(row['name'])}"
        if "scores" in row:
            label = f"{row['name']}, {row['minutes']:g} minutes"
            axes[0].plot(*zip(*row["scores"], strict=True), ".-", color=colour, label=label)
    for name in names:
        mine = sorted((row["minutes"], row["mean"]) for row in rows if row["name"] == name)
        colour = f"C{names.index(name)}"
        axes[1].plot(*zip(*mine, strict=True), "o-", color=colour, label=name)
    axes[0].set(title="while it trains: our held-apart scenes", ylabel="error left of bicubic's")
    axes[1].set(title="at the end: Middlebury 2006 and Sintel, ×2 to ×16")
    for axis in axes:
        axis.set(xscale="log", xlabel="minutes of training")
        axis.grid(alpha=0.3, which="both")
        axis.legend(fontsize=8)
    figure.savefig(PLOT, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--minutes", type=float, nargs="+", default=[5.0, 15.0, 50.0])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "training_time")
    given = parser.parse_args()
    before = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"] if RESULTS.exists() else []
    made = [
        run_row(given.recipe, minutes, given.runs / f"{given.recipe}-{minutes:g}", given.data)
        for minutes in given.minutes
    ]
    best = [f"{name}/bicubic" if for_known(name) else name for name in TIERS]
    known = [packaged_row(name, given.data) for name in best]
    again = {(row["name"], row["minutes"]) for row in made}
    kept = [row for row in before if "scores" in row and (row["name"], row["minutes"]) not in again]
    rows = sorted(kept + made, key=lambda row: (row["name"], row["minutes"])) + known
    command = "python benchmarks/training_time.py"
    write_json(RESULTS, {**provenance(), "command": command, "rows": rows})
    draw(rows)
    print(f"wrote {RESULTS} and {PLOT}")


if __name__ == "__main__":
    main()
