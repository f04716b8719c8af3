"""A PNG writer of its own, to check ours against."""

from __future__ import annotations

import struct
import zlib

import numpy as np


def png_by_hand(numbers: np.ndarray, bits: int | None = None) -> bytes:
    """An independent PNG writer: grey, no filter; of 1, 2 or 4 bits a pixel if these are given."""
    height, width = numbers.shape
    if bits is None:
        lines = [row.astype(row.dtype.newbyteorder(">")).tobytes() for row in numbers]
    else:
        flat = np.unpackbits(numbers.astype(np.uint8)[..., None], axis=2)[..., -bits:]
        lines = [row.tobytes() for row in np.packbits(flat.reshape(height, -1), axis=1)]
    bits = bits or 8 * numbers.dtype.itemsize
    rows = b"".join(b"\0" + line for line in lines)

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
