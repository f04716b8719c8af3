"""RVL, a lossless compression of 16-bit depth.

Source: A. D. Wilson, "Fast Lossless Depth Image Compression", ISS 2017. Pixels are runs of zeros
and runs of others in turn: the length of the first, the length of the second, and for each pixel
of it the difference from the last pixel that is not 0, its sign in the lowest bit (zigzag). Numbers
are in groups of three bits, the lowest first; the fourth bit of a nibble says that more follow.
Nibbles fill 32-bit little-endian words from the highest on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack_rvl", "unpack_rvl"]

_LONGEST = 11
"""Nibbles of a number of 32 bits."""


def unpack_rvl(content: bytes, count: int) -> NDArray[np.uint16]:
    """Return the pixels that RVL stands for.

    What the runs add up to is compared with `count` before memory is taken.

    Args:
        content: What follows any header.
        count: How many pixels there have to be.

    Raises:
        ValueError: If the content is damaged, or stands for fewer or more pixels.
    """
    numbers = _numbers(content)
    starts, lengths, taken = [], [], []
    done = at = 0
    while done < count:
        if at + 2 > numbers.size:
            raise ValueError(f"RVL data end after {done} of {count} pixels")
        zeros, others = int(numbers[at]), int(numbers[at + 1])
        if zeros == others == 0:
            raise ValueError("RVL data have a run of no pixels")
        starts.append(done + zeros)
        lengths.append(others)
        taken.append(at + 2)
        done += zeros + others
        at += 2 + others
    # What is left of the last word is 0.
    if done != count or at > numbers.size or numbers[at:].any():
        raise ValueError(f"RVL data do not stand for {count} pixels")
    pixels = np.zeros(count, np.uint16)
    differences = numbers[_ranges(taken, lengths)]
    values = np.cumsum((differences >> 1) ^ -(differences & 1))
    pixels[_ranges(starts, lengths)] = (values & 0xFFFF).astype(np.uint16)
    return pixels


def _numbers(content: bytes) -> NDArray[np.int64]:
    """Return the numbers of variable length, one after the other."""
    words = np.frombuffer(content[: len(content) // 4 * 4], "<u4")
    octets = words.astype(">u4").view(np.uint8)
    nibbles = np.stack([octets >> 4, octets & 15], axis=1).ravel()
    ends = np.flatnonzero(nibbles < 8)
    if not ends.size:
        return np.empty(0, np.int64)
    nibbles = nibbles[: ends[-1] + 1]
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST:
        raise ValueError("RVL data have a number of more than 32 bits")
    place = np.arange(nibbles.size) - np.repeat(starts, lengths)
    parts = (nibbles & 7).astype(np.int64) << (3 * place)
    return np.asarray(np.add.reduceat(parts, starts))


def _ranges(starts: list[int], lengths: list[int]) -> NDArray[np.int64]:
    """Return the whole numbers of ranges, one after the other."""
    sizes = np.array(lengths, np.int64)
    before = np.cumsum(sizes) - sizes
    shifts = np.repeat(np.array(starts, np.int64) - before, sizes)
    return np.asarray(np.arange(shifts.size) + shifts, np.int64)


def pack_rvl(pixels: NDArray[np.uint16]) -> bytes:
    """Return the RVL of pixels; without a header, such as their number.

    Args:
        pixels: Of any shape, in the order in which they lie in memory.
    """
    flat = pixels.ravel()
    known = flat != 0
    ends = np.flatnonzero(np.diff(known, prepend=False, append=False))
    starts, stops = ends[::2], ends[1::2]
    zeros = starts - np.concatenate([[0], stops[:-1]])
    others = stops - starts
    differences = np.diff(flat[known].astype(np.int32), prepend=0)
    zigzag = (differences << 1) ^ (differences >> 31)
    # Before each run of others stand the lengths of the two.
    lengths = np.stack([zeros, others], axis=1).ravel()
    numbers = np.insert(zigzag, np.repeat(np.cumsum(others) - others, 2), lengths)
    left = flat.size - (stops[-1] if stops.size else 0)
    if left:
        numbers = np.append(numbers, np.array([left, 0], np.int32))
    return _words(numbers)


def _words(numbers: NDArray[np.int32]) -> bytes:
    """Return numbers as nibbles in words; the inverse of `_numbers`."""
    lengths = np.ones(numbers.size, np.int32)
    for bits in range(3, int(numbers.max(initial=0)).bit_length(), 3):
        lengths += numbers >= 1 << bits
    ends = np.cumsum(lengths)
    nibbles = np.zeros(-(-int(ends[-1]) // 8) * 8, np.uint8)
    place, rest = ends - lengths, numbers
    while rest.size:
        longer = rest > 7
        nibbles[place] = (rest & 7) | (longer << 3)
        # Most numbers are short: the others are fewer and fewer.
        place, rest = place[longer] + 1, rest[longer] >> 3
    octets = (nibbles[::2] << 4) | nibbles[1::2]
    return bytes(octets.view(">u4").astype("<u4").data)
