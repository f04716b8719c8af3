"""Hints at what a depth map may be besides what it was read as."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.geometry import centred_camera, ray_lengths
from dsdmsr.depth.map import DepthMap

__all__ = ["hints"]

_BUFFER_FROM = 0.9
"""Half of a depth buffer's values are above this; they grow with −1 / depth."""
_BACKGROUND_PIXELS = 50
_BACKGROUND_SHARE, _BACKGROUND_DEPTH, _BACKGROUND_GAP = 0.02, 2e-3, 0.3
"""Pixels that a background has at least, also as a share; its depth, relative to the farthest
value; and the gap before it, as a share of the range."""
_STEPS = 16
"""Steps across a map's width over which the bend of surfaces is measured: noise hardly counts."""
_FOCALS = (0.5, 0.6, 0.75, 0.87, 1.0, 1.2)
"""Focal lengths that are tried, in widths: views of 90 to 45 degrees."""
_SMOOTH, _PLACES = 0.02, 60
"""Bend, relative to inverse depth, of a surface at most; and how many places have to be on one."""
_FLATTEST = 0.3
"""Of these places, the share that counts: those on planes."""
_FLATTER = 2.5
"""How much flatter planes have to be for values to be distances along the ray: on 18 rendered maps
of ICL-NUIM and Taskonomy, 4.3 or more of such distances, 0.15 or less of depth."""


def hints(depth: DepthMap) -> list[str]:
    """Return in lines what a map of depth may be otherwise: for people, nothing is changed.

    A depth buffer as renderers have it, a flat background that no code marks, and distances along
    the ray: over surfaces, inverse depth has no second difference, since 1/z of a plane is linear
    in the pixel's place, whereas distances along the ray bulge.
    """
    values = depth.values[depth.valid]
    if depth.kind != "depth" or not values.size or values.min() == values.max():
        return []
    found = []
    if values.max() <= 1 and np.median(values) >= _BUFFER_FROM:
        found.append(
            "most values lie just below 1, as in a depth buffer: if it is one, depth is "
            "near·far / (far − value·(far − near))"
        )
    elif (line := _background(values)) is not None:
        found.append(line)
    if (focal := _focal_of_rays(depth)) is not None:
        found.append(
            f"surfaces are flatter if the values are distances along the ray, with a focal length "
            f"of about {focal:.2g} widths: --encoding hypersim reads metres so"
        )
    return found


def _background(values: NDArray[np.float32]) -> str | None:
    """Return a line on a flat background far behind all else, or None."""
    low, high = float(values.min()), float(values.max())
    far = values >= high * (1 - _BACKGROUND_DEPTH)
    share = float(far.mean())
    if not _BACKGROUND_SHARE <= share <= 1 - _BACKGROUND_SHARE or far.sum() < _BACKGROUND_PIXELS:
        return None
    before = float(values[~far].max())
    if high - before < _BACKGROUND_GAP * (high - low):
        return None
    return (
        f"{share:.0%} of the pixels lie at {high:.6g}, flat and far behind all others: if they are "
        f"a renderer's background, --invalid-above {before:.4g} leaves them out"
    )


def _focal_of_rays(depth: DepthMap) -> float | None:
    """Return the focal length, in widths, that values along the ray would have, or None."""
    height, width = depth.shape
    step = width // _STEPS
    if min(height, width) < 4 * step or not step:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(depth.valid & (depth.values > 0), 1 / depth.values, np.nan)
    bends = _bends(inverse, step)
    smooth = bends < _SMOOTH
    if smooth.sum() < _PLACES:
        return None

    def flatness(focal: float) -> float:
        lengths = ray_lengths(centred_camera(focal, depth.shape), depth.shape)
        return float(np.quantile(_bends(inverse * lengths, step)[smooth], _FLATTEST))

    flat = {focal: flatness(focal) for focal in _FOCALS}
    best = min(_FOCALS, key=flat.__getitem__)
    return best if flat[best] * _FLATTER < np.quantile(bends[smooth], _FLATTEST) else None


def _bends(inverse: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Return second differences of inverse depth along rows and columns, relative to it."""
    inside = slice(step, -step, max(1, step // 4))
    before, behind = slice(0, -2 * step, inside.step), slice(2 * step, None, inside.step)
    middle = inverse[inside, inside]
    along = (
        inverse[inside, before] + inverse[inside, behind],
        inverse[before, inside] + inverse[behind, inside],
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(np.stack([both - 2 * middle for both in along]) / middle)
