"""Headers of PGM and PFM files, and what is said of files that are not whole."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest

from dsdmsr.errors import FileError
from dsdmsr.io.netpbm import read_header
from dsdmsr.io.pfm import read_pfm, write_pfm
from dsdmsr.io.pgm import read_pgm, write_pgm

NO_PGM = "has no PGM header (P5 or P2, width, height, largest)"
NO_PFM = "has no PFM header (Pf, width, height, scale)"


@pytest.mark.parametrize(
    ("content", "words", "end"),
    [
        (b"P5 3 2", ("P5", "3", "2"), 6),
        (b"P5 3 2 255", ("P5", "3", "2"), 6),
        (b" \t\n\v\f\rP5\r3\n\n2\n", ("P5", "3", "2"), 13),
        (b"#a\nP5#b\n3 #c\r# d\n 2#e", ("P5", "3", "2"), 19),
        (b"P5 " + b"3" * 40 + b" 2", ("P5", "3" * 40, "2"), 45),
        (b"#" + b"x" * 65_000 + b"\nP5 3 2", ("P5", "3", "2"), 65_008),
    ],
)
def test_words_stand_between_white_space_and_comments(content, words, end):
    assert read_header(content, 3) == (words, end)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"P5 3",
        b"P5 3 ",
        b"P5 " + b"3" * 41 + b" 2",
        b"P5 3 #2",
        b"#" + b"x" * 65_536 + b"\nP5 3 2",
    ],
)
def test_a_header_that_ends_early_is_none(content):
    assert read_header(content, 3) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", NO_PGM),
        (b"P4\n1 1\n255\n\0", NO_PGM),
        (b"P5\n-1 1\n255\n\0", NO_PGM),
        (b"P5\n1.0 1\n255\n\0", NO_PGM),
        (b"P5\n" + b"1" * 19 + b" 1\n255\n\0", NO_PGM),
        (b"P5\n1 1\n0\n\0", "says that its largest number is 0: give 1 to 65535"),
        (b"P5\n1 1\n65536\n\0", "says that its largest number is 65536: give 1 to 65535"),
        (b"P5\n0 2\n255\n", "promises 0×2 pixels: give 1×1 or more"),
        (b"P5\n2 0\n255\n", "promises 2×0 pixels: give 1×1 or more"),
        (b"P5\n1 1\n255#\n\0", "has no PGM header (white space behind the largest number)"),
        (b"P5\n1 1\n255", "has no PGM header (white space behind the largest number)"),
        (b"P5\n3 2\n255\n12345", "promises 3×2 pixels, 6 bytes, but holds 5"),
        (b"P5\n3 2\n256\n12345678901", "promises 3×2 pixels, 12 bytes, but holds 11"),
        (b"P5\n3 1\n255\n1234", "promises 3×1 pixels, 3 bytes, but holds 4"),
        (
            b"P5\n3 1\n255\n123\nP5 1 1",
            "promises 3×1 pixels, 3 bytes, but holds 10, and another picture",
        ),
        (b"P2\n3 2\n9\n1 2 3 4 5", "promises 3×2 numbers, but holds 5"),
        (b"P2\n3 1\n9\n1 2 3 4", "promises 3×1 numbers, but holds 4"),
        (b"P2\n2 1\n9\n1 10", "holds '10': give whole numbers of 0 to 9"),
        (b"P2\n2 1\n9\n1 -1", "holds '-1': give whole numbers of 0 to 9"),
        (b"P2\n2 1\n9\n1 000001", "holds '000001': give whole numbers of 0 to 9"),
        (b"P2\n2 1\n9\n1 " + b"x" * 20, "holds 'xxxxxxxxxxxx': give whole numbers of 0 to 9"),
    ],
)
def test_what_is_no_whole_pgm_is_refused(tmp_path, content, says):
    path = tmp_path / "a.pgm"
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"^{re.escape(f'{path} {says}')}$"):
        read_pgm(path)


@pytest.mark.parametrize(
    ("content", "numbers", "kind"),
    [
        (b"P5\n3 2\n255\n\1\2\3\4\5\6", [[1, 2, 3], [4, 5, 6]], "u1"),
        (b"P5 1 2 1\t\1\2 \t\n\v\f\r", [[1], [2]], "u1"),
        (b"P5 2 1 256\r\1\2\3\4", [[0x0102, 0x0304]], "u2"),
        (b"P5 2 1 255\r\n\1\2", [[1, 2]], "u1"),
        (b"P5 2 1 255\r\n\1", [[10, 1]], "u1"),
        (b"P2 3 2 255\n1 2 3 #4\n 4\t5\r6", [[1, 2, 3], [4, 5, 6]], "u1"),
        (b"P2 2 1 65535\n65535 00007", [[65535, 7]], "u2"),
        (b"P2 1 1 256\n256", [[256]], "u2"),
    ],
)
def test_a_pgm_is_its_numbers(tmp_path, content, numbers, kind):
    (tmp_path / "a.pgm").write_bytes(content)
    made = read_pgm(tmp_path / "a.pgm").numbers
    assert (made.dtype, made.tolist()) == (np.dtype(kind), numbers)


@pytest.mark.parametrize(
    ("kind", "body"),
    [("u1", b"3 2\n255\n\0\1\2\3\4\5"), ("u2", b"3 2\n65535\n\0\0\0\1\0\2\0\3\0\4\0\5")],
)
def test_a_pgm_is_written_with_the_high_byte_first(tmp_path, kind, body):
    write_pgm(tmp_path / "a.pgm", np.arange(6, dtype=kind).reshape(2, 3))
    assert (tmp_path / "a.pgm").read_bytes() == b"P5\n" + body


FLOATS = struct.pack("<6f", 1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", NO_PFM),
        (b"P5\n3 2\n-1\n" + FLOATS, NO_PFM),
        (b"Pf\n3.0 2\n-1\n" + FLOATS, NO_PFM),
        (b"Pf\n3 2\nx\n" + FLOATS, NO_PFM),
        (b"Pf\n3 2\n-1 x\n" + FLOATS, NO_PFM),
        (b"Pf\n3 2\n-1", NO_PFM),
        (b"Pf\n" + b"3" * 19 + b" 2\n-1\n" + FLOATS, NO_PFM),
        (b"Pf\n3 2\n0\n" + FLOATS, "says that its scale is 0: give a number other than 0"),
        (b"Pf\n3 2\ninf\n" + FLOATS, "says that its scale is inf: give a number other than 0"),
        (b"Pf\n3 2\nnan\n" + FLOATS, "says that its scale is nan: give a number other than 0"),
        (b"Pf\n0 2\n-1\n", "promises 0×2 pixels: give 1×1 or more"),
        (b"Pf\n3 0\n-1\n", "promises 3×0 pixels: give 1×1 or more"),
        (b"Pf\n3 2\n-1\n" + FLOATS[1:], "promises 3×2 pixels, 24 bytes, but holds 23"),
        (b"Pf\n3 2\n-1\n" + FLOATS + b"\n\n\n", "promises 3×2 pixels, 24 bytes, but holds 27"),
        (b"Pf\n3 2\n-1\n" + FLOATS + b"x", "promises 3×2 pixels, 24 bytes, but holds 25"),
        (b"PF\n3 2\n-1\n" + FLOATS, "promises 9×2 pixels, 72 bytes, but holds 24"),
        (
            b"PF\n2 1\n-1\n" + FLOATS,
            "is a picture in colours, which stand for no depth: give grey numbers",
        ),
    ],
)
def test_what_is_no_whole_pfm_is_refused(tmp_path, content, says):
    path = tmp_path / "a.pfm"
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"^{re.escape(f'{path} {says}')}$"):
        read_pfm(path)


@pytest.mark.parametrize("scale", ["-1", "-1.0", "-2.5"])
@pytest.mark.parametrize("after", [b"", b"\n", b" \r"])
@pytest.mark.parametrize("gap", [b"\n", b" \t\r\n"])
def test_a_pfm_begins_with_its_lowest_row(tmp_path, scale, after, gap):
    (tmp_path / "a.pfm").write_bytes(f"Pf\n3 2\n{scale}".encode() + gap + FLOATS + after)
    stored = read_pfm(tmp_path / "a.pfm")
    assert stored.numbers.dtype == np.float32
    assert stored.numbers.tolist() == [[4, 5, 6], [1, 2, 3]]
    note = "its scale is 2.5: numbers are read as they are, not scaled by it"
    assert stored.notes == ((note,) if scale == "-2.5" else ())
    write_pfm(tmp_path / "b.pfm", stored.numbers)
    assert (tmp_path / "b.pfm").read_bytes() == b"Pf\n3 2\n-1.0\n" + FLOATS


def test_equal_colours_of_a_pfm_are_grey(tmp_path):
    body = struct.pack(">6f", 1, 1, 1, 2, 2, 2)
    (tmp_path / "a.pfm").write_bytes(b"PF\n1 2\n3\n" + body)
    stored = read_pfm(tmp_path / "a.pfm")
    assert stored.numbers.tolist() == [[2], [1]]
    assert stored.numbers.flags.c_contiguous
    assert stored.notes == (
        "its red, green and blue are equal: read as grey",
        "its scale is 3: numbers are read as they are, not scaled by it",
    )
