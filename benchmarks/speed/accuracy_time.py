"""Accuracy against time: every tier, unit and baseline, MS-Net and the research code's form.

Times are taken in turn in one run, as multiples of bicubic's. Errors are those of
benchmarks/results/accuracy.json, which holds published ones too, and, for units, those of
benchmarks/results/ablation.json, where all were trained for the same short time. Networks that
others have trained run here with random weights, for their time alone. Plots
docs/accuracy-time.png.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import nn

import dsdmsr
from benchmarks.common import plots
from benchmarks.common.options import DOCS, TIERS, options
from benchmarks.common.results import RESULTS, load_results, save_results, sourced_table
from benchmarks.common.timing import in_turn, median_ratio
from benchmarks.speed.ms_net import MSNet
from benchmarks.speed.networks import random_map
from benchmarks.speed.research_code import ResearchForm
from dsdmsr.depth.map import DepthMap
from dsdmsr.evaluation.methods import BASELINES, LowRes, baseline
from dsdmsr.evaluation.report import table_rows
from dsdmsr.evaluation.results import Results
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.torch_networks import from_pretrained
from experiments.ablation import VARIANTS, changed, reference

PLOT = DOCS / "accuracy-time.png"
SIZE = (60, 80)
SCALES = (4, 8)
SET = "B"
UNITS = {"residual": "reference"} | {name: name for name in VARIANTS["unit"]}
"""What units are called here → what the ablation calls them."""
PRECISIONS = ("fp32", "bf16, channels_last")

Run = Callable[[Any], object]


def networks(scale: int) -> dict[str, tuple[str, nn.Module]]:
    """Return name → kind and network."""
    found: dict[str, tuple[str, nn.Module]] = {
        name: ("tier", from_pretrained(name)) for name in TIERS
    }
    found["MS-Net"] = ("published", MSNet(scale))
    found["research code's SRCNN form"] = ("time alone", ResearchForm(scale))
    base = reference(1)
    for name, variant in UNITS.items():
        changes = VARIANTS["unit"].get(variant, {})
        found[f"unit: {name}"] = ("unit", DSDMSR(changed(base, changes).model))
    return found


def runner(model: nn.Module, scale: int, precision: str) -> Run:
    """Return a method that upscales a map of about 1…2; packaged networks as `Upscaler` does."""
    bf16 = precision != "fp32"
    model = model.eval()
    if bf16:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if isinstance(model, DSDMSR) and not bf16:
        upscaler = Upscaler(TorchBackend(model, "cpu"), scale=scale)
        return lambda depth: upscaler(DepthMap(depth))

    @torch.inference_mode()
    def run(depth: Any) -> object:
        lr_depth = torch.from_numpy(depth)[None, None]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return model(lr_depth, scale) if isinstance(model, DSDMSR) else model(lr_depth)

    return run


def runs(scale: int) -> dict[tuple[str, str, str], Run]:
    """Return (name, kind, precision) → a method that upscales a map."""
    found: dict[tuple[str, str, str], Run] = {}
    for name in BASELINES:
        method = baseline(name)
        found[name, "baseline", "fp32"] = lambda depth, method=method: method(
            LowRes(depth, np.ones(depth.shape, dtype=bool), scale, "bicubic")
        )
    for precision in PRECISIONS:
        for name, (kind, model) in networks(scale).items():
            found[name, kind, precision] = runner(model, scale, precision)
    return found


def errors(scale: int) -> dict[str, float]:
    """Return the error of every method on the set, and what units leave of bicubic's."""
    accuracy = Results.read(RESULTS / "accuracy.json")
    (protocol,) = [one for one in accuracy.protocols if one.letter == "a"]
    found = {
        row.method: value
        for row in table_rows(protocol)
        if row.set.startswith(SET) and (value := row.values.get(scale)) is not None
    }
    rows = {row["name"]: row for row in load_results("ablation")["rows"]}
    for name, variant in UNITS.items():
        if variant in rows:
            left = rows[variant]["left_of_bicubic"]
            found[f"unit: {name}"] = statistics.geometric_mean(
                value for column, value in left.items() if column.endswith(f"×{scale}")
            )
    return found


def measure(scale: int, rounds: int) -> list[dict[str, Any]]:
    """Return a row for every method and precision."""
    timed = runs(scale)
    depth = random_map(SIZE)
    taken = in_turn({key: partial(run, depth) for key, run in timed.items()}, rounds)
    plain = taken["bicubic", "baseline", "fp32"]
    known = errors(scale)
    return [
        {
            "method": name,
            "kind": kind,
            "precision": precision,
            "scale": scale,
            "times_bicubic": median_ratio(times, plain),
            "error": known.get(name),
        }
        for (name, kind, precision), times in taken.items()
    ]


def table(results: dict[str, Any]) -> str:
    """Return times as multiples of bicubic's, in both precisions."""
    scales = sorted({row["scale"] for row in results["rows"]})
    precisions = list(dict.fromkeys(row["precision"] for row in results["rows"]))
    cells = {
        (row["method"], row["precision"], row["scale"]): f"{row['times_bicubic']:.1f}"
        for row in results["rows"]
    }
    keys = [(precision, scale) for precision in precisions for scale in scales]
    methods = dict.fromkeys(row["method"] for row in results["rows"])
    rows = [[name, *(cells.get((name, *key), "–") for key in keys)] for name in methods]
    head = ["time / bicubic's", *(f"×{scale} {precision}" for precision, scale in keys)]
    return sourced_table(results, head, rows, names=1)


def plot(rows: list[dict[str, Any]]) -> None:
    """Plot the rows in float32: methods on set B on the left, units on the right."""
    pyplot = plots.pyplot()
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5), layout="constrained")
    for row in rows:
        if row["precision"] == "fp32" and row["error"] is not None:
            _plot_row(axes[int(row["kind"] == "unit")], row)
    for axis, title, error in (
        (axes[0], f"set {SET}, protocol (a)", "RMSE in grey levels"),
        (axes[1], "units after the same short training", "error left of bicubic's, train/ maps"),
    ):
        axis.set(xscale="log", xlabel="time, as multiples of bicubic's", ylabel=error, title=title)
        axis.grid(alpha=0.3, which="both")
        axis.margins(x=0.25)
    axes[0].set_yscale("log")
    handles = [
        pyplot.Line2D([], [], color=f"C{k}", marker="o", linestyle="", label=f"×{scale}")
        for k, scale in enumerate(SCALES)
    ]
    axes[0].legend(handles=handles)
    plots.save(figure, PLOT)


def _plot_row(axis: Any, row: dict[str, Any]) -> None:
    tier = row["kind"] == "tier"
    marker = {"baseline": "o", "tier": "*", "published": "s", "unit": "D"}[row["kind"]]
    colour = f"C{SCALES.index(row['scale'])}"
    place = (row["times_bicubic"], row["error"])
    axis.scatter(*place, color=colour, marker=marker, s=160 if tier else 40)
    label = row["method"].removeprefix("unit: ")
    # Packaged networks have others to their right.
    x, side = (-8, "right") if tier or row["scale"] != SCALES[0] else (6, "left")
    axis.annotate(label, place, (x, -3), textcoords="offset points", ha=side, fontsize=8)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    dsdmsr.keep_memory()
    rows = [row for scale in track(SCALES, "timing") for row in measure(scale, given.rounds)]
    command = f"python -m benchmarks accuracy_time --rounds {given.rounds}"
    content = {"height": SIZE[0], "width": SIZE[1], "rows": rows}
    save_results("accuracy_time", command, content, TIERS)
    plot(rows)
