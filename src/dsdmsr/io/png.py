"""Grey PNG files of 8 or 16 bits."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from dsdmsr.errors import FileError, require
from dsdmsr.io.checks import single_channel
from dsdmsr.io.png_rows import compressed_rows
from dsdmsr.io.stored import Stored

__all__ = ["pack_png", "read_png", "unpack_png", "write_png"]

_MOST_COMPRESSED = 1100
"""About how many times smaller a PNG can be than its numbers: two bits may stand for 258 bytes."""
_HEAD = 25
"""Bytes up to the number of bits of a sample."""
_MODES = {"L": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "I": np.uint16}


def read_png(path: Path) -> Stored:
    """Return the numbers of a grey PNG, uint8 or uint16.

    Raises:
        FileError: If the file is not a whole grey PNG.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    # Of a file that is named so, Pillow loads what reads PNG, and no other formats.
    return _grey(path, head, path.stat().st_size, path)


def unpack_png(content: bytes, path: Path) -> Stored:
    """Return the numbers of a grey PNG's content, uint8 or uint16.

    Red, green and blue that are equal are grey, too, and so is a palette of greys. Transparent
    pixels are invalid.

    Args:
        content: The PNG.
        path: The file that it is or is in, for errors.

    Raises:
        FileError: If it is not a whole PNG, has colours, or half transparent pixels.
        DependencyError: If it has 16 bits and colours or alpha, and the extra ``io`` is missing.
    """
    return _grey(BytesIO(content), content[:_HEAD], len(content), path)


def _grey(source: Path | BytesIO, head: bytes, size: int, path: Path) -> Stored:
    """Return the numbers of a PNG of `size` bytes that begins with `head`; see `unpack_png`."""
    try:
        with _any_size(), Image.open(source, formats=["PNG"]) as image:
            # Pillow hides the bits of a sample: byte 24 of a PNG, in its IHDR chunk.
            bits = head[_HEAD - 1]
            promised = image.width * image.height * bits // 8
            if promised > _MOST_COMPRESSED * size:
                raise FileError(
                    f"{path} promises too many pixels: {image.width}×{image.height} in {size} bytes"
                )
            if image.mode in _MODES and bits in (8, 16) and "transparency" not in image.info:
                return Stored(numbers=np.asarray(image).astype(_MODES[image.mode]))
            # Pillow spreads greys of fewer bits over 0 to 255.
            if bits < 8 and image.mode != "P":
                raise FileError(
                    f"{path} is a PNG of mode {image.mode}, {bits} bits: give a grey one of 8 or "
                    "16 bits"
                )
            if bits == 16:
                shown = _of_16_bits(source, path)
            else:
                shown = np.asarray(image.convert("RGBA") if image.mode in ("P", "L") else image)
            numbers, opaque, notes = single_channel(shown, path)
            valid = None if opaque.all() else opaque
            return Stored(numbers=numbers, valid=valid, notes=notes)
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


def _of_16_bits(source: Path | BytesIO, path: Path) -> NDArray[np.uint16]:
    """Return the numbers of a PNG with colours or alpha, of which Pillow gives only 8 bits."""
    require("imagecodecs", f"{path}: a PNG of 16 bits with colours or alpha")
    import imagecodecs

    content = source.read_bytes() if isinstance(source, Path) else source.getvalue()
    try:
        return np.asarray(imagecodecs.png_decode(content), np.uint16)
    except RuntimeError as error:
        raise FileError(f"{path} is damaged or cut off: {error}") from error


@contextmanager
def _any_size() -> Iterator[None]:
    """Lift Pillow's limit of pixels: a large file may hold a large map."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def write_png(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write uint8 or uint16 numbers as a grey PNG."""
    path.write_bytes(_png(numbers, compressed_rows(numbers)))


def pack_png(numbers: NDArray[np.generic]) -> bytes:
    """Return the content of a grey PNG of uint8 or uint16 numbers, the same bytes everywhere."""
    compressor = zlib.compressobj(1)
    body = b"".join(compressor.compress(rows.data) for rows in _filtered(numbers))
    return _png(numbers, body + compressor.flush())


_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FILTER_UP, _GREY = 2, 0
_ROWS_AT_ONCE = 256


def _png(numbers: NDArray[np.generic], body: bytes) -> bytes:
    """Return the content of a grey PNG, given its compressed rows.

    Source:
        W3C Recommendation "Portable Network Graphics", second edition.
    """
    height, width = numbers.shape
    header = struct.pack(">IIBBBBB", width, height, 8 * numbers.dtype.itemsize, _GREY, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))
        for name, content in chunks
    )


def _filtered(numbers: NDArray[np.generic]) -> Iterator[NDArray[np.uint8]]:
    """Yield rows of bytes, each less the one above it, behind the number of that filter."""
    above: NDArray[np.uint8] | int = 0
    for top in range(0, len(numbers), _ROWS_AT_ONCE):
        part = numbers[top : top + _ROWS_AT_ONCE]
        big_endian = part.astype(part.dtype.newbyteorder(">"), order="C")
        rows = big_endian.view(np.uint8).reshape(len(part), -1)
        filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
        filtered[:, 0] = _FILTER_UP
        filtered[0, 1:] = rows[0] - above
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
        above = rows[-1]
        yield filtered
