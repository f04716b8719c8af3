from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dsdmsr import read_depth, write_depth
from dsdmsr.errors import FileError


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
        (b"P2\n1 1\n255\n7\n", "no PGM header"),
        (b"P5\n2 2\n255\nabc", "promises 2×2 pixels, 4 bytes, but holds 3"),
        (b"P5\n1 1\n70000\nabc", "give 1 to 65535"),
        (b"P5\n99999999999 9999999\n255\na", "promises"),
    ],
)
def test_pgm_that_is_not_whole_is_told(tmp_path, content, told):
    (tmp_path / "a.pgm").write_bytes(content)
    with pytest.raises(FileError, match=told):
        read_depth(tmp_path / "a.pgm")
