from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from dsdmsr import read_depth
from dsdmsr.errors import FileError
from dsdmsr.io import read_stored


@pytest.mark.parametrize(("order", "sign"), [("<", "-1.0"), (">", "1"), (">", "2.5e0")])
def test_pfm_of_both_byte_orders(tmp_path, order, sign):
    values = np.array([[1.5, 2, 0], [4, np.inf, 6.25]], dtype=np.float32)
    body = values[::-1].astype(f"{order}f4").tobytes()
    (tmp_path / "a.pfm").write_bytes(f"Pf\n3 2\n{sign}\n".encode() + body)
    depth = read_depth(tmp_path / "a.pfm")
    np.testing.assert_array_equal(depth.valid, [[True, True, False], [True, False, True]])
    np.testing.assert_array_equal(depth.values[depth.valid], [1.5, 2, 4, 6.25])


def test_pfm_that_starts_with_a_line_feed_byte(tmp_path):
    # The first float's bytes may look like white space; the header ends after one line feed.
    value = struct.unpack("<f", b"\n\n \n")[0]
    (tmp_path / "a.pfm").write_bytes(b"Pf\n1 1\n-1\n" + b"\n\n \n")
    assert read_depth(tmp_path / "a.pfm").values[0, 0] == np.float32(value)


def test_the_dtu_sample_is_read(data_dir):
    depth = read_depth(data_dir / "dtu" / "depth_map_0000.pfm", "dtu")
    assert depth.shape == (128, 160)
    assert depth.valid.mean() == pytest.approx(0.68, abs=0.01)
    assert depth.values[depth.valid].min() == pytest.approx(0.509, abs=0.001)
    assert depth.values[depth.valid].max() == pytest.approx(0.760, abs=0.001)


def test_pfms_of_opencv_in_grey_and_equal_colours(tmp_path, rng):
    numbers = rng.uniform(1, 5, (4, 3)).astype(np.float32)
    for made in (numbers, np.repeat(numbers[..., None], 3, axis=2)):
        cv2.imwrite(str(tmp_path / "a.pfm"), made)
        stored = read_stored(tmp_path / "a.pfm")
        np.testing.assert_array_equal(stored.numbers, numbers)
        assert len(stored.notes) == made.ndim - 2
    made[0, 0, 1] += 1
    cv2.imwrite(str(tmp_path / "a.pfm"), made)
    with pytest.raises(FileError, match="in colours"):
        read_depth(tmp_path / "a.pfm")


@pytest.mark.parametrize("head", ["Pf\n2 1\n-2.5\n", "Pf #x\r\n2\r\n1\r\n-2.5\r\n"])
@pytest.mark.parametrize("behind", [b"", b"\n", b"\r\n"])
def test_a_scale_is_told_and_leaves_numbers_alone(tmp_path, head, behind):
    path = tmp_path / "a.pfm"
    path.write_bytes(head.encode() + np.array([1.5, 2], "<f4").tobytes() + behind)
    stored = read_stored(path)
    np.testing.assert_array_equal(stored.numbers, [[1.5, 2]])
    assert stored.notes == ("its scale is 2.5: numbers are read as they are, not scaled by it",)
    if "#" not in head:
        with Image.open(path) as image:  # which leaves them alone, too
            np.testing.assert_array_equal(np.asarray(image), [[1.5, 2]])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no PFM header"),
        (b"Pf" + b" " * 100_000, "no PFM header"),
        (b"Pf\n1 1\n-1", "no PFM header"),
        (b"Pf\n1 1\nx\n1234", "no PFM header"),
        (b"Pf\n1 1\n0\n1234", "its scale is 0: give a number other than 0"),
        (b"Pf\n1 1\nnan\n1234", "its scale is nan"),
        (b"Pf\n0 1\n-1\n", "give 1×1 or more"),
        (b"Pf\n1 1\n-1\n123", "promises 1×1 pixels, 4 bytes, but holds 3"),
        (b"Pf\n1 1\n-1\n1234x", "promises 1×1 pixels, 4 bytes, but holds 5"),
        (b"Pf\n999999999 999999999\n-1\n1234", "promises 999999999×999999999 pixels"),
    ],
)
def test_pfm_that_is_not_whole_is_told(tmp_path, content, told):
    (tmp_path / "a.pfm").write_bytes(content)
    with pytest.raises(FileError, match=told):
        read_depth(tmp_path / "a.pfm")
