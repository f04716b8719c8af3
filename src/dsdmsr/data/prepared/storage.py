"""The stored form of a map: whole numbers of 16 bits with a step, or floats."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dsdmsr.depth.map import DepthMap, Kind
from dsdmsr.io.png import pack_png

__all__ = ["StoredMap", "extremes", "numbers_from_bytes", "restore", "store"]

_LARGEST = 65535


@dataclass(frozen=True, kw_only=True)
class StoredMap:
    """A map as it is kept on the disk and in memory.

    Whole numbers (uint16) mean ``offset + quantum·number``, and 0 is an invalid pixel. Floats
    (float32) mean themselves, and NaN is an invalid pixel; then `quantum` is None.

    Raises:
        ValueError: If the numbers are not those of a map of that kind and quantum.
    """

    numbers: NDArray[np.generic]
    """H×W, uint16 or float32."""
    kind: Kind
    """The map's kind."""
    quantum: float | None = None
    """The step of whole numbers, in the map's unit."""
    offset: float = 0.0
    """The value of 0, in the map's unit."""
    name: str = ""
    """Where it comes from, for people."""

    def __post_init__(self) -> None:
        step = self.quantum
        known = self.kind in get_args(Kind) and (step is None or 0 < step < np.inf)
        sort = "f" if step is None else "u"
        if not known or self.numbers.ndim != 2 or self.numbers.dtype.kind != sort:
            raise ValueError(
                f"{self.numbers.dtype} of kind {self.kind!r} and quantum {step!r} is no map"
            )

    @classmethod
    def from_record(
        cls, numbers: NDArray[np.generic], record: Mapping[str, Any], name: str
    ) -> StoredMap:
        """Return the map of a file's numbers and its record in an index, a manifest or a shard.

        Args:
            numbers: H×W.
            record: Has the keys kind, quantum and offset, as numbers or as text.
            name: Where it comes from, for people.

        Raises:
            KeyError: If the record lacks one of the keys.
            ValueError: If it is no map.
        """
        quantum, offset, kind = record["quantum"], record["offset"], record["kind"]
        return cls(
            numbers=numbers,
            kind=cast(Kind, kind),
            quantum=None if quantum in (None, "") else float(str(quantum)),
            offset=float(str(offset)),
            name=name,
        )

    @property
    def suffix(self) -> str:
        """The ending of its file's name."""
        return ".npy" if self.quantum is None else ".png"

    def to_bytes(self) -> bytes:
        """Return the content of its file; `numbers_from_bytes` is the inverse."""
        if self.quantum is not None:
            return pack_png(self.numbers)
        buffer = io.BytesIO()
        np.save(buffer, self.numbers, allow_pickle=False)
        return buffer.getvalue()


def numbers_from_bytes(content: bytes, suffix: str) -> NDArray[np.generic]:
    """Return the numbers of a stored map's file.

    Args:
        content: What `StoredMap.to_bytes` returned.
        suffix: Its `StoredMap.suffix`.

    Raises:
        EOFError, OSError, SyntaxError, ValueError: If it is damaged.
    """
    if suffix == ".npy":
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        return np.asarray(image).astype(np.uint16)


def extremes(depth: DepthMap) -> tuple[float, float] | None:
    """Return the least and the greatest valid value; None if none is valid."""
    if not depth.valid.any():
        return None
    least, most = (
        float(end(np.where(depth.valid, depth.values, np.float32(-sign * np.inf))))
        for sign, end in ((-1, np.min), (1, np.max))
    )
    return least, most


def store(
    depth: DepthMap,
    quantum: float | None,
    ends: tuple[float, float] | None,
    *,
    shift: bool = True,
) -> StoredMap:
    """Choose the numbers that a map is kept as.

    Values are rounded (half up) to steps of `quantum`, all shifted alike where the least would not
    be positive or the greatest too large. A map that doesn't fit 16 bits stays float.

    Args:
        depth: The map.
        quantum: The step, in the map's unit; None keeps floats.
        ends: The map's `extremes`.
        shift: Whether values may be shifted; those that would have to be then stay float.
    """
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
            return StoredMap(
                numbers=numbers, kind=depth.kind, quantum=quantum, offset=-by * quantum
            )
    values = np.where(depth.valid, depth.values, np.float32("nan"))
    return StoredMap(numbers=values, kind=depth.kind)


def restore(
    numbers: NDArray[np.generic], quantum: float | None, offset: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the values, 0 where invalid, and what is valid; see `StoredMap`."""
    if quantum is None:
        valid = np.isfinite(numbers)
        return np.where(valid, numbers, np.float32(0)).astype(np.float32), valid
    valid = numbers != 0
    values = offset + quantum * numbers.astype(np.float64)
    return np.where(valid, values, 0).astype(np.float32), valid
