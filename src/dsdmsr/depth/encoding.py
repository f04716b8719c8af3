"""What the numbers of a depth file mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dsdmsr.depth.kinds import Kind, Unit
from dsdmsr.errors import EncodingError

__all__ = ["Encoding"]


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """Say how the numbers of a file become values of a map: ``(number - offset) / per_unit``.

    Raises:
        EncodingError: If a number is not finite, `per_unit` not above 0, or `largest` not of 8 or
            16 bits; or if distances along the ray are of another kind than depth, or their focal
            length is not above 0.

    Example:
        >>> matterport = Encoding(meaning="Matterport3D", per_unit=4000, unit="m", largest=65535)
        >>> matterport.value_range
        (0.00025, 16.38375)
    """

    meaning: str
    """One line for people."""
    per_unit: float = 1.0
    """What one unit of the map is in the file."""
    offset: float = 0.0
    """The number that means 0."""
    kind: Kind = "depth"
    """The map's kind."""
    unit: Unit | None = None
    """The map's unit."""
    invalid: float = 0.0
    """The number that means "nothing here". NaN and infinity always do."""
    zero_is_value: bool = False
    """Whether 0 is a value; otherwise it always means "nothing here" among whole numbers."""
    largest: int | None = None
    """The largest whole number, for encodings of whole numbers; None for floats."""
    rotated: int = 0
    """By how many bits to the left the 16 bits of a number are rotated in the file."""
    along_ray: bool = False
    """Whether the numbers are distances to the camera's centre, ``Z·√(x² + y² + 1)`` with x and y
    in focal lengths from the principal point, so that a camera turns them into depth."""
    focal: float | None = None
    """For distances along the ray, where the file has no camera: its focal length in widths of the
    picture. The principal point is in the middle."""

    def __post_init__(self) -> None:
        if not (0 < self.per_unit < math.inf and math.isfinite(self.offset)):
            raise EncodingError(
                f"per_unit is {self.per_unit:g} and offset {self.offset:g}: give finite numbers, "
                "the first above 0"
            )
        if self.largest is not None and not 0 < self.largest < 2**16:
            raise EncodingError(f"largest is {self.largest}: give 1 to 65535, or None for floats")
        if self.along_ray and self.kind != "depth":
            raise EncodingError(f"distances along the ray are depth, not {self.kind}")
        if self.focal is not None and not 0 < self.focal < math.inf:
            raise EncodingError(f"focal is {self.focal:g}: give a number above 0")

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The array type that files of this encoding hold."""
        if self.largest is None:
            return np.dtype(np.float32)
        return np.dtype(np.uint8 if self.largest < 256 else np.uint16)

    @property
    def smallest(self) -> int:
        """The smallest whole number that is a value."""
        return 0 if self.zero_is_value else 1

    @property
    def value_range(self) -> tuple[float, float]:
        """The least and the greatest value that can be written and read back as valid."""
        if self.largest is None:
            limit = float(np.finfo(np.float32).max)
            least, greatest = (
                max(-limit, min((number - self.offset) / self.per_unit, limit))
                for number in (-limit, limit)
            )
            return (max(least, 0.0) if self.kind == "depth" else least), greatest
        least, greatest = (
            (number - self.offset) / self.per_unit for number in (self.smallest, self.largest)
        )
        return least, greatest
