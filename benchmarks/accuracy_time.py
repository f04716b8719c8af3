"""Draw accuracy against time: every tier, unit and baseline, MS-Net and the research code's form.

python benchmarks/accuracy_time.py [--rounds 3]

Times are taken in turn in one run, as multiples of bicubic's. Errors are those of
benchmarks/results/accuracy.json, which holds published ones too, and, for units, those of
benchmarks/results/ablation.json, where all were trained for the same short time. Networks that
others have trained run here with random weights, for their time alone. Writes
benchmarks/results/accuracy_time.json and docs/accuracy-time.png.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import nn

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from ablation import VARIANTS, changed, reference
from dsdmsr._provenance import provenance, write_json
from dsdmsr.depth.map import DepthMap
from dsdmsr.evaluation.methods import BASELINES, Small, baseline
from dsdmsr.evaluation.report import lines
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.torch_networks import from_pretrained
from ms_net import MSNet
from options import ROOT, TIERS
from research_form import ResearchForm
from speed import made_map
from timing import in_turn

RESULTS = ROOT / "benchmarks" / "results" / "accuracy_time.json"
PLOT = ROOT / "docs" / "accuracy-time.png"
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
    """Return what makes a map of about 1…2 larger; packaged networks as `Upscaler` runs them."""
    bf16 = precision != "fp32"
    model = model.eval()
    if bf16:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if isinstance(model, DSDMSR) and not bf16:
        upscaler = Upscaler(TorchBackend(model, "cpu"), scale=scale)
        return lambda depth: upscaler(DepthMap(depth))

    @torch.inference_mode()
    def run(depth: Any) -> object:
        small = torch.from_numpy(depth)[None, None]
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return model(small, scale) if isinstance(model, DSDMSR) else model(small)

    return run


def runs(scale: int) -> dict[tuple[str, str, str], Run]:
    """Return (name, kind, precision) → what makes a map larger."""
    found: dict[tuple[str, str, str], Run] = {}
    for name in BASELINES:
        method = baseline(name)
        found[name, "baseline", "fp32"] = lambda depth, method=method: method(
            Small(depth, np.ones(depth.shape, dtype=bool), scale, "bicubic")
        )
    for precision in PRECISIONS:
        for name, (kind, model) in networks(scale).items():
            found[name, kind, precision] = runner(model, scale, precision)
    return found


def errors(scale: int) -> dict[str, float]:
    """Return the error of every method on the set, and what units leave of bicubic's."""
    folder = RESULTS.parent
    accuracy = json.loads((folder / "accuracy.json").read_text(encoding="utf-8"))
    (measured,) = [p for p in accuracy["protocols"] if p["letter"] == "a"]
    found = {
        line.method: value
        for line in lines(measured)
        if line.set.startswith(SET) and (value := line.values.get(scale)) is not None
    }
    ablation = json.loads((folder / "ablation.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in ablation["rows"]}
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
    depth = made_map(SIZE)
    taken = in_turn({key: partial(run, depth) for key, run in timed.items()}, rounds)
    plain = taken["bicubic", "baseline", "fp32"]
    known = errors(scale)
    return [
        {
            "method": name,
            "kind": kind,
            "precision": precision,
            "scale": scale,
            "times_bicubic": statistics.median(
                mine / theirs for mine, theirs in zip(times, plain, strict=True)
            ),
            "error": known.get(name),
        }
        for (name, kind, precision), times in taken.items()
    ]


def draw(rows: list[dict[str, Any]]) -> None:
    """Draw the rows in float32: methods on set B on the left, units on the right."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5), layout="constrained")
    marks = {"baseline": "o", "tier": "*", "published": "s", "unit": "D"}
    for row in rows:
        if row["precision"] != "fp32" or row["error"] is None:
            continue
        axis = axes[int(row["kind"] == "unit")]
        colour = f"C{SCALES.index(row['scale'])}"
        size = 160 if row["kind"] == "tier" else 40
        place = (row["times_bicubic"], row["error"])
        axis.scatter(*place, color=colour, marker=marks[row["kind"]], s=size)
        label = row["method"].removeprefix("unit: ")
        # Networks of ours have others to their right.
        left = row["kind"] == "tier" or row["scale"] != SCALES[0]
        side = (-8, "right") if left else (6, "left")
        axis.annotate(
            label, place, (side[0], -3), textcoords="offset points", ha=side[1], fontsize=8
        )
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
    figure.savefig(PLOT, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows = [row for scale in track(SCALES, "timing") for row in measure(scale, given.rounds)]
    command = f"python benchmarks/accuracy_time.py --rounds {given.rounds}"
    about = {**provenance(), "command": command, "height": SIZE[0], "width": SIZE[1]}
    write_json(RESULTS, {**about, "rows": rows})
    draw(rows)
    print(f"wrote {RESULTS} and {PLOT}")


if __name__ == "__main__":
    main()
