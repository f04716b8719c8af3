from __future__ import annotations

import re
import struct

import numpy as np
import pytest

from dsdmsr import read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io.dpt import read_dpt, write_dpt


def test_dpt_is_as_sintel_gives_it(tmp_path):
    values = np.array([[1.5, 2, 0.25], [4, 8, 16]], dtype="<f4")
    (tmp_path / "a.dpt").write_bytes(struct.pack("<fii", 202021.25, 3, 2) + values.tobytes())
    depth = read_depth(tmp_path / "a.dpt", "metres")
    np.testing.assert_array_equal(depth.values, values)
    write_depth(tmp_path / "b.dpt", depth)
    assert (tmp_path / "b.dpt").read_bytes() == (tmp_path / "a.dpt").read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a DPT file, whatever its name says"),
        (b"PIEH" + bytes(7), "is not a DPT file, whatever its name says"),
        (b"PIEG" + struct.pack("<iif", 1, 1, 2), "is not a DPT file, whatever its name says"),
        (b"PIEH" + struct.pack("<ii", 0, 2), "promises 0×2 pixels: give 1×1 or more"),
        (b"PIEH" + struct.pack("<ii", 3, 0), "promises 3×0 pixels: give 1×1 or more"),
        (b"PIEH" + struct.pack("<ii", -1, 2), "promises -1×2 pixels: give 1×1 or more"),
        (b"PIEH" + struct.pack("<ii", 3, 2), "promises 3×2 pixels, 24 bytes, but holds 0"),
        (b"PIEH" + struct.pack("<ii4x", 2, 1), "promises 2×1 pixels, 8 bytes, but holds 4"),
        (b"PIEH" + struct.pack("<ii5x", 1, 1), "promises 1×1 pixels, 4 bytes, but holds 5"),
    ],
)
def test_what_is_no_whole_dpt_is_refused(tmp_path, content, says):
    path = tmp_path / "a.dpt"
    path.write_bytes(content)
    with pytest.raises(FileError, match=f"^{re.escape(f'{path} {says}')}$"):
        read_depth(path)


def test_a_single_pixel_is_a_dpt(tmp_path):
    write_dpt(tmp_path / "a.dpt", np.float64([[0.1]]))
    content = (tmp_path / "a.dpt").read_bytes()
    assert content == struct.pack("<4siif", b"PIEH", 1, 1, 0.1)
    numbers = read_dpt(tmp_path / "a.dpt").numbers
    assert (numbers.dtype, numbers.flags.writeable) == (np.float32, True)
    assert numbers.tolist() == [[np.float32(0.1)]]
