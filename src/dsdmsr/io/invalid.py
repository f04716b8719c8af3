"""Which numbers in a depth file mean "nothing here"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.codes import Code, find_codes
from dsdmsr.depth.encoding import Encoding
from dsdmsr.errors import ConfigError
from dsdmsr.io.stored import Stored

__all__ = ["RECOGNISED", "InvalidNumbers", "Usable", "equals", "usable_pixels"]


@dataclass(frozen=True, kw_only=True)
class InvalidNumbers:
    """Say which numbers in a file mean "nothing here", beside those that it declares.

    Raises:
        ConfigError: If `above` is NaN.

    Example:
        >>> InvalidNumbers(numbers=(65535,), above=10).codes
        True
    """

    numbers: tuple[float, ...] = ()
    """Numbers as they stand in the file."""
    codes: bool = True
    """Whether the codes of renderers and sensors are recognised; see `dsdmsr.depth.codes`."""
    above: float | None = None
    """Larger values, in the map's unit, are invalid."""
    farthest: bool = False
    """Whether the farthest number, exactly, is a background: the greatest depth or height, the
    least disparity or inverse depth."""

    def __post_init__(self) -> None:
        if self.above is not None and math.isnan(self.above):
            raise ConfigError("above is NaN: give a number")


RECOGNISED = InvalidNumbers()
"""None but the codes that are recognised."""


class Usable(NamedTuple):
    """Which of a file's numbers are values."""

    valid: NDArray[np.bool_]
    """H×W."""
    marker: float | None
    """The number that most of the others have; None if it is the encoding's or there are none."""
    notes: tuple[str, ...]
    """What was recognised, a line each."""


def usable_pixels(stored: Stored, encoding: Encoding, rules: InvalidNumbers) -> Usable:
    """Return which of a file's numbers are values.

    Args:
        stored: What was read.
        encoding: What its numbers mean.
        rules: What else means nothing.
    """
    numbers = stored.numbers
    nothing = [*stored.nodata, *rules.numbers]
    # A file that says which number means nothing has 0 for a value.
    if not (stored.nodata and encoding.largest is None):
        nothing.append(encoding.invalid)
        if encoding.largest is not None and not encoding.zero_is_value:
            nothing.append(0.0)
    valid = np.isfinite(numbers) if numbers.dtype.kind == "f" else np.ones(numbers.shape, np.bool_)
    if stored.valid is not None:
        valid &= stored.valid
    for number in dict.fromkeys(nothing):
        valid &= ~equals(numbers, number)
    codes = find_codes(numbers, valid, encoding.kind) if rules.codes else []
    for code in codes:
        valid &= ~code.matches(numbers)
    notes = [_note(code, numbers) for code in codes]
    if rules.farthest and valid.any():
        ends = numbers[valid]
        far = ends.min() if encoding.kind in ("disparity", "inverse_depth") else ends.max()
        valid &= numbers != far
    if rules.above is not None:
        with np.errstate(invalid="ignore"):
            valid &= numbers <= rules.above * encoding.per_unit + encoding.offset
    return Usable(valid, _marker(stored, encoding, valid, codes), tuple(notes))


def equals(numbers: NDArray[Any], number: float) -> NDArray[np.bool_]:
    """Return which numbers are a given one, at the precision that they have."""
    if not math.isfinite(number):
        return np.asarray(numbers == number)
    if numbers.dtype.kind != "f":
        # Whole numbers are compared as such, many times as fast as with floats.
        whole = number == int(number)
        return np.asarray(numbers == int(number)) if whole else np.zeros(numbers.shape, np.bool_)
    with np.errstate(over="ignore"):
        return np.asarray(numbers == numbers.dtype.type(number))


def _note(code: Code, numbers: NDArray[Any]) -> str:
    share = float(code.matches(numbers).mean())
    blends = "" if code.beyond is None else ", with its blends"
    return (
        f"{share:.1%} of the pixels are {code.number:.7g}{blends} ({code.meaning}), taken for no "
        "surface; --invalid none keeps them"
    )


def _marker(
    stored: Stored, encoding: Encoding, valid: NDArray[np.bool_], codes: list[Code]
) -> float | None:
    """Return the number that stands for most invalid pixels in the file."""
    if valid.all():
        return stored.nodata[0] if stored.nodata else None
    # Nearly always it is NaN or the encoding's, which are counted without a copy.
    half = (valid.size - np.count_nonzero(valid)) / 2
    if stored.numbers.dtype.kind == "f" and np.count_nonzero(np.isnan(stored.numbers)) > half:
        return math.nan
    if not stored.nodata and np.count_nonzero(equals(stored.numbers, encoding.invalid)) > half:
        return encoding.invalid
    holes = stored.numbers[~valid]
    candidates = [*stored.nodata, *(code.number for code in codes), encoding.invalid, 0.0]
    if holes.dtype.kind == "f":
        candidates += [math.inf, -math.inf]
    counts = {number: int(equals(holes, number).sum()) for number in candidates}
    if holes.dtype.kind == "f":
        counts[math.nan] = int(np.isnan(holes).sum())
    number, count = max(counts.items(), key=lambda item: item[1])
    return number if 2 * count >= holes.size or stored.nodata else None
