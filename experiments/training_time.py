"""Error against training time: a recipe from random weights, for several lengths.

Each length is a run of its own, since learning rates fall to zero at a run's end; finished runs are
not repeated. All are measured on maps of the train/ folders, which no packaged network is trained
on, as the error left of bicubic's; packaged networks beside them, by their weights for bicubic
degradation, with the time of all their legs. Rows of other lengths are kept. Plots
docs/training-time.png.
"""

from __future__ import annotations

import csv
import re
import statistics
from pathlib import Path
from typing import Any

from benchmarks.common import plots
from benchmarks.common.options import DOCS, ROOT, TIERS, with_data
from benchmarks.common.results import load_results, save_results, sourced_table
from dsdmsr.evaluation.report import figure
from dsdmsr.nn import DSDMSR
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import LOG, read_provenance
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.torch_networks import for_known, from_pretrained
from experiments.error_left import left_of_bicubic

PLOT = DOCS / "training-time.png"
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


def table(results: dict[str, Any]) -> str:
    """Return the error left of bicubic's after each length of training."""
    columns = list(results["rows"][0]["left_of_bicubic"])
    rows = [
        [
            row["name"],
            f"{row['minutes']:g}",
            str(row.get("steps", "–")),
            *(figure(row["left_of_bicubic"][column]) for column in columns),
        ]
        for row in results["rows"]
    ]
    head = ["recipe or network", "minutes", "steps", *columns]
    return sourced_table(results, head, rows, names=1)


def plot(rows: list[dict[str, Any]]) -> None:
    """Plot validations during runs, and what is left of bicubic's error at their ends."""
    chart, axes = plots.pyplot().subplots(1, 2, figsize=(11, 4), layout="constrained")
    names = list(dict.fromkeys(row["name"] for row in rows))
    for row in rows:
        colour = f"C{names.index(row['name'])}"
        if "scores" in row:
            label = f"{row['name']}, {row['minutes']:g} minutes"
            axes[0].plot(*zip(*row["scores"], strict=True), ".-", color=colour, label=label)
    for name in names:
        points = sorted((row["minutes"], row["mean"]) for row in rows if row["name"] == name)
        colour = f"C{names.index(name)}"
        axes[1].plot(*zip(*points, strict=True), "o-", color=colour, label=name)
    axes[0].set(title="during training: scenes held out", ylabel="error left of bicubic's")
    axes[1].set(title="at the end: Middlebury 2006 and Sintel, ×2 to ×16")
    for axis in axes:
        axis.set(xscale="log", xlabel="minutes of training")
        axis.grid(alpha=0.3, which="both")
        axis.legend(fontsize=8)
    plots.save(chart, PLOT)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--recipe", default="fast")
    parser.add_argument("--minutes", type=float, nargs="+", default=[5.0, 15.0, 50.0])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "training_time")
    given = parser.parse_args()
    before = load_results("training_time")["rows"]
    measured = [
        run_row(given.recipe, minutes, given.runs / f"{given.recipe}-{minutes:g}", given.data)
        for minutes in given.minutes
    ]
    best = [f"{name}/bicubic" if for_known(name) else name for name in TIERS]
    packaged = [packaged_row(name, given.data) for name in best]
    again = {(row["name"], row["minutes"]) for row in measured}
    kept = [row for row in before if "scores" in row and (row["name"], row["minutes"]) not in again]
    rows = sorted(kept + measured, key=lambda row: (row["name"], row["minutes"])) + packaged
    save_results("training_time", "python -m experiments training_time", {"rows": rows}, TIERS)
    plot(rows)
