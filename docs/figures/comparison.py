"""A rendered scene, upscaled by bicubic resizing and by dsdmsr-base, for pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr import DepthMap, Upscaler
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.resample import resize

__all__ = ["SCALE", "bicubic", "comparison"]

SEED, SCALE = 9, 4


def bicubic(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a map upscaled by bicubic resizing."""
    lr_depth = torch.from_numpy(values.copy())[None, None].double()
    return np.asarray(resize(lr_depth, SCALE)[0, 0].float().numpy())


def comparison() -> tuple[DepthMap, dict[str, NDArray[np.float32]]]:
    """Return a low-resolution map, and name → its high-resolution ones."""
    hr_depth, lr_depth = render_sample(SEED)
    pred = Upscaler.from_pretrained(scale=SCALE, device="cpu")(lr_depth)
    return lr_depth, {
        "bicubic": bicubic(lr_depth.values),
        "dsdmsr-base": pred.values,
        "ground truth": hr_depth.values,
    }
