"""Colour scales, and pictures of maps and errors in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

__all__ = ["EVEN", "GREYS", "HEAT", "INVALID", "NEARNESS", "coloured", "nearness"]

_STEPS, _ROUNDED_STEPS = 255, 2
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""From linear sRGB to the response of cones, and from its cube root to Oklab (Ottosson: "A
perceptual color space for image processing", 2020, in its version of 2021)."""


def _scale(anchors: ArrayLike) -> NDArray[np.float64]:
    """Return colours interpolated between evenly spaced anchors, `_STEPS`×3."""
    stops = np.asarray(anchors, np.float64)
    at, places = np.linspace(0, 1, _STEPS), np.linspace(0, 1, len(stops))
    return np.stack([np.interp(at, places, channel) for channel in stops.T], axis=1)


def _evenly_spaced(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the colours of a scale at equal distances in Oklab."""
    light = colours / 255
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(light @ _TO_CONES.T) @ _TO_OKLAB.T
    # Colours are rounded: what looks different is measured over several steps.
    away = np.linalg.norm(np.diff(lab[::_ROUNDED_STEPS], axis=0), axis=1)
    places = np.interp(
        np.linspace(0, 1, len(colours)),
        np.append(0, np.cumsum(away)) / away.sum(),
        np.arange(0, len(colours), _ROUNDED_STEPS),
    )
    even = [np.interp(places, np.arange(len(colours)), channel) for channel in colours.T]
    return np.round(np.stack(even, axis=1)).astype(np.uint8)


GREYS = np.round(_scale([[0, 0, 0], [255, 255, 255]])).astype(np.uint8)
"""Black to white."""
HEAT = _scale(
    [[255, 255, 255], [255, 214, 150], [240, 120, 60], [170, 20, 60], [40, 0, 40]]
).astype(np.uint8)
"""From no error to the largest, lightness falling all the way."""
NEARNESS = np.round(
    _scale(
        [
            [13, 22, 60],
            [48, 50, 130],
            [92, 72, 150],
            [160, 85, 130],
            [225, 110, 90],
            [250, 190, 95],
            [252, 250, 190],
        ]
    )
).astype(np.uint8)
"""From far to near, lightness rising all the way, so that its order is kept in grey."""
EVEN = _evenly_spaced(NEARNESS)
"""The same colours, spaced so that equal steps look equally large."""
INVALID = (190, 205, 225)
"""Of invalid pixels."""


def nearness(depth: NDArray[np.floating], near: float, far: float) -> NDArray[np.floating]:
    """Return depth as a share: 0 at `far`, 1 at `near`, even in inverse depth; for `NEARNESS`.

    Args:
        depth: Depths above 0.
        near: The depth of share 1.
        far: The depth of share 0.
    """
    return np.clip((1 / depth - 1 / far) / (1 / near - 1 / far), 0, 1)


def coloured(
    share: NDArray[np.floating],
    colours: NDArray[np.uint8],
    valid: NDArray[np.bool_] | None = None,
) -> Image.Image:
    """Return shares as a palette picture, invalid pixels in a colour of their own.

    Args:
        share: 0…1, H×W; what lies beyond is clipped, NaN is invalid.
        colours: The colour scale, at most 255 × RGB.
        valid: Which pixels are valid, H×W. Default: all.
    """
    last, usable = len(colours) - 1, ~np.isnan(share)
    if valid is not None:
        usable &= valid
    share = np.where(usable, share, 0)
    index = np.where(usable, np.round(np.clip(share, 0, 1) * last), last + 1).astype(np.uint8)
    picture = Image.fromarray(index)
    picture.putpalette([*colours.flatten().tolist(), *INVALID])
    return picture
