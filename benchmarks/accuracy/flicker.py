"""Flicker along a slowly moving camera, frame by frame and with the temporal filter.

Rendered scenes, whose camera moves a little from frame to frame, are downsampled by bicubic
resizing and upscaled by networks that know this degradation: clean ones by dsdmsr-base, and ones
with Gaussian noise of 2 % of the range by dsdmsr-robust. Flicker is the mean absolute difference
between the predicted and the true change from one frame to the next, where the true one is below
2 % of the range, so that a pixel shows the same surface (temporal end-point error, Li et al.:
"Temporally consistent online depth estimation in dynamic scenes", WACV 2023).
"""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

import dsdmsr
from benchmarks.common.options import options
from benchmarks.common.results import change, save_results, sourced_table
from benchmarks.common.sequences import SAME_SURFACE, RenderedSequence, flicker_errors
from dsdmsr import DepthMap, TemporalFilter, Upscaler
from dsdmsr.data.scenes.scenery import SceneryConfig
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

SEED = 5000
SIZE, SCALE = (384, 512), 4
SCENES = SceneryConfig(things=(8, 14), radius=(12, 200), window=(1, 3), depth=0)
STEP = 0.004
"""How far the camera moves, as a share of the background's distance: a fraction of a
low-resolution pixel, or a few pixels near by."""
FURTHEST = 2.0
NOISE = 0.02
Frames = NDArray[np.float64]


def rendered(number: int, frames: int) -> torch.Tensor:
    """Return the frames of a scene, f 1 h w."""
    sequence = RenderedSequence.sample(np.random.default_rng([SEED, number]), SIZE, SCENES, STEP)
    return sequence.render(SIZE, frames).clamp(max=FURTHEST)


def figures(pred: Frames, target: Frames, span: float) -> dict[str, float]:
    """Return RMSE and flicker of frames f h w, as shares of the range."""
    errors, same = flicker_errors(pred, target, SAME_SURFACE * span)
    rmse = np.sqrt(np.mean((pred - target) ** 2, axis=(1, 2)))
    return {"rmse": float(rmse.mean()) / span, "flicker": float(errors[same].mean()) / span}


def measure(upscaler: Upscaler, scenes: int, frames: int, noise: float) -> dict[str, Any]:
    """Return the means over scenes, frame by frame and with the filter."""
    scores: dict[str, list[dict[str, float]]] = {"frame by frame": [], "temporal": []}
    for number in track(range(scenes), f"noise {noise:g}"):
        target = rendered(number, frames)
        lr_depth = degrade(target, SCALE)[0][:, 0].numpy()
        span = float(np.ptp(lr_depth))
        rng = np.random.default_rng(number)
        lr_depth = lr_depth + noise * span * rng.normal(size=lr_depth.shape)
        temporal_filter = TemporalFilter()
        preds: dict[str, list[NDArray[np.floating]]] = {way: [] for way in scores}
        for values in lr_depth:
            depth = DepthMap(values)
            noisy = looks_noisy(depth.values, depth.valid)
            pred = upscaler(depth, errors=True)
            preds["frame by frame"].append(pred.values)
            preds["temporal"].append(temporal_filter(pred, noisy=noisy).values)
        for way, each in preds.items():
            video = np.stack(each).astype(np.float64)
            scores[way].append(figures(video, target[:, 0].numpy(), span))
    return {
        way: {key: statistics.fmean(one[key] for one in each) for key in each[0]}
        for way, each in scores.items()
    }


def table(results: dict[str, Any]) -> str:
    """Return flicker and errors, frame by frame and with the filter."""
    rows = []
    for row in results["rows"]:
        plain, steady = row["frame by frame"], row["temporal"]
        cells = [f"{row['noise']:.0%}", row["model"]]
        for key in ("flicker", "rmse"):
            cells += [f"{plain[key]:.3%}", f"{steady[key]:.3%}", change(plain[key], steady[key])]
        rows.append(cells)
    head = ["noise", "network", "flicker", "with --temporal", "", "RMSE", "with --temporal", ""]
    return sourced_table(results, head, rows, names=2)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument("--frames", type=int, default=12)
    given = parser.parse_args()
    dsdmsr.keep_memory()
    rows = []
    for noise, model in ((0.0, DEFAULT_MODEL), (NOISE, ROBUST_MODEL)):
        upscaler = Upscaler.from_pretrained(model, scale=SCALE, device="cpu", degradation="bicubic")
        scores = measure(upscaler, given.scenes, given.frames, noise)
        rows.append({"noise": noise, "model": model, **scores})
    command = f"python -m benchmarks flicker --scenes {given.scenes} --frames {given.frames}"
    content = {"scale": SCALE, "rows": rows}
    save_results("flicker", command, content, [DEFAULT_MODEL, ROBUST_MODEL])
