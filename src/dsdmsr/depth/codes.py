"""Numbers that mean "nothing here" without saying so: what renderers and sensors write far away.

They are recognised by how they sit in a map: one exact number, far outside of all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.kinds import Kind

__all__ = ["CLEAR", "USUAL", "Code", "find_codes"]

_FLOAT32, _FLOAT16 = float(np.finfo(np.float32).max), float(np.finfo(np.float16).max)

CLEAR: dict[float, str] = {
    1e10: "Blender's and Kubric's background",
    _FLOAT16: "the largest half float: AirSim's, Unreal's and half-float EXR's background",
    65535.0: "the largest 16-bit number",
    65534.0: "the largest 16-bit number but one",
    _FLOAT32: "the largest float",
    float(np.float32(3.4e38)): "ESRI's no data",
    float(np.finfo(np.float64).max): "the largest double",
    float(np.float32(9.969209968386869e36)): "netCDF's fill value",
    9.969209968386869e36: "netCDF's fill value",
    float(np.float32(1.70141e38)): "Surfer's blank",
    1.70141e38: "Surfer's blank",
    float(2**31 - 1): "the largest 32-bit number",
    float(2**31): "the largest 32-bit number, as a float",
    float(2**32 - 1): "the largest 32-bit number without a sign",
    float(2**32): "the largest 32-bit number without a sign, as a float",
    -9999.0: "GDAL's usual no data",
    -99999.0: "a usual no data",
    -32768.0: "SRTM's void",
    -32767.0: "a usual no data of 16 bits",
    -_FLOAT32: "ESRI's and QGIS's no data",
    float(np.float32(-3.4e38)): "ESRI's no data",
    float(-(2**31)): "the smallest 32-bit number",
}
"""Number → whose. Sources: Blender's and Kubric's render passes; IEEE 754; AirSim's image API;
GDAL's raster drivers; netCDF's ``NC_FILL_FLOAT``; USGS's SRTM documentation; ESRI's float grids."""
USUAL: dict[float, str] = {
    1000.0: "CARLA's and Unity's far plane",
    1e4: "Depth Pro's sky",
    9999.0: "a usual no data",
    **{
        number: "a power of ten"
        for k in (2, *range(5, 10), *range(11, 31))
        for number in (float(10**k), float(np.float32(10.0**k)))
    },
    **{
        float(np.float32(65535 / per)): f"65535 / {per}, the largest 16-bit number"
        for per in (100, 256, 1000, 4000, 5000, 6553.5)
    },
    **{float(2**k - 1): f"the largest {k}-bit number" for k in (12, 13, 14, 15)},
    20000.0: "a far plane",
    50000.0: "a far plane",
    100000.0: "a far plane",
}
"""Number → whose, where many pixels have to have it, since surfaces may, too."""

_FAR = 3.0
"""A code is so many times as large as what else there is."""
_SO_FAR = 1000.0
"""No surface is flat and so many times as far as all others: a code, whatever its number."""
_FEW = 4
"""Pixels that have to have a number; fewer are wrong pixels, or extremes. Of a number of `CLEAR`
below 0, which no surface has, one is enough."""
_MANY, _MANY_SHARE = 16, 0.005
"""Pixels that have to have a number that surfaces may have, too."""
_BLEND = 100.0
"""Antialiasing blends codes with surfaces: what is far, and over a hundredth of one, is a blend."""
_FULL = 0.95
"""Where others end below this share of the largest number that a type holds, that one is a code."""
_BULK = 0.9
"""The quantile of other numbers that tells what is far."""
_CODES_MAX = 4


class Code(NamedTuple):
    """A number of a map that means "nothing here"."""

    number: float
    """The number."""
    meaning: str
    """Whose it is, for people."""
    beyond: float | None = None
    """From which number on the blends of it with surfaces begin, if there are any."""

    def matches(self, numbers: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which numbers are it, or blends with it; any shape."""
        here = np.asarray(numbers == self.number)
        if self.beyond is not None:
            here |= np.asarray(numbers >= self.beyond)
        return here


def find_codes(
    numbers: NDArray[Any], usable: NDArray[np.bool_], kind: Kind = "depth"
) -> list[Code]:
    """Return the numbers in a map that mean "nothing here", by how they sit in it.

    A number of `CLEAR` is one if at least four pixels have it, and it is more than three times as
    large as what nine tenths of the others are at most; or, below 0, in any pixel, where it lies
    further down than the others' range is wide. One of `USUAL` needs many pixels. So does any other
    that is a thousand times as large as the largest besides it. A single negative number where all
    others are 0 or more is one, too, unless they are heights; and the largest that a type of whole
    numbers holds, in many pixels, where others end well below it.

    In disparity and inverse depth the largest number is the nearest surface: being large is not
    enough there, and whole numbers of inverse depth, scaled to the largest that their type holds,
    have no such code at all.

    Args:
        numbers: A file's numbers, H×W. 8-bit ones have no codes.
        usable: Which of them are finite, and not known to mean nothing.
        kind: What they are, if they are no code.

    Example:
        >>> wall = np.tile(np.linspace(2, 3, 20), (20, 1))
        >>> wall[:, :5] = 1e10
        >>> find_codes(wall, np.ones(wall.shape, bool))[0].meaning
        "Blender's and Kubric's background"
    """
    if numbers.dtype.kind not in "fiu" or numbers.dtype.itemsize < 2 or not usable.any():
        return []
    if not _may_have_codes(numbers, usable):
        return []
    used = numbers[usable].astype(np.float64)
    return list(_codes(used, numbers.dtype, kind))


def _may_have_codes(numbers: NDArray[Any], usable: NDArray[np.bool_]) -> bool:
    """Return whether the least and the greatest of a map's numbers leave room for codes.

    They tell it of most maps in a few passes and without a copy: too few pixels have either, or
    there is nothing far.
    """
    # Both pass NaN over. Where another number that means nothing is an end, nobody can tell.
    least, greatest = np.fmin.reduce(numbers, None), np.fmax.reduce(numbers, None)
    if least < 0:
        count = np.count_nonzero((numbers == least) & usable)
        if not count or count >= _FEW or float(least) in CLEAR:
            return True
    step = max(1, numbers.size // 1000)
    sample = numbers.ravel()[::step][usable.ravel()[::step]].astype(np.float64)
    if least >= 0 and greatest < min(USUAL):
        middle = float(np.median(sample)) if sample.size else 0.0
        if float(greatest) < _SO_FAR * max(middle, 1e-30):
            return False
    count = np.count_nonzero((numbers == greatest) & usable)
    if not count:
        return True
    if float(greatest) in CLEAR or float(greatest) == _full(numbers.dtype):
        return bool(count >= _FEW)
    # What isn't three times as large as all others is no code of the rest.
    near = (sample < greatest) & (_FAR * np.abs(sample) >= greatest)
    return _are_many(count, int(np.count_nonzero(usable))) and not bool(near.any())


def _are_many(count: int | np.integer[Any], pixels: int) -> bool:
    return int(count) >= max(_MANY, _MANY_SHARE * pixels)


def _codes(used: NDArray[np.float64], dtype: np.dtype[Any], kind: Kind) -> Iterator[Code]:
    """Yield codes among the numbers of a map that is stored as `dtype`."""
    full = _full(dtype)
    for _ in range(_CODES_MAX):
        code = (_largest(used, full, kind) or _least(used, kind)) if used.size else None
        if code is None:
            return
        yield code
        used = used[~code.matches(used)]


def _full(dtype: np.dtype[Any]) -> float | None:
    """Return the largest number that whole numbers of a type may be; None for floats."""
    return float(np.iinfo(dtype).max) if dtype.kind in "iu" else None


def _largest(used: NDArray[np.float64], full: float | None, kind: Kind) -> Code | None:
    """Return the largest number, if it is a code; `full` is the largest that whole ones may be."""
    if full is not None and kind == "inverse_depth":
        return None
    number = float(used.max())
    count = np.count_nonzero(used == number)
    many = _are_many(count, used.size)
    if number <= 0 or count < _FEW or not (many or number in CLEAR):
        return None
    others = used[used < number]
    if number == full and many and others.size and float(others.max()) < _FULL * number:
        return Code(number, CLEAR.get(number) or USUAL.get(number, "the largest of its type"))
    if number in CLEAR:
        if not others.size:
            return Code(number, CLEAR[number])
        bulk = max(float(np.quantile(others, _BULK)), 0.0)
        if number <= _FAR * bulk:
            return None
        beyond = max(_FAR * bulk, number / _BLEND)
        return Code(number, CLEAR[number], beyond if float(others.max()) >= beyond else None)
    if not others.size:
        return None
    highest = float(np.abs(others).max())
    if not highest:
        return None
    if number in USUAL and number > _FAR * highest:
        return Code(number, USUAL[number])
    if number > _SO_FAR * highest and kind in ("depth", "height"):
        return Code(number, f"{number / highest:.3g} times as large as any other number")
    return None


def _least(used: NDArray[np.float64], kind: Kind) -> Code | None:
    number = float(used.min())
    if number >= 0:
        return None
    others = used[used > number]
    if not others.size:
        return Code(number, CLEAR[number]) if number in CLEAR else None
    lowest, range_ = float(others.min()), float(np.ptp(others))
    if number in CLEAR and lowest - number > max(range_, abs(lowest)):
        return Code(number, CLEAR[number])
    if lowest >= 0 and kind != "height" and used.size - others.size >= _FEW:
        return Code(number, "the only negative number")
    return None
