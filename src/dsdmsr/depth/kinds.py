"""What the values of a map are, and their units."""

from __future__ import annotations

from typing import Literal

__all__ = ["Kind", "Unit"]

Kind = Literal["depth", "disparity", "inverse_depth", "height"]
"""Depth is the distance along the optical axis, 0 or more. The others may be negative: disparity,
inverse depth (relative ones have any origin), and height above a datum, as in elevation models."""
Unit = Literal["m", "px", "level"]
