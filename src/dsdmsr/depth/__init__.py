"""Depth maps and what follows from them alone, with NumPy only."""

from dsdmsr.depth.map import DepthMap, Intrinsics, Kind, Stereo, Unit

__all__ = ["DepthMap", "Intrinsics", "Kind", "Stereo", "Unit"]
