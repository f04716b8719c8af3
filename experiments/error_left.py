"""Errors of networks in training, on maps of the train/ folders."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from dsdmsr.degradation.degrade import degrade
from dsdmsr.degradation.resample import resize
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.metrics import rmse
from dsdmsr.nn import DSDMSR, Prediction
from dsdmsr.training.examples import normalise_crops
from dsdmsr.training.run_folder import WEIGHTS, stored_recipe
from dsdmsr.zoo.torch_networks import load_weights

__all__ = ["left_of_bicubic", "mean_errors", "trained"]

MAPS = {
    "Middlebury": ("middlebury/train/full/*.png", 256, (slice(150, 918), slice(200, 968))),
    "Sintel": ("sintel/train/df_[0-5]2.png", 64, (slice(0, 432), slice(0, 1024))),
}
"""Name → files, units a level, and the part that is used; no packaged network learns from them."""

GroundTruth = tuple[NDArray[np.float32], NDArray[np.bool_]]
"""A map in levels, its holes filled, and what is valid."""
Upscale = Callable[[torch.Tensor, int], torch.Tensor | Prediction]
"""A low-resolution map of 0…1 and a factor → the prediction."""


def ground_truths(data: Path, name: str) -> list[GroundTruth]:
    """Return a set's maps."""
    pattern, per_level, window = MAPS[name]
    maps = []
    for path in sorted(data.glob(pattern)):
        depth = np.asarray(Image.open(path))[window].astype(np.float32) / per_level
        valid = depth > 0 if name == "Middlebury" else np.ones(depth.shape, dtype=bool)
        maps.append((fill_nearest(depth, valid), valid))
    return maps


def trained(run_dir: Path) -> DSDMSR:
    """Return the network of a finished run."""
    model = DSDMSR(stored_recipe(run_dir).model).eval()
    model.load_state_dict(load_weights(run_dir / WEIGHTS))
    return model


@torch.inference_mode()
def error(upscale: Upscale, of: GroundTruth, scale: int) -> float:
    """Return the RMSE of a map downsampled by bicubic resizing and upscaled again."""
    values, valid = of
    hr_depth = torch.from_numpy(values)[None, None]
    lr_depth, _ = degrade(hr_depth, scale, "bicubic")
    low, span = normalise_crops(lr_depth, torch.ones_like(lr_depth, dtype=torch.bool))
    result = upscale((lr_depth - low) / span, scale)
    pred = (result.fused if isinstance(result, Prediction) else result) * span + low
    return float(rmse(pred, hr_depth, torch.from_numpy(valid)[None, None]))


def mean_errors(model: DSDMSR, data: Path, scales: Sequence[int]) -> dict[str, float]:
    """Return the mean error of each set and factor."""
    found = {}
    for name in MAPS:
        maps = ground_truths(data, name)
        for scale in scales:
            found[f"{name} ×{scale}"] = float(np.mean([error(model, of, scale) for of in maps]))
    return found


def left_of_bicubic(model: DSDMSR, data: Path, scales: Sequence[int]) -> dict[str, float]:
    """Return the geometric mean over each set's maps of the error over bicubic's."""
    found = {}
    for name in MAPS:
        maps = ground_truths(data, name)
        for scale in scales:
            ratios = [error(model, of, scale) / error(resize, of, scale) for of in maps]
            found[f"{name} ×{scale}"] = statistics.geometric_mean(ratios)
    return found
