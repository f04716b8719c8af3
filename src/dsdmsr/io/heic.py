"""Depth in HEIC photos, such as an iPhone's portraits; needs pillow-heif.

Sources: ISO/IEC 23008-12, section 6.5.8 (auxiliary images), and the XMP that Apple's Image I/O
attaches to them (namespace ``http://ns.apple.com/pixeldatainfo/1.0/``): ``AuxiliaryImageType``, and
the floats ``FloatMinValue`` and ``FloatMaxValue`` that the whole numbers ``IntMinValue`` (0) and
``IntMaxValue`` (255) stand for. Apple's disparity is inverse depth: per metre, where its
``Accuracy`` is absolute.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_line
from dsdmsr.io.heif_boxes import heif_items
from dsdmsr.io.stored import Stored
from dsdmsr.io.xmp import parse_xmp, xmp_properties

__all__ = ["read_heic"]

_PIXELS = "http://ns.apple.com/pixeldatainfo/1.0/"
_DEPTH_DATA = "http://ns.apple.com/depthData/1.0/"
_WHOLE = (("Min", 0), ("Max", 255))
"""The ends of the whole numbers, and what they are if nothing is said."""


def read_heic(path: Path) -> Stored:
    """Return the depth or the inverse depth of a photo, float32.

    Raises:
        FileError: If the file is damaged, or has no image of depth.
    """
    import pillow_heif

    content = path.read_bytes()
    try:
        photo = pillow_heif.open_heif(content, convert_hdr_to_8bit=False, hdr_to_16bit=False)
        images = [image for image in photo.info["depth_images"] if image is not None]
        levels = np.asarray(images[0]) if images else None
        xmp = heif_items(content).xmp_of_depth()
    except Exception as error:  # pillow-heif lets through whatever libheif raises
        summary = single_line(error) or type(error).__name__
        raise FileError(f"{path} is damaged, or no HEIF that can be read: {summary}") from error
    if levels is None:
        raise FileError(f"{path} is a photo without depth: give a portrait, or a depth file")
    if levels.ndim != 2 or levels.dtype.kind != "u":
        raise FileError(f"{path} has depth of {levels.ndim} dimensions, {levels.dtype.name}")
    if xmp is None:
        return _relative(levels)
    try:
        return _from_xmp(levels, xmp)
    except ValueError as error:
        raise FileError(f"{path} is damaged, or of a kind that is not known: {error}") from error


def _from_xmp(levels: NDArray[Any], xmp: bytes) -> Stored:
    """Return what whole numbers mean by Apple's XMP."""
    root = parse_xmp(xmp)
    pixels, data = xmp_properties(root, _PIXELS), xmp_properties(root, _DEPTH_DATA)
    kind = pixels.get("AuxiliaryImageType", "disparity")
    if kind not in ("depth", "disparity"):
        raise ValueError(f"its auxiliary image is {kind}: depth and disparity are known")
    if "FloatMinValue" not in pixels or "FloatMaxValue" not in pixels:
        return _relative(levels)
    least, most = float(pixels["FloatMinValue"]), float(pixels["FloatMaxValue"])
    whole = [float(pixels.get(f"Int{end}Value", fallback)) for end, fallback in _WHOLE]
    accuracy = data.get("Accuracy", "absolute" if kind == "depth" else "relative")
    values = _scaled(levels, whole[0], whole[1], least, most)
    return _stored(values, kind, metric=accuracy == "absolute")


def _relative(levels: NDArray[Any]) -> Stored:
    """Return whole numbers as what most phones write that say nothing of them."""
    return Stored(
        numbers=levels,
        encoding="relative" if levels.dtype == np.uint8 else "relative16",
        notes=("it has no range of values: its grey levels are taken for relative inverse depth",),
    )


def _scaled(
    levels: NDArray[Any], low: float, high: float, least: float, most: float
) -> NDArray[np.float32]:
    """Return whole numbers from `low` to `high` as floats from `least` to `most`."""
    if not (math.isfinite(high - low) and math.isfinite(most - least)):
        raise ValueError("its range is not finite")
    if low >= high or least >= most or levels.max() > high or levels.min() < low:
        raise ValueError(
            f"its range is {least:g} to {most:g} for {low:g} to {high:g}, and its numbers are "
            f"{levels.min()} to {levels.max()}"
        )
    share = (levels.astype(np.float64) - low) / (high - low)
    return np.asarray(least + share * (most - least), np.float32)


def _stored(values: NDArray[np.float32], kind: str, *, metric: bool) -> Stored:
    if kind == "depth" and values.min() < 0:
        raise ValueError(f"its least depth is {values.min():g}")
    name, unit = ("depth", "in metres") if kind == "depth" else ("inverse depth", "per metre")
    encoding = Encoding(
        meaning=f"float {name}, {unit if metric else 'relative'}, as the photo says",
        kind="depth" if kind == "depth" else "inverse_depth",
        unit="m" if metric else None,
        invalid=math.nan,
        zero_is_value=True,
    )
    return Stored(numbers=values, encoding=encoding)
