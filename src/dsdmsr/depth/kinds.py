"""What the values of a map are, and their units."""

from __future__ import annotations

from typing import Literal, get_args

from dsdmsr.errors import DepthError, suggestion

__all__ = ["UNIT_WORDS", "Kind", "Unit", "check_kind"]

Kind = Literal["depth", "disparity", "inverse_depth", "height"]
"""Depth is the distance along the optical axis, 0 or more. The others may be negative: disparity,
inverse depth (relative ones have any origin), and height above a datum, as in elevation models."""
Unit = Literal["m", "px", "level"]
UNIT_WORDS: dict[Unit | None, str] = {
    "m": "metres",
    "px": "pixels",
    "level": "grey levels",
    None: "unit unknown",
}
"""Unit → what people call it."""


def check_kind(kind: str) -> None:
    """Check that there is a kind of this name.

    Raises:
        DepthError: If there is none.
    """
    names = get_args(Kind)
    if kind not in names:
        raise DepthError(
            f"kind is {kind!r}{suggestion(kind, names)}: allowed are {', '.join(names)}"
        )
