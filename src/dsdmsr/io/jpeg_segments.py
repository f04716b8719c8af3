"""The segments of JPEG files: their XMP, and where the picture ends.

Sources: ITU-T T.81, annex B (markers); Adobe's "XMP Specification Part 3: Storage in Files",
section 1.1.3 (APP1 segments of XMP and of extended XMP).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["end_of_picture", "is_jpeg", "xmp_packets"]

_START, _END, _SCAN, _APP1 = 0xD8, 0xD9, 0xDA, 0xE1
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_DIGEST = 32
"""Characters that tell one extension from another."""


def is_jpeg(content: bytes) -> bool:
    """Return whether a file's content begins as a JPEG does."""
    return content[:3] == b"\xff\xd8\xff"


def xmp_packets(content: bytes) -> list[bytes]:
    """Return the XMP of a JPEG, and the extensions that it is continued by.

    Raises:
        ValueError: If the file is damaged, or parts of an extension are missing.
    """
    packets: list[bytes] = []
    parts: dict[bytes, dict[int, bytes]] = {}
    promised: dict[bytes, int] = {}
    for marker, start, end in _segments(content):
        body = content[start:end]
        if marker == _SCAN:
            break
        if marker != _APP1:
            continue
        if body.startswith(_XMP):
            packets.append(body[len(_XMP) :])
        elif body.startswith(_EXTENSION):
            at = len(_EXTENSION) + _DIGEST
            if len(body) < at + 8:
                raise ValueError("a segment of its extended XMP is cut off")
            digest = body[len(_EXTENSION) : at]
            promised[digest], offset = struct.unpack_from(">II", body, at)
            parts.setdefault(digest, {})[offset] = body[at + 8 :]
    for digest, pieces in parts.items():
        whole = b"".join(piece for _, piece in sorted(pieces.items()))
        ends = 0
        for offset, piece in sorted(pieces.items()):
            if offset != ends:
                raise ValueError("segments of its extended XMP are missing")
            ends += len(piece)
        if ends != promised[digest]:
            raise ValueError(
                f"its extended XMP promises {promised[digest]} bytes, but holds {ends}"
            )
        packets.append(whole)
    return packets


def end_of_picture(content: bytes) -> int:
    """Return where the first picture ends, and what is appended to it begins.

    Raises:
        ValueError: If the file is damaged.
    """
    for marker, _, end in _segments(content):
        if marker == _END:
            return end
    raise ValueError("it is cut off")


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield markers, and where what belongs to each begins and ends."""
    at = 0
    while at + 2 <= len(content):
        if content[at] != 0xFF:
            raise ValueError(f"no JPEG segment begins at byte {at}")
        marker = content[at + 1]
        if marker == 0xFF:  # a byte to fill
            at += 1
            continue
        if marker in (_START, _END, 0x01) or 0xD0 <= marker <= 0xD7:
            yield marker, at + 2, at + 2
            if marker == _END:
                return
            at += 2
            continue
        if at + 4 > len(content):
            break
        (size,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + size
        if size < 2 or end > len(content):
            raise ValueError("a JPEG segment is cut off")
        yield marker, at + 4, end
        at = _after_scan(content, end) if marker == _SCAN else end
    raise ValueError("it is cut off")


def _after_scan(content: bytes, at: int) -> int:
    """Return where the first marker after coded data is: no 0, no restart follows its 0xFF."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        follows = content[at + 1]
        if follows != 0 and not 0xD0 <= follows <= 0xD7 and follows != 0xFF:
            return at
        at += 1 if follows == 0xFF else 2
    raise ValueError("it is cut off")
