"""The rows of a PNG as bytes: filtered and compressed, several times as fast as by zlib.

ISA-L takes the last match that it finds, however far back and short. What filters leave of a depth
map is noise between runs of equal bytes, where such matches cost more than the bytes that they
stand for. With a window of a few bytes it finds nothing but the runs, and files get about as small
as zlib makes them. Maps of few different numbers repeat more, so a sample of rows decides.

Sources: W3C Recommendation "Portable Network Graphics", second edition, section 9; RFC 1950.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["compressed_rows"]

_SUB, _UP = 1, 2
_BAND = 16
"""Rows filtered at once, which stay in a processor's cache, and by one filter."""
_EVERY = 4
"""Of a band, every fourth row decides about the filter."""
_WINDOWS = (2, 9, 15)
"""Powers of two: how many bytes back repetitions are looked for."""
_SAMPLES, _SAMPLE = 8, 8
"""How many groups of how many rows decide about the window."""
_LEVEL = 1
"""Of ISA-L. Its level 3 takes three times as long, and saves nothing here."""
_HEADER = b"\x78\x01"
"""RFC 1950: deflate with a window of 32 KiB, compressed for speed."""


def compressed_rows(numbers: NDArray[np.generic]) -> bytes:
    """Return the content of a grey PNG's IDAT chunk; the same for the same numbers.

    All rows are held a second time. The bytes may differ between processors, for which ISA-L has
    code of its own.

    Args:
        numbers: uint8 or uint16, H×W.
    """
    from isal import isal_zlib

    rows = _filtered(numbers)
    sample = _sample(rows)
    window = min(_WINDOWS, key=lambda bits: len(_deflated(sample, bits)))
    checksum: int = isal_zlib.adler32(rows.data)
    return _HEADER + _deflated(rows, window) + checksum.to_bytes(4, "big")


def _deflated(rows: NDArray[np.uint8], window: int) -> bytes:
    from isal import igzip_lib

    deflated: bytes = igzip_lib.compress(
        rows.data, _LEVEL, igzip_lib.COMP_DEFLATE, igzip_lib.MEM_LEVEL_DEFAULT, window
    )
    return deflated


def _sample(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return some groups of rows, evenly spread; all if there are few."""
    if len(rows) <= _SAMPLES * _SAMPLE:
        return rows
    tops = np.linspace(0, len(rows) - _SAMPLE, _SAMPLES).astype(int)
    return np.concatenate([rows[top : top + _SAMPLE] for top in tops])


def _filtered(numbers: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return rows of bytes, each behind the number of its filter.

    A band of rows is what is left of them less the pixels before, or less the rows above, whichever
    repeats more.
    """
    size = numbers.dtype.itemsize
    filtered = np.empty((len(numbers), 1 + numbers.shape[1] * size), np.uint8)
    above = np.zeros(filtered.shape[1] - 1, np.uint8)
    for top in range(0, len(numbers), _BAND):
        part = numbers[top : top + _BAND]
        big_endian = part.astype(part.dtype.newbyteorder(">"), order="C")
        rows = big_endian.view(np.uint8).reshape(len(part), -1)
        out = filtered[top : top + _BAND]
        up = out[:, 1:]
        np.subtract(rows[0], above, out=up[0])
        np.subtract(rows[1:], rows[:-1], out=up[1:])
        sub = _less_before(rows[::_EVERY], size)
        out[:, 0] = _UP
        if _changes(sub, size) < _changes(up[::_EVERY], size):
            out[:, 0] = _SUB
            up[:] = _less_before(rows, size)
        above = rows[-1]
    return filtered


def _less_before(rows: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return rows of bytes less those of the pixel before."""
    less = rows.copy()
    less[:, size:] -= rows[:, :-size]
    return less


def _changes(rows: NDArray[np.uint8], size: int) -> int:
    """Return how many bytes differ from those of the pixel before."""
    return int(np.count_nonzero(rows[:, size:] != rows[:, :-size]))
