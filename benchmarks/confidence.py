"""Measure how well expected errors describe those that are made, on real and rendered maps.

python benchmarks/confidence.py [--data DIR]

Small maps are made by antialiased bicubic interpolation, of which the network is told, and by
OpenCV's cubic, of which it isn't. Writes benchmarks/results/confidence.json and
docs/confidence.png.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr import DepthMap, Upscaler, write_depth
from dsdmsr.app.sample import render_sample
from dsdmsr.degradation import Degradation
from dsdmsr.evaluation.evaluate import Case, cases
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.truths import TruthFile, own_truths
from dsdmsr.metrics import ause, coverage, reliability, rounded_off, sparsification
from dsdmsr.provenance import provenance, write_json
from edges import RENDERED, TRAIN
from options import ROOT, add_data

RESULTS = ROOT / "benchmarks" / "results" / "confidence.json"
PLOT = ROOT / "docs" / "confidence.png"
SCALES = (4, 8)
MADE: tuple[tuple[Degradation, Degradation | None], ...] = (
    ("bicubic", "bicubic"),
    ("opencv_cubic", None),
)
"""How small maps are made, and what the network is told of it."""
MOST = 6
"""Maps of a set."""
RENDERED_SET = "rendered scenes"


def sets(data: Path, rendered: Path) -> dict[str, list[TruthFile]]:
    """Return name → maps, evenly chosen."""
    found: dict[str, list[TruthFile]] = {}
    for name, (pattern, encoding) in TRAIN.items():
        files = sorted(data.glob(pattern))
        some = files[:: max(1, len(files) // MOST)][:MOST]
        found[name] = own_truths(some, encoding)
    for seed in RENDERED:
        # In millimetres, as such maps are kept.
        write_depth(rendered / f"{seed}.png", render_sample(seed)[0])
    found[RENDERED_SET] = own_truths(sorted(rendered.glob("*.png")), "mm")
    return found


def errors(upscaler: Upscaler, case: Case) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the errors made and expected, what counts, and how much the answer varies."""
    small = case.small[0]
    large, expected = upscaler.with_errors(DepthMap(small.values, small.valid, kind="disparity"))
    made, sure, target = (
        torch.from_numpy(np.asarray(x, np.float64))[None, None]
        for x in (large.values, expected, case.target)
    )
    valid = torch.from_numpy(case.counted & large.valid)[None, None]
    spread = functional.max_pool2d(made, 5, 1, 2) + functional.max_pool2d(-made, 5, 1, 2)
    return made - target, sure, valid, spread


def measure(files: dict[str, list[TruthFile]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a row for each set, factor and making; and the curves of rendered scenes."""
    held: dict[tuple[str, int, str], list[dict[str, float]]] = defaultdict(list)
    curves: dict[str, Any] = {}
    for made, told in MADE:
        protocol = dataclasses.replace(PROTOCOLS["a"], degradation=made)
        for scale in SCALES:
            upscaler = Upscaler.from_pretrained(scale=scale, device="cpu", degradation=told)
            drawn: list[list[Tensor]] = []
            for name, some in track(files.items(), f"{made} ×{scale}"):
                for file in some:
                    (case,) = cases(protocol, file, [scale])
                    error, expected, valid, spread = errors(upscaler, case)
                    held[name, scale, made].append(
                        {
                            "coverage": float(
                                coverage(error, rounded_off(expected, case.rounding), valid)
                            ),
                            "within_90": within(0.9, error, expected, valid),
                            "ause": float(ause(error, expected, valid)),
                            "ause_of_spread": float(ause(error, spread, valid)),
                        }
                    )
                    if name == RENDERED_SET:
                        drawn.append([x.flatten() for x in (error, expected, valid, spread)])
            whole = [torch.cat(parts)[None, None, None] for parts in zip(*drawn, strict=True)]
            curves[f"{made} ×{scale}"] = of_all(*whole)
    rows = [
        {
            "set": name,
            "maps": len(each),
            "scale": scale,
            "made": made,
            **{key: statistics.fmean(one[key] for one in each) for key in each[0]},
        }
        for (name, scale, made), each in held.items()
    ]
    return rows, curves


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
