"""The colours of depth in the documentation's pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dsdmsr.pictures.colours import NEARNESS, nearness
from dsdmsr.pictures.colours import coloured as palette_picture

__all__ = ["coloured", "tinted"]


def tinted(share: NDArray[np.floating]) -> Image.Image:
    """Return shares 0…1 in colours: near is light."""
    return palette_picture(share, NEARNESS).convert("RGB")


def coloured(depth: NDArray[np.floating], near: float, far: float) -> Image.Image:
    """Return a depth map in colours, by inverse depth."""
    return tinted(nearness(depth, near, far))
