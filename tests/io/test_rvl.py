"""RVL in nibbles written by hand, by A. D. Wilson's paper."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest

from dsdmsr.io.rvl import pack_rvl, unpack_rvl


def words(nibbles: str) -> bytes:
    """Return words of nibbles in hexadecimal, from the highest on."""
    nibbles = nibbles.replace(" ", "")
    nibbles += "0" * (-len(nibbles) % 8)
    return b"".join(
        struct.pack("<I", int(nibbles[k : k + 8], 16)) for k in range(0, len(nibbles), 8)
    )


CASES = [
    ("2 0", [0, 0]),
    ("0 1 a1", [5]),
    ("1 1 a1", [0, 5]),
    ("0 2 a1 0", [5, 5]),
    ("0 2 a1 1", [5, 4]),
    ("0 3 a1 2 3", [5, 6, 4]),
    ("0 1 a1 2 1 4 1 0", [5, 0, 0, 7, 0]),
    ("0 6 2 2 2 2 2 2", [1, 2, 3, 4, 5, 6]),
    ("81 0", [0] * 8),
    ("f1 0", [0] * 15),
]


@pytest.mark.parametrize(("nibbles", "pixels"), CASES)
def test_pixels_are_runs_of_differences(nibbles, pixels):
    made = unpack_rvl(words(nibbles), len(pixels))
    assert (made.dtype, made.tolist()) == (np.uint16, pixels)
    assert pack_rvl(np.uint16(pixels)) == words(nibbles)
    assert pack_rvl(np.uint16(pixels)[None]) == words(nibbles)


def test_the_largest_differences_come_back():
    pixels = np.uint16([1, 65535, 1, 0, 65535, 32768, 32767])
    np.testing.assert_array_equal(unpack_rvl(pack_rvl(pixels), 7), pixels)


def test_a_number_has_32_bits_at_most():
    # In eleven nibbles, of which most hold nothing.
    assert unpack_rvl(words("98888888880 1 a1"), 2).tolist() == [0, 5]
    with pytest.raises(ValueError, match=r"^RVL data have a number of more than 32 bits$"):
        unpack_rvl(words("988888888880 1 a1"), 2)


@pytest.mark.parametrize(
    ("content", "count", "says"),
    [
        (b"", 3, "RVL data end after 0 of 3 pixels"),
        (b"\xff" * 4, 3, "RVL data end after 0 of 3 pixels"),
        (words("1 1 a1"), 3, "RVL data have a run of no pixels"),
        (words("1 1 a1 2 1 2 2"), 9, "RVL data end after 5 of 9 pixels"),
        (words("0 0"), 1, "RVL data have a run of no pixels"),
        (words("3 0"), 2, "RVL data do not stand for 2 pixels"),
        (words("0 3 a1"), 2, "RVL data do not stand for 2 pixels"),
        (words("2 0 1"), 2, "RVL data do not stand for 2 pixels"),
        (words("0 7 2 2 2 2 2 2"), 7, "RVL data do not stand for 7 pixels"),
        (words("0 a1"), 5, "RVL data do not stand for 5 pixels"),
    ],
)
def test_data_that_are_not_those_of_so_many_pixels_are_refused(content, count, says):
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        unpack_rvl(content, count)


def test_bytes_that_are_no_whole_word_are_left_aside():
    assert unpack_rvl(words("1 1 a1") + b"\x11\x11\x11", 2).tolist() == [0, 5]
