"""The colours of depth in the documentation's pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["coloured", "tinted"]

ANCHORS = np.array(
    [
        [13, 22, 60],
        [48, 50, 130],
        [92, 72, 150],
        [160, 85, 130],
        [225, 110, 90],
        [250, 190, 95],
        [252, 250, 190],
    ],
    dtype=np.float64,
)
"""From dark to light, so that the order survives in grey: near is light."""


def tinted(share: NDArray[np.floating]) -> Image.Image:
    """Return shares 0…1 in colours."""
    at = np.linspace(0, 1, len(ANCHORS))
    channels = [np.interp(share, at, ANCHORS[:, c]) for c in range(3)]
    return Image.fromarray(np.stack(channels, -1).round().astype(np.uint8))


def coloured(depth: NDArray[np.floating], near: float, far: float) -> Image.Image:
    """Return a depth map in colours, by inverse depth."""
    return tinted(np.clip((1 / depth - 1 / far) / (1 / near - 1 / far), 0, 1))
