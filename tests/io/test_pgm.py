from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from dsdmsr import read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io import read_numbers


@pytest.mark.parametrize("largest", [31, 255, 256, 65535])
def test_pgm_keeps_its_numbers_whatever_the_largest(tmp_path, rng, largest):
    numbers = rng.integers(1, largest + 1, (5, 7)).astype(np.uint8 if largest < 256 else ">u2")
    header = f"P5 # a comment\n# another\n7 5\n{largest}\n".encode()
    (tmp_path / "a.pgm").write_bytes(header + numbers.tobytes())
    depth = read_depth(tmp_path / "a.pgm", "levels")
    np.testing.assert_array_equal(depth.values, numbers)
    write_depth(tmp_path / "b.pgm", depth)
    with Image.open(tmp_path / "b.pgm") as image:
        np.testing.assert_array_equal(np.asarray(image), numbers)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no PGM header"),
        (b"P5" + b" " * 100_000, "no PGM header"),
        (b"P5" + b"#\n" * 50_000, "no PGM header"),
        (b"P5\n1 1\n255", "no PGM header"),
        (b"P51 1\n255\na", "no PGM header"),
        (b"P5\n-1 1\n255\na", "no PGM header"),
        (b"P5\n0 1\n255\n", "give 1×1 or more"),
        (b"P5\n1 " + b"1" * 5000 + b" 255\na", "no PGM header"),
        (b"P6\n1 1\n255\nabc", "no PGM header"),
        (b"P5\n1 1\n255\nabc", "promises 1×1 pixels, 1 bytes, but holds 3"),
        (b"P5\n1 1\n255\na\nP5\n1 1\n255\na", "but holds 14, and another picture"),
        (b"P2\n2 1\n255\n7\n", "promises 2×1 numbers, but holds 1"),
        (b"P2\n2 1\n15\n7 16\n", "holds '16': give whole numbers of 0 to 15"),
        (b"P2\n2 1\n255\n7 -1\n", "holds '-1': give whole"),
        (b"P5\n2 2\n255\nabc", "promises 2×2 pixels, 4 bytes, but holds 3"),
        (b"P5\n1 1\n70000\nabc", "give 1 to 65535"),
        (b"P5\n99999999999 9999999\n255\na", "promises"),
    ],
)
def test_pgm_that_is_not_whole_is_told(tmp_path, content, told):
    (tmp_path / "a.pgm").write_bytes(content)
    with pytest.raises(FileError, match=told):
        read_depth(tmp_path / "a.pgm")


@pytest.mark.parametrize("largest", [15, 255, 256, 65535])
def test_decimal_pgm_is_what_opencv_writes_and_reads(tmp_path, rng, largest):
    numbers = rng.integers(0, largest + 1, (5, 7)).astype(np.uint8 if largest < 256 else np.uint16)
    rows = "\n".join(" ".join(map(str, row)) for row in numbers.tolist())
    path = tmp_path / "a.pgm"
    path.write_text(f"P2\n# a comment\n7 5 # another\n{largest}\n{rows}\n")
    read = read_numbers(path)
    assert read.dtype == numbers.dtype
    np.testing.assert_array_equal(read, numbers)
    if largest in (255, 65535):
        np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), numbers)
        cv2.imwrite(str(path), numbers, [cv2.IMWRITE_PXM_BINARY, 0])
        np.testing.assert_array_equal(read_numbers(path), numbers)


@pytest.mark.parametrize(
    "content",
    [
        b"P5#a\n#b\n 2\t1 #c\r255\n\n#",
        b"P5 2 1 255 \n#\n",
        b"P5\r\n2 1\r\n255\r\n\n#",
        b"P5\n2 1\n255\n\n#\n \r\n",
    ],
)
def test_comments_line_ends_and_white_space_behind_are_taken(tmp_path, content):
    (tmp_path / "a.pgm").write_bytes(content)
    np.testing.assert_array_equal(read_numbers(tmp_path / "a.pgm"), [[10, 35]])
