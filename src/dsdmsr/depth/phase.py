"""Where the pixels of a low-resolution map sit among those of the larger one."""

from __future__ import annotations

from typing import Literal, NamedTuple, cast, get_args

from dsdmsr.errors import ConfigError

__all__ = ["Axis", "Phase", "axis", "check_phase"]

Phase = Literal["centre", "corner", "aligned"]
"""centre: in the middle of the pixels that it covers, as resizing and sensors have it. corner: on
the first of them, as taking every s-th pixel gives. aligned: the outermost pixels of both maps sit
on each other, as ``align_corners=True`` gives."""


class Axis(NamedTuple):
    """The map from pixel coordinates of one axis to those of a larger map.

    Pixel centres lie at whole numbers: ``x' = factor·x + offset``.
    """

    factor: float
    """How many times denser the pixels are."""
    offset: float
    """Where the first pixel's centre lies in the larger map."""

    def of(self, x: float) -> float:
        """Return where a coordinate lies in the larger map."""
        return self.factor * x + self.offset

    def of_corner(self, x: float) -> float:
        """Return the same for coordinates that have the first pixel's outer corner at 0."""
        return self.of(x - 0.5) + 0.5


def axis(pixels: int, larger: int, phase: Phase = "centre") -> Axis:
    """Return the map of an axis of `pixels` to one of `larger`.

    Example:
        >>> axis(160, 640), axis(160, 640, "corner")
        (Axis(factor=4.0, offset=1.5), Axis(factor=4.0, offset=0.0))
    """
    factor = larger / pixels
    if phase == "corner":
        return Axis(factor, 0.0)
    if phase == "aligned" and pixels > 1:
        return Axis((larger - 1) / (pixels - 1), 0.0)
    return Axis(factor, (factor - 1) / 2)


def check_phase(phase: str) -> Phase:
    """Return a phase.

    Raises:
        ConfigError: If there is none of that name.
    """
    if phase not in get_args(Phase):
        raise ConfigError(f"phase is {phase!r}: allowed are {', '.join(get_args(Phase))}")
    return cast(Phase, phase)
