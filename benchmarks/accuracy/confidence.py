"""Expected errors beside those that are made, on real and rendered maps.

The degradation is antialiased bicubic interpolation, known, and OpenCV's cubic, blind; without
noise for dsdmsr-base, and with Gaussian noise of 2 % of the map's range for dsdmsr-robust. Plots
docs/confidence.png.
"""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

import dsdmsr
from benchmarks.common import plots
from benchmarks.common.held_out import RENDERED_SET, add_noise, some_of_each_set
from benchmarks.common.options import DOCS, with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr import DepthMap, Upscaler
from dsdmsr.depth.degradations import Degradation
from dsdmsr.evaluation.cases import Case, cases
from dsdmsr.evaluation.ground_truth import GroundTruthFile
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
from dsdmsr.upscaling.auto import DegradationChoice
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

PLOT = DOCS / "confidence.png"
SCALES = (4, 8)
DEGRADATIONS: tuple[tuple[Degradation, DegradationChoice], ...] = (
    ("bicubic", "bicubic"),
    ("opencv_cubic", "unknown"),
)
"""The degradation, and what the network knows of it."""
NOISES = {0.0: (DEFAULT_MODEL, WITHIN_90), 0.02: (ROBUST_MODEL, WITHIN_90_NOISY)}
"""Noise as a share of the range → the network for it, and what 90 % should lie within."""


class Errors(NamedTuple):
    """Errors of a prediction, 1 1 H W each, or flattened."""

    error: Tensor
    expected: Tensor
    valid: Tensor
    spread: Tensor
    """The range of the prediction in the 5×5 pixels around."""


def errors(upscaler: Upscaler, case: Case, noise: float) -> Errors:
    """Return the errors of a case, with noise of a share of its range."""
    low_res, _ = add_noise(case.low_res[0], noise)
    depth = upscaler(DepthMap(low_res.values, low_res.valid, kind="disparity"), errors=True)
    pred, expected, target = (
        torch.from_numpy(np.asarray(x, np.float64))[None, None]
        for x in (depth.values, depth.error, case.target)
    )
    valid = torch.from_numpy(case.counted & depth.valid)[None, None]
    spread = functional.max_pool2d(pred, 5, 1, 2) + functional.max_pool2d(-pred, 5, 1, 2)
    return Errors(pred - target, expected, valid, spread)


def measure(files: dict[str, list[GroundTruthFile]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a row for each noise, degradation, factor and set; and the rendered scenes' curves."""
    rows: list[dict[str, Any]] = []
    curves: dict[str, Any] = {}
    for noise, (degradation, known), scale in product(NOISES, DEGRADATIONS, SCALES):
        model, factor = NOISES[noise]
        protocol = dataclasses.replace(PROTOCOLS["a"], degradation=degradation)
        upscaler = Upscaler.from_pretrained(model, scale=scale, device="cpu", degradation=known)
        label = f"{noise:.0%} noise, {degradation} ×{scale}"
        for name, some in track(files.items(), label):
            chosen = [next(cases(protocol, file, [scale])) for file in some]
            each = [errors(upscaler, case, noise) for case in chosen]
            scores = [
                score(one, case.rounding, factor) for one, case in zip(each, chosen, strict=True)
            ]
            about = {"noise": noise, "set": name, "maps": len(some), "scale": scale}
            means = {key: statistics.fmean(one[key] for one in scores) for key in scores[0]}
            rows.append({**about, "degradation": degradation, **means})
            if name == RENDERED_SET:
                flat = (torch.cat([x.flatten() for x in part]) for part in zip(*each, strict=True))
                curves[label] = curves_of(Errors(*(x[None, None, None] for x in flat)))
    return rows, curves


def score(of: Errors, rounding: float, factor: float) -> dict[str, float]:
    """Return the metrics of expected errors on one map."""
    rounded = rounded_off(of.expected, rounding)
    return {
        "coverage": float(coverage(of.error, rounded, of.valid, factor)),
        "within_90": within(0.9, of),
        "ause": float(ause(of.error, of.expected, of.valid)),
        "ause_of_spread": float(ause(of.error, of.spread, of.valid)),
    }


def within(share: float, of: Errors) -> float:
    """Return within how many times the expected errors a share of the errors lies."""
    ratios = (of.error.abs() / of.expected.clamp(min=1e-12))[of.valid]
    return float(np.quantile(ratios.numpy(), share))


def curves_of(of: Errors) -> dict[str, Any]:
    """Return the reliability and sparsification curves of all pixels."""
    expected, error = reliability(of.error, of.expected, of.valid)
    return {
        "expected": expected.tolist(),
        "error": error.tolist(),
        "sparsified": sparsification(of.error, of.expected, of.valid).tolist(),
        "by_spread": sparsification(of.error, of.spread, of.valid).tolist(),
        "at_best": sparsification(of.error, of.error.abs(), of.valid).tolist(),
    }


def table(results: dict[str, Any]) -> str:
    """Return how well expected errors describe those that are made."""
    rows = [
        [
            f"{row['noise']:.0%}",
            row["set"],
            str(row["maps"]),
            row["degradation"].replace("_", " "),
            f"×{row['scale']}",
            f"{row['coverage']:.1%}",
            f"{row['within_90']:.2f}",
            f"{row['ause']:.3f}",
            f"{row['ause_of_spread']:.3f}",
        ]
        for row in results["rows"]
    ]
    head = ["noise", "set", "maps", "degradation", "factor", "coverage", "90 % within", "AUSE"]
    return sourced_table(results, [*head, "by range"], rows, names=5)


def plot(curves: dict[str, Any]) -> None:
    """Plot the curves: reliability on the left, sparsification of the first on the right."""
    figure, (left, right) = plots.pyplot().subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for name, curve in curves.items():
        expected, error = (1000 * np.array(curve[key]) for key in ("expected", "error"))
        left.plot(expected, error, "o-", ms=4, label=name)
    ends = np.array(left.get_xlim())
    ends[0] = min(min(curve["expected"]) for curve in curves.values()) * 1000
    left.plot(ends, ends, "k:", lw=1)
    left.set(xscale="log", yscale="log", title="a twentieth of the pixels each")
    left.set(xlabel="mean expected error, mm", ylabel="mean error, mm")
    name, curve = next(iter(curves.items()))
    removed = np.arange(len(curve["at_best"])) / len(curve["at_best"])
    for key, label, style in (
        ("by_spread", "by the range of the 5×5 around", "C7--"),
        ("sparsified", "by the expected error", "C0-"),
        ("at_best", "by the error", "k:"),
    ):
        right.plot(removed, curve[key], style, label=label)
    right.set(title=f"{name}: the least certain pixels removed", xlabel="share of pixels removed")
    right.set(ylabel="mean error left, of that of all", ylim=(0, 1.02))
    for axis in (left, right):
        axis.grid(alpha=0.3)
        axis.legend()
    plots.save(figure, PLOT)


def main() -> None:
    given = with_data(__doc__).parse_args()
    dsdmsr.keep_memory()
    with tempfile.TemporaryDirectory() as folder:
        rows, curves = measure(some_of_each_set(given.data, Path(folder)))
    content = {"rows": rows, "rendered": curves}
    networks = [model for model, _ in NOISES.values()]
    save_results("confidence", "python -m benchmarks confidence", content, networks)
    plot(curves)
