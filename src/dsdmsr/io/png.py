"""Grey PNG files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from dsdmsr.errors import FileError, require
from dsdmsr.io.checks import check_size, single_channel, single_line
from dsdmsr.io.png_rows import compressed_rows
from dsdmsr.io.stored import Stored

__all__ = ["fast_png", "pack_png", "read_png", "unpack_png", "write_png"]

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
    pixels are invalid. Levels of 2 and 4 bits are those in the file.

    Args:
        content: The PNG.
        path: The file that it is or is in, for errors.

    Raises:
        FileError: If it is not a whole PNG, has colours, or half transparent pixels.
        DependencyError: If it has 16 bits and colours or alpha, and imagecodecs is not installed.
    """
    return _grey(BytesIO(content), content[:_HEAD], len(content), path)


def _grey(source: Path | BytesIO, head: bytes, size: int, path: Path) -> Stored:
    """Return the numbers of a PNG of `size` bytes that begins with `head`; see `unpack_png`."""
    if not head.startswith(_SIGNATURE):
        raise FileError(f"{path} is not a PNG, whatever its name says")
    try:
        # A large file may hold a large map: Pillow's limit of pixels is that of `Image.open`.
        with PngImageFile(source) as image:
            # Pillow hides the bits of a sample: byte 24 of a PNG, in its IHDR chunk.
            bits = head[_HEAD - 1]
            channels = len(image.getbands())
            check_size(path, 4 * channels * image.width * image.height, size)
            if image.mode in _MODES and bits >= 8 and "transparency" not in image.info:
                return Stored(numbers=np.asarray(image).astype(_MODES[image.mode]))
            if bits < 8 and image.mode == "L":
                return _of_few_bits(np.asarray(image), bits, path)
            if image.mode == "1":
                raise FileError(f"{path} holds black and white alone: give grey numbers")
            if bits == 16:
                shown = _of_16_bits(source, path)
            else:
                shown = np.asarray(image.convert("RGBA") if image.mode in ("P", "L") else image)
            numbers, opaque, notes = single_channel(shown, path)
            return Stored(numbers=numbers, valid=opaque, notes=notes)
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
    """Return the numbers of a PNG of 16 bits with colours or alpha, of which Pillow keeps 8."""
    require("imagecodecs", f"{path}: a PNG of 16 bits with colours or alpha")
    import imagecodecs

    content = source.read_bytes() if isinstance(source, Path) else source.getvalue()
    try:
        return np.asarray(imagecodecs.png_decode(content))
    except imagecodecs.PngError as error:
        raise FileError(f"{path} is damaged or cut off: {single_line(error)}") from error


def _of_few_bits(spread: NDArray[np.uint8], bits: int, path: Path) -> Stored:
    """Return levels of 2 or 4 bits, which Pillow spreads over 0 to 255."""
    most = 2**bits - 1
    note = f"it has {bits} bits: {most + 1} levels, 0 to {most}"
    return Stored(numbers=spread // np.uint8(255 // most), notes=(note,))


def write_png(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write uint8 or uint16 numbers as a grey PNG."""
    path.write_bytes(fast_png(numbers))


def fast_png(numbers: NDArray[np.generic]) -> bytes:
    """Return the content of a grey PNG of uint8 or uint16 numbers, as `write_png` writes it."""
    return _png(numbers, compressed_rows(numbers))


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
