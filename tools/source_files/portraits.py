"""Depth in HEIC photos: images encoded by pillow-heif, joined as ISO/IEC 23008-12 says.

No library here writes auxiliary images. So pillow-heif writes two plain ones, and boxes are made by
hand that make the second the depth of the first: ISO/IEC 14496-12 for iinf, iref, iloc and ipma,
ISO/IEC 23008-12, section 6.5.8, for auxC.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["DISPARITY", "LEVELS", "RANGE", "box", "boxes", "portrait", "xmp"]

LEVELS = np.add.outer(3 * np.arange(48), np.arange(64)).astype(np.uint8)
DEPTH_URN = b"urn:mpeg:hevc:2015:auxid:2"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
    '22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:apdi="http://ns.apple.com/'
    'pixeldatainfo/1.0/" xmlns:depthData="http://ns.apple.com/depthData/1.0/" {attributes}>'
    "{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def xmp(elements: str = "", **attributes: object) -> bytes:
    """Return Apple's description of an auxiliary image."""
    said = " ".join(f'{name.replace("__", ":")}="{value}"' for name, value in attributes.items())
    return XMP.format(attributes=said, elements=elements).encode()


RANGE = {"apdi__FloatMinValue": 0.25, "apdi__FloatMaxValue": 2.5}
DISPARITY = xmp(
    apdi__AuxiliaryImageType="disparity",
    apdi__IntMinValue=0,
    apdi__IntMaxValue=255,
    depthData__Accuracy="absolute",
    **RANGE,
)


def boxes(content: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    """Return the boxes in a part of a file: kind, and where what they hold begins and ends."""
    found = []
    while start < end:
        size, kind = struct.unpack_from(">I4s", content, start)
        found.append((kind, start + 8, start + size))
        start += size
    return found


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def portrait(
    path: Path,
    text: bytes | None = DISPARITY,
    urn: bytes = DEPTH_URN,
    levels: NDArray[Any] = LEVELS,
) -> Path:
    """Write a photo with an auxiliary image, which `text` describes."""
    import pillow_heif

    photo = pillow_heif.from_pillow(Image.fromarray(np.full((96, 128, 3), 90, np.uint8)))
    photo.add_from_pillow(Image.fromarray(levels))
    plain = io.BytesIO()
    photo.save(plain, quality=-1, save_all=True, chroma=444)
    content = plain.getvalue()
    _, meta_box, _ = boxes(content, 0, len(content))
    inner = {kind: (a, b) for kind, a, b in boxes(content, meta_box[1] + 4, meta_box[2])}
    start = inner[b"iloc"][0] + 8
    coded = [struct.unpack_from(">HHIHII", content, start + 18 * k) for k in (0, 1)]
    assert [entry[0] for entry in coded] == [1, 2]
    parts = [content[base + at : base + at + size] for _, _, base, _, at, size in coded]
    parts += [text] if text is not None else []
    made = _meta(content, inner, [len(part) for part in parts], urn, 0)
    ahead = boxes(content, 0, len(content))[0][2] + len(made) + 8
    made = _meta(content, inner, [len(part) for part in parts], urn, ahead)
    path.write_bytes(content[: meta_box[1] - 8] + made + box(b"mdat", b"".join(parts)))
    return path


def _meta(
    content: bytes, inner: dict[bytes, tuple[int, int]], sizes: list[int], urn: bytes, ahead: int
) -> bytes:
    """Return the box that says what the items are, and where: from `ahead` on."""
    infos = [struct.pack(">B3xHH4sx", 2, 1, 0, b"hvc1"), b"\2\0\0\1\0\2\0\0hvc1\0"]
    if len(sizes) == 3:
        infos.append(b"\2\0\0\1\0\3\0\0mime\0application/rdf+xml\0")
    counted = struct.pack(">4xH", len(infos)) + b"".join(box(b"infe", info) for info in infos)
    links = box(b"auxl", struct.pack(">HHH", 2, 1, 1))
    if len(sizes) == 3:
        links += box(b"cdsc", struct.pack(">HHH", 3, 1, 2))
    (_, first, last), (_, start, end) = boxes(content, *inner[b"iprp"])
    auxiliary = box(b"auxC", bytes(4) + urn + b"\0")
    number = len(boxes(content, first, last)) + 1
    linked = bytearray(content[start:end])
    at = 8 + 3 + linked[10] + 2  # the count of the second item's properties
    linked[at] += 1
    properties = box(b"ipco", content[first:last] + auxiliary)
    properties += box(b"ipma", bytes(linked) + bytes([number]))
    places = struct.pack(">4xBBH", 0x44, 0x40, len(sizes))
    for k, size in enumerate(sizes):
        places += struct.pack(">HHIHII", k + 1, 0, ahead + sum(sizes[:k]), 1, 0, size)
    kept = [box(kind, content[slice(*inner[kind])]) for kind in (b"hdlr", b"pitm")]
    made = [box(b"iloc", places), box(b"iinf", counted), box(b"iref", bytes(4) + links)]
    return box(b"meta", bytes(4) + b"".join([*kept, *made, box(b"iprp", properties)]))
