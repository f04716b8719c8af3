"""The segments of JPEG files, built by hand from ITU-T T.81 and Adobe's description of XMP."""

from __future__ import annotations

import re
import struct

import pytest

from dsdmsr.io.jpeg_segments import end_of_picture, is_jpeg, xmp_packets

START, END = b"\xff\xd8", b"\xff\xd9"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
ONE, OTHER = b"A" * 32, b"B" * 32


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body


def part(whole: int, at: int, piece: bytes, digest: bytes = ONE) -> bytes:
    return segment(0xE1, EXTENSION + digest + struct.pack(">II", whole, at) + piece)


SCAN = segment(0xDA, b"scan")


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"\xff\xd8\xff", True),
        (b"\xff\xd8\xff\xe0 more", True),
        (b"\xff\xd8", False),
        (b"\xff\xd8\xfe", False),
        (b" \xff\xd8\xff", False),
        (b"", False),
    ],
)
def test_a_jpeg_is_told_by_three_bytes(content, is_one):
    assert is_jpeg(content) is is_one


@pytest.mark.parametrize(
    "inner",
    [
        b"",
        segment(0xE0, b"body"),
        segment(0xE0, b""),
        b"\xff" + segment(0xE0, b"body"),
        b"\xff\xff\xff" + segment(0xE0, END),
        b"\xff\x01" + segment(0xE0, b"body"),
        b"\xff\xd0\xff\xd7" + segment(0xE0, b"body"),
        segment(0xE0, b"x" * 300),
        SCAN + b"coded",
        SCAN + b"\xff\x00\xff\xd0\xff\xd7coded",
        SCAN + b"coded\xff\xff\x00coded",
        SCAN + b"coded\xff",
        SCAN + b"coded" + segment(0xC4, b"table" + END) + SCAN + b"coded",
        SCAN,
    ],
)
@pytest.mark.parametrize("after", [b"", b"\xff", b"trailer" + START + END])
def test_a_picture_ends_behind_its_end_marker(inner, after):
    content = START + inner + END
    assert end_of_picture(content + after) == len(content)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is cut off"),
        (START, "it is cut off"),
        (START + b"\xff", "it is cut off"),
        (START + b"\xff\xff\xff", "it is cut off"),
        (START + b"\xff\xe0\0", "it is cut off"),
        (START + segment(0xE0, b"body"), "it is cut off"),
        (START + segment(0xE0, b"body")[:-1], "a JPEG segment is cut off"),
        (START + b"\xff\xe0\0\1" + END, "a JPEG segment is cut off"),
        (START + b"\xff\xe0\0\0" + END, "a JPEG segment is cut off"),
        (START + b"\0\xff", "no JPEG segment begins at byte 2"),
        (START + segment(0xE0, b"body") + b"x" + END, "no JPEG segment begins at byte 10"),
        (START + SCAN + b"coded", "it is cut off"),
        (START + SCAN + b"coded\xff", "it is cut off"),
        (START + SCAN + b"coded\xff\0", "it is cut off"),
    ],
)
def test_pictures_without_an_end_are_refused(content, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        end_of_picture(content)
    if SCAN not in content:
        with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
            xmp_packets(content)


def test_packets_are_those_before_the_scan_in_their_order():
    content = START + segment(0xE1, XMP + b"first") + segment(0xE1, b"Exif\0\0" + XMP)
    content += segment(0xE2, XMP + b"no") + b"\xff\x01" + segment(0xE1, XMP + b"second")
    content += segment(0xE1, XMP) + SCAN + segment(0xE1, XMP + b"late") + END
    assert xmp_packets(content) == [b"first", b"second", b""]
    assert xmp_packets(START + END) == []


def test_extensions_are_told_apart_and_put_in_order():
    content = START + part(6, 4, b"ef") + part(3, 0, b"xyz", OTHER) + segment(0xE1, XMP + b"main")
    content += part(6, 0, b"ab") + part(6, 2, b"cd") + part(0, 0, b"", b"C" * 32) + SCAN
    assert xmp_packets(content) == [b"main", b"abcdef", b"xyz", b""]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (segment(0xE1, EXTENSION + ONE + bytes(7)), "a segment of its extended XMP is cut off"),
        (part(4, 2, b"cd"), "segments of its extended XMP are missing"),
        (part(6, 0, b"ab") + part(6, 4, b"ef"), "segments of its extended XMP are missing"),
        (part(6, 0, b"abc") + part(6, 2, b"cdef"), "segments of its extended XMP are missing"),
        (part(6, 0, b"ab") + part(6, 2, b"cd"), "its extended XMP promises 6 bytes, but holds 4"),
        (part(1, 0, b"ab"), "its extended XMP promises 1 bytes, but holds 2"),
    ],
)
def test_extensions_that_are_not_whole_are_refused(parts, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        xmp_packets(START + parts + END)
