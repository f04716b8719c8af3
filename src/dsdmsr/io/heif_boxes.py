"""The boxes of HEIF files that say what its items are and how they belong together.

Source: ISO/IEC 14496-12, sections 8.11.3 (iloc), 8.11.6 (iinf), 8.11.12 (iref), and ISO/IEC
23008-12, section 6.5.8 (auxC). Pixels are left to libheif, which doesn't give the XMP of auxiliary
images.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["HeifItems", "heif_items"]

_DEPTH = (
    b"urn:mpeg:hevc:2015:auxid:2",
    b"urn:mpeg:avc:2015:auxid:2",
    b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth",
)
"""What auxiliary images of depth are called."""
_XMP = b"application/rdf+xml"


@dataclass(kw_only=True)
class HeifItems:
    """Hold what is said about the items of a file."""

    content: bytes
    """The file."""
    texts: set[int] = field(default_factory=set)
    """Items of XMP."""
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Item → where its bytes are: offset and length."""
    described: dict[int, list[int]] = field(default_factory=dict)
    """Item → what describes it."""
    depth: list[int] = field(default_factory=list)
    """Auxiliary images of depth."""

    def xmp_of_depth(self) -> bytes | None:
        """Return the XMP of the image of depth, if there is one.

        Raises:
            ValueError: If its bytes lie outside the file.
        """
        for item in self.depth:
            for text in self.described.get(item, []):
                if text in self.texts:
                    return b"".join(self._bytes(*extent) for extent in self.extents[text])
        return None

    def _bytes(self, offset: int, length: int) -> bytes:
        if offset + length > len(self.content):
            raise ValueError("its XMP lies outside the file")
        return self.content[offset : offset + length]


def heif_items(content: bytes) -> HeifItems:
    """Return what a file says about its items.

    Raises:
        ValueError: If it is damaged.
    """
    items = HeifItems(content=content)
    try:
        boxes = dict(_boxes(content, 0, len(content)))
        start, end = boxes[b"meta"]
        inner = dict(_boxes(content, start + 4, end))
        _read_infos(items, *inner[b"iinf"])
        if b"iref" in inner:
            _read_references(items, *inner[b"iref"])
        if b"iprp" in inner:
            _read_properties(items, *inner[b"iprp"])
        _read_locations(items, *inner[b"iloc"])
    except (KeyError, IndexError, struct.error) as error:
        raise ValueError("its boxes are damaged") from error
    return items


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield types of boxes, and where what is in them begins and ends."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, start + 8)
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            raise ValueError("its boxes are damaged or cut off")
        yield kind, (start + head, start + size)
        start += size


def _number(content: bytes, at: int, size: int) -> int:
    if at + size > len(content):
        raise IndexError(at)
    return int.from_bytes(content[at : at + size], "big")


def _read_infos(items: HeifItems, start: int, end: int) -> None:
    content = items.content
    start += 6 if content[start] == 0 else 8
    for kind, (at, stop) in _boxes(content, start, end):
        version = content[at]
        if kind != b"infe" or version not in (2, 3):
            continue
        wide = 2 if version == 2 else 4
        item = _number(content, at + 4, wide)
        at += 4 + wide + 2
        if content[at : at + 4] == b"mime":
            kinds = content[at + 4 : stop].split(b"\0")
            if len(kinds) > 1 and kinds[1] == _XMP:
                items.texts.add(item)


def _read_references(items: HeifItems, start: int, end: int) -> None:
    content = items.content
    wide = 2 if content[start] == 0 else 4
    for kind, (at, _) in _boxes(content, start + 4, end):
        source, count = _number(content, at, wide), _number(content, at + wide, 2)
        for k in range(count):
            target = _number(content, at + wide + 2 + k * wide, wide)
            if kind == b"cdsc":
                items.described.setdefault(target, []).append(source)


def _read_properties(items: HeifItems, start: int, end: int) -> None:
    content = items.content
    groups = list(_boxes(content, start, end))
    properties = next(list(_boxes(content, *span)) for kind, span in groups if kind == b"ipco")
    depth = {
        number
        for number, (kind, (at, stop)) in enumerate(properties, start=1)
        if kind == b"auxC" and content[at + 4 : stop].split(b"\0")[0] in _DEPTH
    }
    for kind, (at, _) in groups:
        if kind != b"ipma":
            continue
        wide = 2 if content[at] == 0 else 4
        long = 2 if content[at + 3] & 1 else 1
        count = _number(content, at + 4, 4)
        at += 8
        for _ in range(count):
            item, linked = _number(content, at, wide), _number(content, at + wide, 1)
            at += wide + 1
            used = {
                _number(content, at + k * long, long) & (0x7FFF if long == 2 else 0x7F)
                for k in range(linked)
            }
            at += linked * long
            if used & depth:
                items.depth.append(item)


def _read_locations(items: HeifItems, start: int, end: int) -> None:
    content, version = items.content, items.content[start]
    sizes = _number(content, start + 4, 2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    wide = 4 if version == 2 else 2
    count, at = _number(content, start + 6, wide), start + 6 + wide
    for _ in range(count):
        item = _number(content, at, wide)
        at += wide
        method = 0
        if version in (1, 2):
            method, at = _number(content, at, 2) & 15, at + 2
        base = _number(content, at + 2, base_size)
        extents, at = _number(content, at + 2 + base_size, 2), at + 4 + base_size
        for _ in range(extents):
            at += index_size
            offset = base + _number(content, at, offset_size)
            length = _number(content, at + offset_size, length_size)
            at += offset_size + length_size
            if at > end:
                raise ValueError("its boxes are damaged")
            if method == 0:
                items.extents.setdefault(item, []).append((offset, length))
