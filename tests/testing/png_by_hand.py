"""A PNG writer of its own, to check ours against."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def png_by_hand(numbers: np.ndarray) -> bytes:
    """An independent PNG writer: grey, no filter."""
    height, width = numbers.shape
    bits = 8 * numbers.dtype.itemsize
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in numbers)

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
