"""Frames of sensors and others in memory, as maps: what a file of the same numbers becomes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from dsdmsr.depth.cameras import Intrinsics, Stereo
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.given import as_array, without_mask
from dsdmsr.depth.kinds import Kind
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DepthError, EncodingError
from dsdmsr.io.choice import guess_encoding, sort_of
from dsdmsr.io.codec import decode
from dsdmsr.io.encodings import ENCODINGS, check_kind_of
from dsdmsr.io.invalid import RECOGNISED, InvalidNumbers
from dsdmsr.io.read import encoding_for_16_bits
from dsdmsr.io.stored import Stored

__all__ = ["from_array"]

_NAME = Path("the array")


def from_array(
    frame: ArrayLike,
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
    invalid: float | Sequence[float] | InvalidNumbers | None = None,
    intrinsics: Intrinsics | None = None,
    stereo: Stereo | None = None,
) -> DepthMap:
    """Return the map that a frame's numbers mean; see `dsdmsr.DepthMap.from_array`."""
    stored = _stored(frame, intrinsics, stereo)
    if encoding is None:
        if stored.numbers.dtype.kind in "iu":
            raise EncodingError(_unexplained(stored))
        encoding = guess_encoding(stored, _NAME, kind)
    else:
        check_kind_of(encoding, kind)
        encoding = encoding_for_16_bits(encoding, stored.numbers)
    try:
        return decode(stored, encoding, None, _rules(invalid))
    except DepthError as error:
        raise DepthError(f"{_NAME}: {error}") from error


def _stored(frame: ArrayLike, intrinsics: Intrinsics | None, stereo: Stereo | None) -> Stored:
    """Return an array as if it had been read from a file."""
    frame, valid = without_mask(frame)
    numbers = as_array(frame)
    if numbers.ndim != 2 or 0 in numbers.shape:
        raise DepthError(f"{_NAME} has shape {numbers.shape}: give H×W, both at least 1")
    if not numbers.dtype.isnative:
        numbers = numbers.astype(numbers.dtype.newbyteorder("="))
    return Stored(numbers=numbers, valid=valid, intrinsics=intrinsics, stereo=stereo)


def _unexplained(stored: Stored) -> str:
    """Return the error of whole numbers whose meaning nobody says."""
    numbers = stored.numbers
    fitting = [n for n, e in ENCODINGS.items() if sort_of(numbers) == sort_of(np.empty(0, e.dtype))]
    names = ", ".join(fitting or ENCODINGS)
    return (
        f"{_NAME} holds {numbers.dtype.name} numbers, which don't say what they mean: give "
        f"encoding='mm' for millimetres, or another of {names}; or, for numbers that are values "
        "already, DepthMap(array)"
    )


def _rules(invalid: float | Sequence[float] | InvalidNumbers | None) -> InvalidNumbers:
    """Return which numbers mean "nothing here": those given, beside the codes known."""
    if invalid is None:
        return RECOGNISED
    if isinstance(invalid, InvalidNumbers):
        return invalid
    numbers = invalid if isinstance(invalid, Sequence) else (invalid,)
    try:
        return InvalidNumbers(numbers=tuple(float(number) for number in numbers))
    except (TypeError, ValueError):
        raise EncodingError(
            f"invalid is {invalid!r}: give a number, a list of numbers, or an InvalidNumbers"
        ) from None
