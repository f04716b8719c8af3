"""Depth maps and what follows from them alone, with NumPy only."""

from dsdmsr.depth.cameras import Intrinsics, Stereo
from dsdmsr.depth.map import DepthMap, Kind, Unit

__all__ = ["DepthMap", "Intrinsics", "Kind", "Stereo", "Unit"]
