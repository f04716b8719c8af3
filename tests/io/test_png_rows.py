"""The rows of a PNG, filtered and compressed."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from dsdmsr.io.png_rows import _sample, compressed_rows

SUB, UP = 1, 2
FAST, SMALL = b"\x78\x01", b"\x78\x9c"
"""The first two bytes: RFC 1950's levels of compression."""


def rows(numbers: np.ndarray) -> np.ndarray:
    content = np.frombuffer(zlib.decompress(compressed_rows(numbers)), np.uint8)
    return content.reshape(len(numbers), -1)


def test_rows_that_change_downwards_are_less_those_above():
    numbers = np.repeat(np.uint16([[0x0102], [0x0205], [0x0204]]), 3, 1)
    expected = [
        [UP, 1, 2, 1, 2, 1, 2],
        [UP, 1, 3, 1, 3, 1, 3],
        [UP, 0, 255, 0, 255, 0, 255],
    ]
    assert rows(numbers).tolist() == expected


def test_a_ramp_along_a_row_is_less_the_pixel_before():
    wide = np.arange(0x0100, 0x0100 + 6 * 0x0101, 0x0101, dtype=np.uint16)[None]
    assert rows(wide).tolist() == [[SUB, 1, 0, *([1, 1] * 5)]]
    assert rows(np.uint8([[9, 19, 29, 39]])).tolist() == [[SUB, 9, 10, 10, 10]]


def test_of_filters_as_good_as_each_other_it_is_the_row_above():
    assert rows(np.uint8([[7, 7, 7], [7, 7, 7]])).tolist() == [[UP, 7, 7, 7], [UP, 0, 0, 0]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
def test_each_16_rows_have_a_filter_of_their_own(rng, dtype):
    noise = rng.integers(0, 200, (16, 40))
    across = np.broadcast_to(3 * np.arange(40), (16, 40)) + noise[:, :1]
    down = np.broadcast_to(noise[:1], (16, 40)) + np.arange(16)[:, None]
    numbers = np.concatenate([across, down, across, down[:5]]).astype(dtype)
    made = rows(numbers)
    assert made[:, 0].tolist() == [SUB] * 16 + [UP] * 16 + [SUB] * 16 + [UP] * 5
    size = np.dtype(dtype).itemsize
    wide = np.frombuffer(numbers.astype(np.dtype(dtype).newbyteorder(">")).tobytes(), np.uint8)
    wide = wide.reshape(len(numbers), -1).astype(int)
    before = np.pad(wide, ((0, 0), (size, 0)))[:, : wide.shape[1]]
    above = np.pad(wide, ((1, 0), (0, 0)))[:-1]
    less = np.where(made[:, :1] == SUB, before, above)
    np.testing.assert_array_equal(made[:, 1:], (wide - less) % 256)


def test_noise_is_compressed_fast_and_what_repeats_small(rng):
    noise = rng.integers(0, 256, (60, 50)).astype(np.uint8)
    few = np.tile(rng.integers(0, 256, (60, 10)).astype(np.uint8), (1, 20))
    assert compressed_rows(noise)[:2] == FAST
    assert compressed_rows(few)[:2] == SMALL


def test_few_rows_are_all_looked_at_and_many_in_six_groups_of_eight():
    for count in (1, 47, 48):
        few = np.arange(count, dtype=np.uint8)[:, None]
        np.testing.assert_array_equal(_sample(few), few)
    many = np.arange(148, dtype=np.uint8)[:, None]
    tops = [0, 28, 56, 84, 112, 140]
    assert _sample(many).ravel().tolist() == [top + k for top in tops for k in range(8)]
