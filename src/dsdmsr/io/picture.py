"""Pictures that show what a depth map shows, in colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dsdmsr.errors import FileError

__all__ = ["read_picture"]

_SAME_VIEW = 0.01
"""The share by which a picture's ratio of width to height may differ from the map's."""


def read_picture(path: Path, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture's colours, resampled to the size of a map of the same view, H×W×3.

    Args:
        path: A picture of 8 bits per channel that Pillow reads, such as JPEG or PNG.
        shape: Height and width of the map.

    Raises:
        FileError: If it cannot be read, has more than 8 bits, or is of another shape.
    """
    height, width = shape
    try:
        with Image.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise FileError(f"{path} has more than 8 bits per channel: give a colour picture")
            columns, rows = picture.size
            if abs(columns * height - rows * width) > _SAME_VIEW * columns * height:
                raise FileError(
                    f"{path} is {columns}×{rows}, which is no view of a map of {width}×{height}: "
                    "give a picture of the same width to height"
                )
            colours = picture.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileError(f"{path} cannot be read as a picture: {error}") from error
    return np.asarray(colours)
