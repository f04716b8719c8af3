"""The rows of a PNG as bytes: filtered and compressed, several times as fast as by zlib.

What filters leave of a smooth depth map is noise between runs of equal bytes. ISA-L, the fastest
compressor, takes the last match that it finds, however far back and short; with a window of a few
bytes it finds nothing but the runs, and such files get about as small as zlib makes them. Maps of
few different numbers repeat more, and are left to libdeflate. A sample of rows decides.

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
_WINDOW = 2
"""Power of two: how many bytes back ISA-L looks for repetitions."""
_FASTEST, _LEVEL = 1, 6
"""Levels of ISA-L and libdeflate. ISA-L's level 3 takes three times as long, and saves nothing
here."""
_MORE = 1.03
"""So many times as many bytes are worth ISA-L's speed."""
_SAMPLES, _SAMPLE = 6, 8
"""How many groups of how many rows decide between the two."""
_HEADER = b"\x78\x01"
"""RFC 1950: deflate with a window of 32 KiB, compressed for speed."""


def compressed_rows(numbers: NDArray[np.generic]) -> bytes:
    """Return the content of a grey PNG's IDAT chunk; the same for the same numbers.

    All rows are held a second time. The bytes may differ between processors, for which ISA-L has
    code of its own.

    Args:
        numbers: uint8 or uint16, H×W.
    """
    import deflate
    from isal import igzip_lib, isal_zlib

    def by_isal(part: NDArray[np.uint8]) -> bytes:
        how = igzip_lib.COMP_DEFLATE, igzip_lib.MEM_LEVEL_DEFAULT, _WINDOW
        return bytes(igzip_lib.compress(part.data, _FASTEST, *how))

    rows = _filtered(numbers)
    sample = _sample(rows)
    least = len(deflate.deflate_compress(sample.data, _LEVEL))
    if len(by_isal(sample)) > _MORE * least:
        return bytes(deflate.zlib_compress(rows.data, _LEVEL))
    checksum: int = isal_zlib.adler32(rows.data)
    return _HEADER + by_isal(rows) + checksum.to_bytes(4, "big")


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
