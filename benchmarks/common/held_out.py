"""Maps that no packaged network is trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dsdmsr import write_depth
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.sensors import add_gaussian_noise
from dsdmsr.evaluation.ground_truth import GroundTruthFile, own_ground_truth
from dsdmsr.evaluation.methods import LowRes

__all__ = [
    "RENDERED_SEEDS",
    "RENDERED_SET",
    "add_noise",
    "exact_scenes",
    "some_of_each_set",
    "train_sets",
]

TRAIN = {
    "Middlebury train/": ("middlebury/train/full/*.png", "disparity16"),
    "Middlebury train/, a third": ("middlebury/train/third_original/*1.png", "levels"),
    "Sintel train/": ("sintel/train/df_?[05].png", None),
    "ICL-NUIM train/": ("icl_nuim/train/livingroom*.png", None),
}
"""Name → files, and what their numbers mean."""
RENDERED_SET = "rendered scenes"
RENDERED_SEEDS = range(100, 112)
MAPS_PER_SET = 6


def train_sets(data: Path) -> dict[str, list[GroundTruthFile]]:
    """Return set → the maps of the train/ folders, which are for such measurements alone."""
    return {
        name: own_ground_truth(sorted(data.glob(pattern)), encoding)
        for name, (pattern, encoding) in TRAIN.items()
    }


def some_of_each_set(data: Path, folder: Path) -> dict[str, list[GroundTruthFile]]:
    """Return set → maps, evenly chosen; and rendered scenes, which are written to a folder."""
    sets = {
        name: files[:: max(1, len(files) // MAPS_PER_SET)][:MAPS_PER_SET]
        for name, files in train_sets(data).items()
    }
    for seed in RENDERED_SEEDS:
        # In millimetres, as such maps are usually kept.
        write_depth(folder / f"{seed}.png", render_sample(seed)[0])
    return {**sets, RENDERED_SET: own_ground_truth(sorted(folder.glob("*.png")), "mm")}


def exact_scenes(folder: Path) -> list[Path]:
    """Write the rendered scenes to a folder, in metres and not rounded; return the files."""
    for seed in RENDERED_SEEDS:
        np.save(folder / f"{seed}.npy", render_sample(seed)[0].values)
    return sorted(folder.glob("*.npy"))


def add_noise(low_res: LowRes, share: float) -> tuple[LowRes, float]:
    """Return a low-resolution map with noise of a share of its range, and that range."""
    span = float(np.ptp(low_res.values[low_res.valid])) or 1.0
    values = torch.from_numpy(low_res.values)[None, None]
    noisy = add_gaussian_noise(values, torch.Generator().manual_seed(0), share * span)
    return low_res._replace(values=noisy[0, 0].numpy()), span
