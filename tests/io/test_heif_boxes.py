"""The boxes of HEIF files, built by hand from ISO/IEC 14496-12 and 23008-12."""

from __future__ import annotations

import re
import struct

import pytest

from dsdmsr.io.heif_boxes import heif_items
from tools.source_files.portraits import DEPTH_URN, box

DAMAGED = re.escape("its boxes are damaged")
XMP = b"application/rdf+xml"


def large(kind: bytes, body: bytes) -> bytes:
    """Return a box whose size has 64 bits."""
    return struct.pack(">I4sQ", 1, kind, 16 + len(body)) + body


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def info(item: int, kind: bytes = XMP, version: int = 2, form: bytes = b"mime") -> bytes:
    wide = 2 if version == 2 else 4
    said = form + b"name\0" + kind + b"\0"
    return box(b"infe", bytes([version, 0, 0, 1]) + number(item, wide) + bytes(2) + said)


def infos(*made: bytes, version: int = 0) -> bytes:
    counted = number(len(made), 2 if version == 0 else 4)
    return box(b"iinf", bytes([version, 0, 0, 0]) + counted + b"".join(made))


def references(*made: tuple[bytes, int, list[int]], version: int = 0) -> bytes:
    wide = 2 if version == 0 else 4
    links = [
        box(kind, number(a, wide) + number(len(b), 2) + b"".join(number(n, wide) for n in b))
        for kind, a, b in made
    ]
    return box(b"iref", bytes([version, 0, 0, 0]) + b"".join(links))


def auxiliary(urn: bytes = DEPTH_URN) -> bytes:
    return box(b"auxC", bytes(4) + urn + b"\0more")


def associations(*made: tuple[int, list[int]], version: int = 0, flags: int = 0) -> bytes:
    wide, long = 2 if version == 0 else 4, 2 if flags & 1 else 1
    body = bytes([version, 0, 0, flags]) + number(len(made), 4)
    for item, used in made:
        body += number(item, wide) + bytes([len(used)])
        body += b"".join(number(n, long) for n in used)
    return box(b"ipma", body)


def properties(*made: bytes, of: bytes) -> bytes:
    return box(b"iprp", box(b"ipco", b"".join(made)) + of)


def locations(
    *made: tuple[int, int, int, list[tuple[int, int]]],
    version: int = 0,
    sizes: tuple[int, int, int, int] = (4, 4, 0, 0),
) -> bytes:
    """Return where items are: number, method, base, extents of each."""
    offset, length, base, index = sizes
    wide = 4 if version == 2 else 2
    body = bytes([version, 0, 0, 0, offset << 4 | length, base << 4 | index])
    body += number(len(made), wide)
    for item, method, start, extents in made:
        body += number(item, wide) + (number(method, 2) if version else b"") + b"\0\7"
        body += number(start, base) + number(len(extents), 2)
        for at, size in extents:
            body += bytes(index if version else 0) + number(at, offset) + number(size, length)
    return box(b"iloc", body)


def file(*inner: bytes, make=box) -> bytes:
    return box(b"ftyp", b"heic") + make(b"meta", bytes(4) + b"".join(inner))


LINKED = references((b"cdsc", 3, [2]))
USED = properties(auxiliary(), of=associations((2, [1])))
PLACE = locations((3, 0, 0, [(4, 4)]))


def everything(**other: bytes) -> bytes:
    parts = {"infos": infos(info(3)), "links": LINKED, "used": USED, "places": PLACE} | other
    return file(*parts.values())


@pytest.mark.parametrize("make", [box, large])
def test_the_description_of_depth_is_found(make):
    content = file(infos(info(3)), LINKED, USED, PLACE, make=make)
    items = heif_items(content)
    assert (items.content, items.texts, items.depth) == (content, {3}, [2])
    assert (items.described, items.extents) == ({2: [3]}, {3: [(4, 4)]})
    assert items.xmp_of_depth() == b"ftyp"


def test_boxes_of_64_bits_may_stand_within_others():
    inner = [large(part[4:8], part[8:]) for part in (infos(info(3)), LINKED, USED, PLACE)]
    assert heif_items(file(*inner)).xmp_of_depth() == b"ftyp"


def test_a_box_of_size_0_ends_where_what_it_is_in_does():
    content = everything()
    at = content.index(b"meta") - 4
    open_ended = content[:at] + bytes(4) + content[at + 4 :]
    assert heif_items(open_ended).xmp_of_depth() == b"ftyp"


@pytest.mark.parametrize("rest", [b"", b"1234567", box(b"free", b""), large(b"free", b"")])
def test_what_follows_the_boxes_and_is_none_is_left_aside(rest):
    assert heif_items(everything() + rest).depth == [2]


@pytest.mark.parametrize(
    "rest",
    [
        struct.pack(">I4s", 7, b"free"),
        struct.pack(">I4s", 9, b"free"),
        struct.pack(">I4sQ", 1, b"free", 15),
        struct.pack(">I4sQ", 1, b"free", 17),
    ],
)
def test_boxes_that_are_no_boxes_are_refused(rest):
    with pytest.raises(ValueError, match=r"^its boxes are damaged or cut off$"):
        heif_items(everything() + rest)


@pytest.mark.parametrize("version", [0, 1])
def test_texts_are_items_of_xmp_alone(version):
    made = [
        info(1, b"image/jpeg"),
        info(2, XMP + b"2"),
        info(4, form=b"uri "),
        info(5, version=1),
        box(b"skip", info(6)[8:]),
        box(b"infe", b"\2\0\0\1\0\7\0\0mime"),
        info(300),
        info(70_000, version=3),
    ]
    assert heif_items(everything(infos=infos(*made, version=version))).texts == {300, 70_000}


@pytest.mark.parametrize("version", [0, 1])
def test_items_are_described_by_several_and_describe_several(version):
    made = [(b"auxl", 9, [2]), (b"cdsc", 3, [2, 258]), (b"thmb", 8, [2]), (b"cdsc", 259, [2])]
    items = heif_items(everything(links=references(*made, version=version)))
    assert items.described == {2: [3, 259], 258: [3]}


@pytest.mark.parametrize(
    "urn",
    [
        b"urn:mpeg:hevc:2015:auxid:2",
        b"urn:mpeg:avc:2015:auxid:2",
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth",
    ],
)
@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(("flags", "essential"), [(0, 0x80), (1, 0x8000)])
def test_images_of_depth_are_those_with_its_property(urn, version, flags, essential):
    made = [box(b"ispe", bytes(12)), auxiliary(b"urn:other"), auxiliary(urn)]
    used = [(1, [1, 2]), (258, [1, 3]), (4, []), (5, [2, essential | 3]), (6, [essential | 1])]
    of = associations(*used, version=version, flags=flags)
    of += box(b"free", of[8:]) + associations((9, [3]))
    assert heif_items(everything(used=properties(*made, of=of))).depth == [258, 5, 9]


def test_a_property_has_a_number_of_7_bits_or_of_15():
    made = [*(box(b"free", b"") for _ in range(129)), auxiliary()]
    for n, flags, found in ((130, 1, [2]), (0x8000 | 130, 1, [2]), (130, 0, [])):
        of = associations((2, [n]), flags=flags)
        assert heif_items(everything(used=properties(*made, of=of))).depth == found


def test_other_boxes_with_the_name_of_depth_are_none():
    used = properties(box(b"auxi", auxiliary()[8:]), of=associations((2, [1])))
    assert heif_items(everything(used=used)).depth == []


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("sizes", [(4, 4, 0, 0), (8, 4, 4, 4), (4, 8, 8, 8), (0, 4, 4, 0)])
def test_places_are_those_of_each_extent(version, sizes):
    first = [(0, 5), (0, 2)] if sizes[0] == 0 else [(10, 5), (300, 2)]
    base = 1000 if sizes[2] else 0
    made = [(3, 0, base, first), (258, 0, base, first[1:])]
    found = heif_items(everything(places=locations(*made, version=version, sizes=sizes))).extents
    moved = [(base + at, size) for at, size in first]
    assert found == {3: moved, 258: moved[1:]}


@pytest.mark.parametrize("version", [1, 2])
def test_places_in_other_boxes_are_left_aside(version):
    made = [(3, 1, 0, [(4, 4)]), (4, 2, 0, [(5, 5)]), (5, 0x10, 0, [(6, 6)])]
    assert heif_items(everything(places=locations(*made, version=version))).extents == {5: [(6, 6)]}


def test_what_is_not_said_is_reserved_in_the_first_version():
    places = locations((3, 0, 0, [(4, 4), (0, 2)]), sizes=(4, 4, 0, 4))
    assert heif_items(everything(places=places)).extents == {3: [(4, 4), (0, 2)]}


def test_a_text_in_parts_is_put_together():
    places = locations((3, 0, 0, [(4, 2), (8, 4), (0, 1)]))
    assert heif_items(everything(places=places)).xmp_of_depth() == b"ftheic\0"


def test_the_text_of_depth_is_the_first_that_is_xmp_and_describes_it():
    links = references((b"cdsc", 5, [1, 2]), (b"cdsc", 4, [2]), (b"cdsc", 3, [2]))
    places = locations((4, 0, 0, [(8, 4)]), (3, 0, 0, [(4, 4)]), (5, 0, 0, [(0, 1)]))
    made = infos(info(3), info(4), info(5, b"text/plain"))
    items = heif_items(everything(infos=made, links=links, places=places))
    assert items.xmp_of_depth() == b"heic"


@pytest.mark.parametrize(
    "other",
    [
        {"links": b""},
        {"used": b""},
        {"infos": infos(info(3, b"text/plain"))},
        {"links": references((b"cdsc", 3, [1]))},
        {"used": properties(auxiliary(), of=associations((1, [1])))},
    ],
)
def test_depth_that_nothing_describes_has_no_text(other):
    assert heif_items(everything(**other)).xmp_of_depth() is None


def test_a_text_may_end_where_the_file_does_but_not_later():
    size = len(everything())
    for length, fits in ((4, True), (5, False)):
        items = heif_items(everything(places=locations((3, 0, 0, [(size - 4, length)]))))
        if fits:
            assert len(items.xmp_of_depth()) == 4
        else:
            with pytest.raises(ValueError, match=r"^its XMP lies outside the file$"):
                items.xmp_of_depth()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        box(b"ftyp", b"heic"),
        everything(infos=b""),
        everything(places=b""),
        everything(places=box(b"iloc", b"")),
        everything(places=locations()[:-2] + b"\0\1"),
        everything(used=box(b"iprp", box(b"ipco", b"") + box(b"ipma", bytes(4) + b"\0\0\1\0"))),
        everything(links=box(b"iref", bytes(4) + box(b"cdsc", b"\0\3\xff\xff"))),
    ],
)
def test_boxes_that_lack_something_are_refused(content):
    with pytest.raises(ValueError, match=f"^{DAMAGED}$"):
        heif_items(content)


def test_places_have_to_lie_in_their_box():
    places = locations((3, 0, 0, [(4, 4)]))
    cut = struct.pack(">I", len(places) - 1) + places[4:-1]
    with pytest.raises(ValueError, match=f"^{DAMAGED}$"):
        heif_items(everything(places=cut + box(b"free", bytes(9))))
