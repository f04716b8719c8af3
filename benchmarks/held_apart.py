"""Maps that no network of ours is trained on, for the benchmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dsdmsr import write_depth
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.sensors import add_gaussian_noise
from dsdmsr.evaluation.ground_truth import TruthFile, own_truths
from dsdmsr.evaluation.methods import Small

TRAIN = {
    "Middlebury train/": ("middlebury/train/full/*.png", "disparity16"),
    "Middlebury train/, a third": ("middlebury/train/third_original/*1.png", "levels"),
    "Sintel train/": ("sintel/train/df_?[05].png", None),
    "ICL-NUIM train/": ("icl_nuim/train/livingroom*.png", None),
}
"""Name → files, and what their numbers mean."""
RENDERED = range(100, 112)
"""Seeds of rendered scenes."""
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


def noisy(small: Small, share: float) -> tuple[Small, float]:
    """Return the map with noise, and its range."""
    span = float(np.ptp(small.values[small.valid])) or 1.0
    values = torch.from_numpy(small.values)[None, None]
    made = add_gaussian_noise(values, torch.Generator().manual_seed(0), share * span)
    return small._replace(values=made[0, 0].numpy()), span
