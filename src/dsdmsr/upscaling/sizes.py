"""The size of results, and the factor that the network must serve for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dsdmsr.depth.phase import Axis, Phase, axis, check_phase
from dsdmsr.errors import ScaleError
from dsdmsr.scales import SCALES

__all__ = ["Goal", "Size"]


class Goal(NamedTuple):
    """The size that a map becomes."""

    factor: int
    """The factor by which the network enlarges it."""
    height: int
    """Rows of the result."""
    width: int
    """Columns of the result."""
    phase: Phase = "centre"
    """Where the low-resolution map's pixels sit among those of the result."""

    def exact(self, height: int, width: int) -> bool:
        """Return whether the network alone makes a map of `height` × `width` pixels so."""
        as_large = (self.factor * height, self.factor * width) == (self.height, self.width)
        return as_large and self.phase == "centre"

    def axes(self, height: int, width: int) -> tuple[Axis, Axis]:
        """Return where columns and rows of a map of `height` × `width` pixels come to lie."""
        return axis(width, self.width, self.phase), axis(height, self.height, self.phase)


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size that is asked for: a factor, or pixels.

    Raises:
        ScaleError: If not exactly one of them is given, or the factor is none of 2…16.
        ConfigError: If there is no such phase.
    """

    scale: int | None = None
    """A whole factor, 2…16."""
    pixels: tuple[int, int] | None = None
    """Height and width."""
    factors: tuple[int, ...] = SCALES
    """Those that the network serves."""
    phase: Phase = "centre"
    """Where the low-resolution map's pixels sit among those of the result."""

    def __post_init__(self) -> None:
        check_phase(self.phase)
        if (self.scale is None) == (self.pixels is None):
            raise ScaleError("give a scale or a size, one of them")
        if self.scale is not None:
            # 4.0 is 4; nothing is rounded.
            object.__setattr__(self, "scale", self._whole_scale(self.scale))
            return
        pixels = self.pixels
        if (
            not isinstance(pixels, tuple | list)
            or len(pixels) != 2
            or not all(isinstance(n, int | np.integer) for n in pixels)
        ):
            raise ScaleError(f"size is {pixels!r}: give height and width, such as (480, 640)")
        object.__setattr__(self, "pixels", (int(pixels[0]), int(pixels[1])))

    def _whole_scale(self, scale: object) -> int:
        """Return a scale that is a whole number in the range of the network's factors."""
        most = max(self.factors)
        if not isinstance(scale, int | float | np.integer | np.floating):
            raise ScaleError(f"scale is {scale!r}: allowed are whole numbers from 2 to {most}")
        if scale != scale // 1 or not 2 <= scale <= most:
            between = "; a size reaches what is between" if 1 < scale < most else ""
            raise ScaleError(
                f"scale is {scale:g}: allowed are whole numbers from 2 to {most}{between}"
            )
        return int(scale)

    def goal(self, height: int, width: int) -> Goal:
        """Return the size that a map of `height` × `width` pixels becomes.

        Raises:
            ScaleError: If the size asked for is not larger than the map, or too large for the
                network.
        """
        if self.scale is not None:
            rows, columns = self.scale * height, self.scale * width
        else:
            rows, columns = self.pixels or (0, 0)
        most = max(self.factors)
        inside = height <= rows <= most * height and width <= columns <= most * width
        if not inside or (rows, columns) == (height, width):
            raise ScaleError(
                f"size is {columns}x{rows} for a map of {width}x{height}: allowed is what is "
                f"larger, up to {most * width}x{most * height}"
            )
        fitting = (f for f in self.factors if f * height >= rows and f * width >= columns)
        return Goal(min(fitting), rows, columns, self.phase)
