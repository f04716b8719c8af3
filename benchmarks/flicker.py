"""Measure flicker along a slowly moving camera, frame by frame and with the temporal filter.

python benchmarks/flicker.py [--scenes 6] [--frames 12]

Rendered scenes, whose camera moves a little from frame to frame, are made small by bicubic
resizing, and made larger again, by networks that are told so: clean ones by dsdmsr-base, and ones
with Gaussian noise of 2 % of the range by dsdmsr-robust. Flicker is the mean absolute difference
between the predicted and the true change from one frame to the next, where the true one is below
2 % of the range, so that a pixel shows the same surface (temporal end-point error, Li et al.:
"Temporally consistent online depth estimation in dynamic scenes", WACV 2023). Writes
benchmarks/results/flicker.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr import DepthMap, TemporalFilter, Upscaler
from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.scenes.raycast import ray_cast
from dsdmsr.data.scenes.scenery import SceneryConfig, furnish
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL
from options import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "flicker.json"
SEED = 5000
SIZE, SCALE = (384, 512), 4
SCENES = SceneryConfig(things=(8, 14), radius=(12, 200), window=(1, 3), depth=0)
STEP = 0.004
"""How far the camera moves, as a share of the background's distance: a fraction of a pixel of the
small map, or a few pixels near by."""
FURTHEST = 2.0
SAME_SURFACE = 0.02
"""Greatest true change, as a share of the range."""
NOISE = 0.02
Frames = NDArray[np.float64]


def rendered(number: int, frames: int) -> torch.Tensor:
    """Return the frames of a scene, f 1 h w."""
    rng = np.random.default_rng([SEED, number])
    solids, camera = furnish(rng, SIZE, SCENES)
    step = rng.normal(size=3)
    step *= STEP / np.linalg.norm(step)
    seen = [
        ray_cast([(solids, dataclasses.replace(camera, position=k * step))], SIZE)
        for k in range(frames)
    ]
    return torch.cat(seen).clamp(max=FURTHEST)


def figures(made: Frames, truth: Frames, span: float) -> dict[str, float]:
    """Return RMSE and flicker of frames f h w, as shares of the range."""
    change, true_change = np.diff(made, axis=0), np.diff(truth, axis=0)
    same = np.abs(true_change) < SAME_SURFACE * span
    rmse = np.sqrt(np.mean((made - truth) ** 2, axis=(1, 2)))
    return {
        "rmse": float(rmse.mean()) / span,
        "flicker": float(np.abs(change - true_change)[same].mean()) / span,
    }


def measure(upscaler: Upscaler, scenes: int, frames: int, noise: float) -> dict[str, Any]:
    """Return the means over scenes of the figures of both ways."""
    found: dict[str, list[dict[str, float]]] = {"frame by frame": [], "temporal": []}
    for number in track(range(scenes), f"noise {noise:g}"):
        truth = rendered(number, frames)
        small = degrade(truth, SCALE)[0][:, 0].numpy()
        span = float(np.ptp(small))
        small = small + noise * span * np.random.default_rng(number).normal(size=small.shape)
        steady = TemporalFilter()
        made: dict[str, list[NDArray[np.floating]]] = {way: [] for way in found}
        for values in small:
            depth = DepthMap(values)
            large = upscaler(depth, errors=True)
            noisy = looks_noisy(depth.values, depth.valid)
            made["frame by frame"].append(large.values)
            made["temporal"].append(steady(large, noisy=noisy).values)
        for way, each in made.items():
            whole = np.stack(each).astype(np.float64)
            found[way].append(figures(whole, truth[:, 0].numpy(), span))
    return {
        way: {key: statistics.fmean(one[key] for one in each) for key in each[0]}
        for way, each in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument("--frames", type=int, default=12)
    given = parser.parse_args()
    rows = []
    for noise, model in ((0.0, DEFAULT_MODEL), (NOISE, ROBUST_MODEL)):
        upscaler = Upscaler.from_pretrained(model, scale=SCALE, device="cpu", degradation="bicubic")
        of = measure(upscaler, given.scenes, given.frames, noise)
        rows.append({"noise": noise, "model": model, **of})
    command = f"python benchmarks/flicker.py --scenes {given.scenes} --frames {given.frames}"
    write_json(RESULTS, {**provenance(), "command": command, "scale": SCALE, "rows": rows})
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
