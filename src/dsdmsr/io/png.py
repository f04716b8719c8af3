"""Grey PNG files of 8 or 16 bits."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dsdmsr.errors import FileError

__all__ = ["read_png", "write_png"]

_MODES = {"L": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "I": np.uint16}


def read_png(path: Path) -> NDArray[np.generic]:
    """Return the numbers of a grey PNG, uint8 or uint16.

    Raises:
        FileError: If the file is not a whole grey PNG.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            bits = _bits(path)
            if image.mode not in _MODES or bits not in (8, 16):
                raise FileError(
                    f"{path} is a PNG of mode {image.mode}, {bits} bits: give a grey one of 8 or "
                    "16 bits, without colour, alpha or palette"
                )
            return np.asarray(image).astype(_MODES[image.mode])
    except UnidentifiedImageError as error:
        raise FileError(f"{path} is not a PNG, whatever its name says") from error
    except (
        IndexError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
    ) as error:
        raise FileError(f"{path} is damaged or cut off: {error}") from error
    except Image.DecompressionBombError as error:
        raise FileError(f"{path} promises too many pixels: {error}") from error


def _bits(path: Path) -> int:
    """Return the bits of a sample, which Pillow hides: byte 24 of a PNG, in its IHDR chunk."""
    with path.open("rb") as file:
        return file.read(25)[24]


def write_png(
    file: Path | BinaryIO, numbers: NDArray[np.generic], *, compress_level: int = 6
) -> None:
    """Write uint8 or uint16 numbers as a grey PNG, compressed 0 (not) to 9 (slowly)."""
    Image.fromarray(numbers).save(file, format="PNG", compress_level=compress_level)
