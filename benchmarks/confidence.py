"""Measure how well expected errors describe those that are made, on real and rendered maps.

python benchmarks/confidence.py [--data DIR]

Small maps are made by antialiased bicubic interpolation, of which the network is told, and by
OpenCV's cubic, of which it isn't; without noise for dsdmsr-base, and with Gaussian noise of 2 % of
the map's range for dsdmsr-robust. Writes benchmarks/results/confidence.json and
docs/confidence.png.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr import DepthMap, Upscaler
from dsdmsr._provenance import provenance, write_json
from dsdmsr.depth.degradations import Degradation
from dsdmsr.evaluation.ground_truth import TruthFile
from dsdmsr.evaluation.measure import Case, cases
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.metrics import (
    WITHIN_90,
    WITHIN_90_NOISY,
    ause,
    coverage,
    reliability,
    rounded_off,
    sparsification,
)
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL
from held_apart import RENDERED_SET, noisy, sets
from options import ROOT, add_data

RESULTS = ROOT / "benchmarks" / "results" / "confidence.json"
PLOT = ROOT / "docs" / "confidence.png"
SCALES = (4, 8)
MADE: tuple[tuple[Degradation, Degradation | None], ...] = (
    ("bicubic", "bicubic"),
    ("opencv_cubic", None),
)
"""How small maps are made, and what the network is told of it."""
NOISES = {0.0: (DEFAULT_MODEL, WITHIN_90), 0.02: (ROBUST_MODEL, WITHIN_90_NOISY)}
"""Noise as a share of the range → the network for it, and what 90 % should lie within."""


def errors(upscaler: Upscaler, case: Case, share: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the errors made and expected, what counts, and how much the answer varies.

    Args:
        upscaler: What makes maps larger.
        case: The map.
        share: The standard deviation of the noise that the small map gets, of its range.
    """
    small, _ = noisy(case.small[0], share)
    depth = DepthMap(small.values, small.valid, kind="disparity")
    large = upscaler(depth, errors=True)
    made, sure, target = (
        torch.from_numpy(np.asarray(x, np.float64))[None, None]
        for x in (large.values, large.error, case.target)
    )
    valid = torch.from_numpy(case.counted & large.valid)[None, None]
    spread = functional.max_pool2d(made, 5, 1, 2) + functional.max_pool2d(-made, 5, 1, 2)
    return made - target, sure, valid, spread


def measure(files: dict[str, list[TruthFile]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a row for each noise, making, factor and set; and the curves of rendered scenes."""
    rows: list[dict[str, Any]] = []
    curves: dict[str, Any] = {}
    for share, (made, told), scale in product(NOISES, MADE, SCALES):
        model, times = NOISES[share]
        protocol = dataclasses.replace(PROTOCOLS["a"], degradation=made)
        upscaler = Upscaler.from_pretrained(model, scale=scale, device="cpu", degradation=told)
        label = f"{share:.0%} noise, {made} ×{scale}"
        for name, some in track(files.items(), label):
            chosen = (next(cases(protocol, file, [scale])) for file in some)
            found = [(*errors(upscaler, case, share), case.rounding) for case in chosen]
            figures = [_figures(*each, times) for each in found]
            row = {"noise": share, "set": name, "maps": len(some), "scale": scale, "made": made}
            means = {k: statistics.fmean(one[k] for one in figures) for k in figures[0]}
            rows.append({**row, **means})
            if name == RENDERED_SET:
                flat = ([x.flatten() for x in each[:4]] for each in found)
                whole = (torch.cat(parts)[None, None, None] for parts in zip(*flat, strict=True))
                curves[label] = of_all(*whole)
    return rows, curves


def _figures(
    error: Tensor, expected: Tensor, valid: Tensor, spread: Tensor, rounding: float, times: float
) -> dict[str, float]:
    return {
        "coverage": float(coverage(error, rounded_off(expected, rounding), valid, times)),
        "within_90": within(0.9, error, expected, valid),
        "ause": float(ause(error, expected, valid)),
        "ause_of_spread": float(ause(error, spread, valid)),
    }


def within(share: float, error: Tensor, expected: Tensor, valid: Tensor) -> float:
    """Return within how many times the expected errors such a share of them lies."""
    times = (error.abs() / expected.clamp(min=1e-12))[valid]
    return float(np.quantile(times.numpy(), share))


def of_all(error: Tensor, expected: Tensor, valid: Tensor, spread: Tensor) -> dict[str, Any]:
    """Return the curves of all pixels."""
    wanted, found = reliability(error, expected, valid)
    return {
        "expected": wanted.tolist(),
        "made": found.tolist(),
        "sparsified": sparsification(error, expected, valid).tolist(),
        "by_spread": sparsification(error, spread, valid).tolist(),
        "at_best": sparsification(error, error.abs(), valid).tolist(),
    }


def draw(curves: dict[str, Any]) -> None:
    """Draw the curves."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for name, curve in curves.items():
        expected, made = (1000 * np.array(curve[key]) for key in ("expected", "made"))
        left.plot(expected, made, "o-", ms=4, label=name)
    ends = np.array(left.get_xlim())
    ends[0] = min(min(c["expected"]) for c in curves.values()) * 1000
    left.plot(ends, ends, "k:", lw=1)
    left.set(xscale="log", yscale="log", title="a twentieth of the pixels each")
    left.set(xlabel="mean error expected, mm", ylabel="mean error made, mm")
    name, curve = next(iter(curves.items()))
    removed = np.arange(len(curve["at_best"])) / len(curve["at_best"])
    for key, label, style in (
        ("by_spread", "by the range of the 5×5 around", "C7--"),
        ("sparsified", "by the error expected", "C0-"),
        ("at_best", "by the error made", "k:"),
    ):
        right.plot(removed, curve[key], style, label=label)
    right.set(title=f"{name}: the most doubtful left out", xlabel="share of the pixels left out")
    right.set(ylabel="mean error left, of that of all", ylim=(0, 1.02))
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(PLOT, dpi=80)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    with tempfile.TemporaryDirectory() as folder:
        rows, curves = measure(sets(parser.parse_args().data, Path(folder)))
    about = {**provenance(), "command": "python benchmarks/confidence.py"}
    write_json(RESULTS, {**about, "rows": rows, "rendered": curves})
    draw(curves)
    print(f"wrote {RESULTS} and {PLOT}")


if __name__ == "__main__":
    main()
