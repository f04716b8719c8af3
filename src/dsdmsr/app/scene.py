"""Depth maps in space as HTML files, for `dsdmsr cloud`."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from dsdmsr.app.html_files import colours, filled, packed
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.geometry import distances
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DepthError
from dsdmsr.pictures.relief import towards_viewer
from dsdmsr.pictures.value_scale import ValueScale

__all__ = ["MOST_PIXELS", "check_size", "scene_html"]

MOST_PIXELS = 2_100_000
"""Pixels of a map that browsers show, on phones too: 1920×1080 and some more."""


def check_size(depth: DepthMap) -> None:
    """Check that a map is small enough for an HTML file.

    Raises:
        DepthError: If it has more than `MOST_PIXELS`.
    """
    height, width = depth.shape
    if height * width > MOST_PIXELS:
        raise DepthError(
            f"{width}×{height} are {height * width:,} pixels: an HTML file takes up to "
            f"{MOST_PIXELS:,}; upscale less, or write a .ply file"
        )


def scene_html(
    title: str,
    depth: DepthMap,
    camera: Intrinsics,
    picture: NDArray[np.uint8] | None = None,
    *,
    steepest: float | None = None,
) -> str:
    """Return a page that shows a map's valid pixels as points or a surface in space.

    It holds the distances along the optical axis, bit by bit. Points and triangles, which would
    take up several times as much, it computes from these by the rules of `dsdmsr.depth.geometry`.

    Args:
        title: What the map is called.
        depth: The map; disparity needs its `stereo`.
        camera: The camera, of a picture of the map's size.
        picture: Colours, H×W×3; None for those of the map's preview.
        steepest: See `dsdmsr.depth.geometry.triangles`; None for points alone.

    Raises:
        DepthError: If the map is disparity without `stereo`, has no valid pixel, or is too large.
    """
    check_size(depth)
    distance, known = distances(depth)
    if not known.any():
        raise DepthError("no pixel is valid, so there are no points")
    scale = ValueScale.of(depth)
    assert scale is not None  # there are points
    of_values = np.asarray(scale.picture(depth.values, depth.valid)) if picture is None else picture
    scene = {
        "width": depth.shape[1],
        "camera": asdict(camera),
        "steepest": steepest,
        "unit": to_kind(depth, "depth").unit,
        "scale": _explained(scale) if picture is None else None,
    }
    files = {
        "distances": _packed_distances(np.where(known, distance, 0)),
        "colours": np.where(known[..., None], of_values, 0).astype(np.uint8).tobytes(),
    }
    return filled(
        "scene.html",
        texts={"title": title, "version": version("dsdmsr")},
        data={
            "facts": {"colours": colours()},
            "scene": scene,
            "files": {name: packed(content) for name, content in files.items()},
        },
    )


def _explained(scale: ValueScale) -> dict[str, object]:
    """Return a scale as the page's script takes it."""
    return {
        "low": scale.low,
        "high": scale.high,
        "below": scale.below,
        "above": scale.above,
        "reversed": towards_viewer(scale.kind) < 0,
        "meaning": scale.meaning,
    }


def _packed_distances(distance: NDArray[np.float64]) -> bytes:
    """Return float32 numbers in a form that compresses to two thirds.

    Their bits are taken for integers, of which differences from pixel to pixel are kept, signs in
    the lowest bit: the lowest bytes of all, then the second, and so on. `web/src/scene/data.ts`
    undoes it.
    """
    bits = distance.astype("<f4").ravel().view("<u4")
    steps = np.diff(bits, prepend=np.uint32(0)).view("<i4")
    signs_last = (steps << 1) ^ (steps >> 31)
    return signs_last.astype("<i4").view(np.uint8).reshape(-1, 4).T.tobytes()
