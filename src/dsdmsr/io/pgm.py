"""PGM files: grey numbers of 8 or 16 bits, as they are, whatever the largest is said to be.

Source: Netpbm's "PGM format specification"; binary (P5), 16 bits with the high byte first, or
decimal (P2).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError
from dsdmsr.io.netpbm import read_header
from dsdmsr.io.stored import Stored

__all__ = ["read_pgm", "write_pgm"]

_SPACE = b" \t\n\v\f\r"
_DIGITS = 18
"""Of a width or a height; more are no picture's."""


def read_pgm(path: Path) -> Stored:
    """Return the numbers of a PGM, uint8 or uint16; white space may follow them.

    Raises:
        FileError: If the file is not a whole PGM, or holds several.
    """
    content = path.read_bytes()
    header = read_header(content, 4)
    magic, *numbers = header.words if header is not None else ("",)
    if header is None or magic not in ("P2", "P5") or not all(map(_is_whole, numbers)):
        raise FileError(f"{path} has no PGM header (P5 or P2, width, height, largest)")
    width, height, largest = map(int, numbers)
    if not 0 < largest < 2**16:
        raise FileError(f"{path} says that its largest number is {largest}: give 1 to 65535")
    if min(width, height) < 1:
        raise FileError(f"{path} promises {width}×{height} pixels: give 1×1 or more")
    read = _binary if magic == "P5" else _decimal
    return Stored(numbers=read(content, header.end, (height, width), largest, path))


def _is_whole(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _DIGITS


def _binary(
    content: bytes, end: int, shape: tuple[int, int], largest: int, path: Path
) -> NDArray[np.generic]:
    """Return the raster behind a header's last word and one white space."""
    if content[end : end + 1] not in [_SPACE[k : k + 1] for k in range(len(_SPACE))]:
        raise FileError(f"{path} has no PGM header (white space behind the largest number)")
    kind = np.dtype(np.uint8 if largest < 256 else ">u2")
    promised = shape[0] * shape[1] * kind.itemsize
    start = end + 1
    if content[end : end + 2] == b"\r\n" and len(content) == end + 2 + promised:
        start += 1
    more = content[start + promised :].strip(_SPACE)
    if len(content) < start + promised or more:
        again = ", and another picture" if more[:2] in (b"P5", b"P2") else ""
        raise FileError(
            f"{path} promises {shape[1]}×{shape[0]} pixels, {promised} bytes, but holds "
            f"{len(content) - start}{again}"
        )
    numbers = np.frombuffer(content, kind, shape[0] * shape[1], start).reshape(shape)
    return numbers.astype(kind.newbyteorder("="))


def _decimal(
    content: bytes, end: int, shape: tuple[int, int], largest: int, path: Path
) -> NDArray[np.generic]:
    """Return the decimal numbers behind a header."""
    words = re.sub(rb"#[^\n\r]*", b" ", content[end:]).split()
    if len(words) != shape[0] * shape[1]:
        raise FileError(f"{path} promises {shape[1]}×{shape[0]} numbers, but holds {len(words)}")
    wrong = next((w for w in words if len(w) > 5 or not w.isdigit() or int(w) > largest), None)
    if wrong is not None:
        text = wrong[:12].decode("latin-1")
        raise FileError(f"{path} holds {text!r}: give whole numbers of 0 to {largest}")
    return np.array(words, "S5").astype(np.uint8 if largest < 256 else np.uint16).reshape(shape)


def write_pgm(path: Path, numbers: NDArray[np.generic]) -> None:
    """Write uint8 or uint16 numbers as a binary PGM."""
    height, width = numbers.shape
    largest = 256**numbers.dtype.itemsize - 1
    body = numbers.astype(numbers.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(f"P5\n{width} {height}\n{largest}\n".encode() + body)
