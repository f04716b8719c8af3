"""Phones.

Sources: Apple's Image I/O and ISO/IEC 23008-12; Google's "Depth Map Metadata" and "Dynamic Depth".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.source_files.photos import (
    FAR,
    NEAR,
    appended_depth,
    dynamic_depth,
    gdepth,
    xmp_depth,
)
from tools.source_files.portraits import portrait
from tools.source_files.source import NONE, Content, Source, metres

__all__ = ["PHONES"]


def _content(numbers: NDArray[Any], values: NDArray[Any]) -> Content:
    return Content(numbers=numbers, values=values, valid=np.ones(numbers.shape, np.bool_))


def _range_inverse() -> Content:
    """Return 8-bit levels, and the depth of "RangeInverse"."""
    share = FAR * (metres() - NEAR) / (metres() * (FAR - NEAR))
    numbers = np.round(share * 255).astype(np.uint8)
    return _content(numbers, FAR * NEAR / (FAR - numbers / 255 * (FAR - NEAR)))


def _range_linear() -> Content:
    """Return 16-bit levels, and the depth of "RangeLinear"."""
    numbers = np.round((metres() - NEAR) / (FAR - NEAR) * 65535).astype(np.uint16)
    return _content(numbers, NEAR + numbers / 65535 * (FAR - NEAR))


def _disparity() -> Content:
    """Return 8-bit levels of Apple's absolute disparity, 0.25 to 2.5 per metre."""
    numbers = np.round((1 / metres() - 0.25) / 2.25 * 255).clip(0, 255).astype(np.uint8)
    return _content(numbers, 0.25 + numbers / 255 * 2.25)


def _portrait(path: Path, numbers: NDArray[Any]) -> None:
    portrait(path, levels=numbers)


def _given(path: Path) -> NDArray[Any]:
    """Return what `_portrait` was given: nothing else that is light decodes HEVC."""
    return np.asarray(_disparity().values, np.float32)


PHONES = (
    Source(
        name="iPhone, portrait",
        file="IMG_0001.HEIC",
        content=_disparity(),
        write=_portrait,
        library=NONE,
        read=_given,
        encoding="inverse depth, per metre, as the photo says",
        said=True,
        kind="inverse_depth",
    ),
    Source(
        name="Android, GDepth",
        file="IMG_0001_PORTRAIT.jpg",
        content=_range_inverse(),
        write=gdepth,
        library="imagecodecs",
        read=xmp_depth,
        encoding="depth in metres, of RangeInverse as the photo says",
        said=True,
    ),
    Source(
        name="Android, Dynamic Depth",
        file="IMG_0002.jpg",
        content=_range_linear(),
        write=dynamic_depth,
        library="imagecodecs",
        read=appended_depth,
        encoding="depth in metres, of RangeLinear as the photo says",
        said=True,
    ),
)
