"""How a map's values are kept: whole numbers of 16 bits with a step, or floats."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap
from dsdmsr.io.png import pack_png

__all__ = ["Stored", "restore", "store"]

_LARGEST = 65535


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The numbers that a map is kept as.

    Whole numbers (uint16) mean ``offset + quantum·number``, and 0 is an invalid pixel. Floats
    (float32) mean themselves, and NaN is an invalid pixel; then `quantum` is None.
    """

    numbers: NDArray[np.generic]
    """H×W, uint16 or float32."""
    quantum: float | None = None
    """The step of whole numbers, in the map's unit."""
    offset: float = 0.0
    """What 0 would mean, in the map's unit."""
    ends: tuple[float, float] | None = None
    """The least and the greatest valid value of the map; None if none is valid."""

    @property
    def suffix(self) -> str:
        """The ending of its file's name."""
        return ".npy" if self.quantum is None else ".png"

    def to_bytes(self) -> bytes:
        """Return the content of its file."""
        if self.quantum is not None:
            return pack_png(self.numbers)
        buffer = io.BytesIO()
        np.save(buffer, self.numbers, allow_pickle=False)
        return buffer.getvalue()


def store(depth: DepthMap, quantum: float | None, *, shift: bool = True) -> Stored:
    """Choose the numbers that a map is kept as.

    Values are rounded (half up) to steps of `quantum`, all shifted alike where the least would not
    be positive or the greatest too large. A map that doesn't fit 16 bits stays float.

    Args:
        depth: The map.
        quantum: The step, in the map's unit; None keeps floats.
        shift: Whether values may be shifted; those that would have to be then stay float.
    """
    ends = _ends(depth)
    if quantum is not None:
        least, most = (np.floor(end / quantum + 0.5) for end in ends or (quantum, quantum))
        by = 0 if least >= 1 and most <= _LARGEST else int(1 - least)
        if most + by <= _LARGEST and (shift or not by):
            # In float32 a step is off by 0.004 at most, which may lead out of the range at its
            # ends. All are positive where valid, so that cutting off rounds down.
            steps = depth.values * np.float32(1 / quantum)
            steps += np.float32(0.5 + by)
            near_an_end = least + by == 1 or most + by == _LARGEST
            if near_an_end:
                np.clip(steps, 1, _LARGEST, out=steps)
            numbers = steps.astype(np.uint16)
            if by or near_an_end:
                numbers[~depth.valid] = 0
            return Stored(numbers=numbers, quantum=quantum, offset=-by * quantum, ends=ends)
    return Stored(numbers=np.where(depth.valid, depth.values, np.float32("nan")), ends=ends)


def _ends(depth: DepthMap) -> tuple[float, float] | None:
    """Return the least and the greatest valid value; None if none is valid."""
    if not depth.valid.any():
        return None
    least, most = (
        float(end(np.where(depth.valid, depth.values, np.float32(-sign * np.inf))))
        for sign, end in ((-1, np.min), (1, np.max))
    )
    return least, most


def restore(
    numbers: NDArray[np.generic], quantum: float | None, offset: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the values, 0 where invalid, and what is valid; see `Stored`."""
    if quantum is None:
        valid = np.isfinite(numbers)
        return np.where(valid, numbers, np.float32(0)).astype(np.float32), valid
    valid = numbers != 0
    values = offset + quantum * numbers.astype(np.float64)
    return np.where(valid, values, 0).astype(np.float32), valid
