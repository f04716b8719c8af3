"""The field's protocols: exactly how a figure comes about."""

from __future__ import annotations

from dataclasses import dataclass

from dsdmsr.degradation import Degradation
from dsdmsr.scales import SCALES

__all__ = ["PROTOCOLS", "MapSet", "Protocol"]


@dataclass(frozen=True, kw_only=True)
class MapSet:
    """Name the maps of a set: 8-bit PNGs of disparity levels, hole-filled."""

    folder: str
    """Where they lie below the data folder."""
    scenes: tuple[str, ...]
    """File names without ``.png``."""
    above: tuple[tuple[str, int], ...] = ()
    """Scene → the level that the truth must exceed for a pixel to count."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Describe how a prediction is made and compared.

    The truth is cropped right and bottom to a multiple of the factor and made smaller by
    `degradation`, in floating point.
    """

    letter: str
    """Its name in tables."""
    title: str
    """What it is and where it comes from."""
    degradation: Degradation
    """How small maps are made."""
    rounded: bool
    """Whether predictions are rounded half up and clipped to 0…255."""
    dropped: int
    """Rows at the bottom and columns at the right that don't count."""
    scales: tuple[int, ...]
    """The factors."""
    sets: tuple[tuple[str, MapSet], ...]
    """Set name → maps."""


_EVAL = "middlebury/eval"

PROTOCOLS: dict[str, Protocol] = {
    "a": Protocol(
        letter="a",
        title="noise-free Middlebury (MS-Net and MSG-Net, ECCV 2016), grey levels",
        degradation="bicubic",
        rounded=True,
        dropped=1,
        scales=SCALES,
        sets=(
            ("A", MapSet(folder=f"{_EVAL}/full", scenes=("art", "books", "moebius"))),
            (
                "B",
                MapSet(
                    folder=f"{_EVAL}/crop1080x1320",
                    scenes=("art", "books", "dolls", "laundry", "moebius", "reindeer"),
                    above=(("dolls", 9),),
                ),
            ),
            (
                "C",
                MapSet(
                    folder=f"{_EVAL}/classic_filled",
                    scenes=("cones", "teddy", "tsukuba", "venus"),
                ),
            ),
        ),
    ),
}
"""Letter → protocol."""
