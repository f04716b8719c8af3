"""Changes that keep to a format: its chunks, tags, attributes and boxes."""

from __future__ import annotations

import re
import struct
import zlib
from random import Random

from tools.fuzz.commands import change_arguments
from tools.fuzz.containers import (
    change_database,
    change_json,
    change_json_lines,
    change_messages,
    change_safetensors,
    change_yaml,
    changing_archive,
    changing_tar,
)
from tools.fuzz.plain import (
    Change,
    change_bytes,
    change_numbers_in_text,
    change_rows,
    change_words,
)

__all__ = ["CHANGES", "change"]

_SIGNATURES = re.compile(
    rb"\x89HDF|OHDR|TREE|HEAP|SNOD|GCOL|FRHP|BTHD|BTLF|FHDB|FHIB|OCHK|FADB|EAHD|\x01\0[^\0]\0\x01\0\0\0"
)
"""Where a part of an HDF5 file begins; the last one is an object's header of version 1."""
_PARTS = 48


def _change_png(rng: Random, content: bytes) -> bytes:
    """Change a chunk of a PNG, with a checksum that is right."""
    chunks, at = [], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    k = rng.randrange(len(chunks))
    name, body = chunks[k]
    kind = rng.random()
    if kind < 0.1:
        del chunks[k]
    elif kind < 0.2:
        chunks.insert(rng.randrange(len(chunks)), chunks[k])
    elif kind < 0.25:
        names = (b"tRNS", b"PLTE", b"sBIT", b"gAMA", b"zTXt", b"iCCP", b"eXIf", b"acTL", b"fdAT")
        chunks.insert(rng.randrange(len(chunks)), (rng.choice(names), rng.randbytes(8)))
    elif name == b"IDAT" and rng.random() < 0.7:
        raw = change_bytes(rng, zlib.decompress(body))
        chunks[k] = (name, zlib.compress(raw, rng.choice((0, 6))))
    else:
        chunks[k] = (name, change_bytes(rng, body))
    return content[:8] + b"".join(
        struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks
    )


def _change_tiff(rng: Random, content: bytes) -> bytes:
    """Change a tag of a TIFF: its number, type, count or value; or where the next page is."""
    order = "<" if content[:2] == b"II" else ">"
    large = content[2:3] == b"\x2b" or content[3:4] == b"\x2b"
    form, count, entry, value = ("Q", "Q", 20, 12) if large else ("I", "H", 12, 8)
    (at,) = struct.unpack_from(order + form, content, 8 if large else 4)
    if at + 10 > len(content):
        return change_bytes(rng, content)
    (tags,) = struct.unpack_from(order + count, content, at)
    first = at + struct.calcsize(order + count)
    if rng.random() < 0.05:
        return change_words(rng, content, first + entry * tags, 1)
    tag = first + entry * rng.randrange(max(1, min(tags, 100)))
    if rng.random() < 0.7:
        return change_words(rng, content, tag + rng.choice((2, 4, value)), 1)
    (place,) = struct.unpack_from(order + form, content.ljust(tag + entry, b"\0"), tag + value)
    return change_words(rng, content, min(place, len(content) - 1), 16)


def _change_exr(rng: Random, content: bytes) -> bytes:
    """Change an attribute of an EXR's header, or where its lines are."""
    found, at = [], 8
    while at < len(content) and content[at]:
        name, kind = content.index(b"\0", at), 0
        kind = content.index(b"\0", name + 1)
        (size,) = struct.unpack_from("<i", content, kind + 1)
        if size < 0:
            break  # a second change: what follows can't be found
        found.append((at, kind + 1, size))
        at = kind + 5 + size
    if not found or rng.random() < 0.2:
        return change_words(rng, content, min(at, len(content) - 1), 80)
    start, place, size = rng.choice(found)
    kind_ = rng.random()
    if kind_ < 0.1:
        return content[:start] + content[place + 4 + size :]
    if kind_ < 0.2:
        return content[:start] + content[start : place + 4 + size] + content[start:]
    if kind_ < 0.4:
        return content[:start] + change_bytes(rng, content[start:place]) + content[place:]
    if kind_ < 0.7:
        return change_words(rng, content, place + 4, size)
    body = change_bytes(rng, content[place + 4 : place + 4 + size])
    return content[:place] + struct.pack("<i", len(body)) + body + content[place + 4 + size :]


def _change_hdf5(rng: Random, content: bytes) -> bytes:
    """Change a number of one of the parts that an HDF5 file is made of."""
    places = [found.start() for found in _SIGNATURES.finditer(content)]
    if not places:
        return change_bytes(rng, content)
    for _ in range(rng.choice((1, 1, 2))):
        content = change_words(rng, content, rng.choice(places) + 4, rng.choice((16, _PARTS, 200)))
    return content


def _change_mat(rng: Random, content: bytes) -> bytes:
    """Change an element of a MATLAB 5 file, inside of what is compressed, too."""
    if content[:8] != b"MATLAB 5":
        return _change_hdf5(rng, content)
    kind, size = struct.unpack_from("<II", content, 128)
    if kind != 15:
        return change_words(rng, content, 128, 96)
    inner = zlib.decompress(content[136 : 136 + size])
    body = zlib.compress(rng.choice((change_words, _words))(rng, inner, 0, 96))
    return content[:132] + struct.pack("<I", len(body)) + body + content[136 + size :]


def _words(rng: Random, content: bytes, at: int, length: int) -> bytes:
    return change_words(rng, change_words(rng, content, at, length), at, length)


def _change_netcdf(rng: Random, content: bytes) -> bytes:
    """Change a netCDF file of either kind."""
    if content[:3] == b"CDF":
        return change_words(rng, content, 4, 300)
    return _change_hdf5(rng, content)


def _change_boxes(rng: Random, content: bytes) -> bytes:
    """Change a box of a HEIF file: its size, its kind, or what it holds."""
    start, end = 0, len(content)
    while True:
        boxes, at = [], start
        while at + 8 <= end:
            size = int.from_bytes(content[at : at + 4], "big")
            if not 8 <= size <= end - at:
                break
            boxes.append((at, size, content[at + 4 : at + 8]))
            at += size
        if not boxes:
            return change_words(rng, content, start, max(1, end - start))
        at, size, kind = rng.choice([b for b in boxes if b[2] == b"meta"] + boxes)
        inner = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"iinf": 14, b"iref": 12}.get(kind)
        if inner is None or rng.random() < 0.1:
            return change_words(rng, content, at, min(size, 80))
        start, end = at + inner, at + size


def _change_jpeg(rng: Random, content: bytes) -> bytes:
    """Change a segment of a JPEG, its length, or a word of the XML in it."""
    places = [found.start() for found in re.finditer(rb"\xff[\xc0-\xfe]", content)]
    texts = list(re.finditer(rb'="[^"]{0,80}"', content))
    if texts and rng.random() < 0.6:
        found = rng.choice(texts)
        other = change_numbers_in_text(rng, found[0])
        made = content[: found.start()] + other + content[found.end() :]
        # The segment of the text is the last one before it whose length reaches over it.
        for place in reversed(places):
            length = int.from_bytes(content[place + 2 : place + 4], "big")
            if place < found.start() < place + length:
                longer = (length + len(other) - len(found[0])) % 65536
                return made[: place + 2] + struct.pack(">H", longer) + made[place + 4 :]
        return made
    return change_words(rng, content, rng.choice(places or [0]), 24)


def _change_bag(rng: Random, content: bytes) -> bytes:
    """Change a field of a record of a ROS 1 recording, or the length of one."""
    places = [found.start() for found in re.finditer(rb"[a-z_]+=", content)]
    if not places:
        return change_bytes(rng, content)
    return change_words(rng, content, max(0, rng.choice(places) - 4), rng.choice((4, 8, 40)))


def _change_mcap(rng: Random, content: bytes) -> bytes:
    """Change the beginning of a record of an MCAP file."""
    places, at = [], 8
    while at + 9 < len(content):
        places.append(at)
        if content[at] == 6:  # a chunk: its records are behind 32 bytes and a word
            places += [at + 9 + k for k in (8, 32, 40, 49, 80, 120)]
        at += 9 + int.from_bytes(content[at + 1 : at + 9], "little")
    return change_words(rng, content, rng.choice(places or [0]), rng.choice((9, 32, 100)))


def _change_npy(rng: Random, content: bytes) -> bytes:
    """Change a word of the header of an NPY file, whose length stays true."""
    length = int.from_bytes(content[8:10], "little")
    head = change_numbers_in_text(rng, content[10 : 10 + length])[:60_000]
    kinds = (
        b"<f4",
        b"<f8",
        b"|b1",
        b"<c8",
        b"|O",
        b"<U9",
        b"<M8[s]",
        b">i2",
        b"<f2",
        b"|V0",
        b"|S",
    )
    if rng.random() < 0.2:
        head = head.replace(b"<f4", rng.choice(kinds)).replace(b"<u2", rng.choice(kinds))
    return content[:8] + struct.pack("<H", len(head)) + head + content[10 + length :]


_TEXT = (change_numbers_in_text, change_numbers_in_text, change_rows)
CHANGES: dict[str, tuple[Change, ...]] = {
    "png": (_change_png,),
    "pgm": (change_numbers_in_text,),
    "pfm": (change_numbers_in_text,),
    "npy": (_change_npy,),
    "npz": (changing_archive(_change_npy), changing_archive(change_bytes)),
    "tif": (_change_tiff,),
    "tiff": (_change_tiff,),
    "exr": (_change_exr,),
    "bin": (change_numbers_in_text,),
    "h5": (_change_hdf5,),
    "hdf5": (_change_hdf5,),
    "nc": (_change_netcdf,),
    "mat": (_change_mat,),
    "jpg": (_change_jpeg,),
    "heic": (_change_boxes,),
    "bag": (_change_bag,),
    "mcap": (_change_mcap,),
    "db3": (change_database,),
    "arguments": (change_arguments, change_arguments, change_arguments),
    "json": (change_json, change_json, change_numbers_in_text),
    ".zarray": (change_json,),
    ".zgroup": (change_json,),
    ".zattrs": (change_json,),
    ".journal": (change_json_lines, change_json_lines, change_rows),
    "yaml": (change_yaml, change_yaml, change_numbers_in_text),
    "txt": _TEXT,
    "csv": _TEXT,
    "tar": (changing_tar({"json": change_json, "png": _change_png, "npy": _change_npy}),),
    "safetensors": (change_safetensors,),
    "onnx": (change_messages,),
}
"""A name's ending, or all of it where it begins with a dot → changes that keep to its format."""


def change(rng: Random, name: str, content: bytes) -> bytes:
    """Return a file's content, changed once or twice: by its format mostly, else anywhere."""
    known = CHANGES.get(name) or CHANGES.get(name.rpartition(".")[2].lower(), ())
    for _ in range(rng.choice((1, 1, 1, 2))):
        how = rng.choice(known) if known and rng.random() < 0.65 else change_bytes
        try:
            content = how(rng, content)
        except Exception:  # what was changed before is not of its format any more
            content = change_bytes(rng, content)
    return content
