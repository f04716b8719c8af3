"""A packaged sample: a rendered depth map in low and high resolution."""

from __future__ import annotations

from importlib import resources

from dsdmsr.depth.map import DepthMap
from dsdmsr.io.files import read_depth

__all__ = ["sample"]


def sample() -> tuple[DepthMap, DepthMap]:
    """Return a low-resolution depth map of 120×160 pixels, and its ground truth of 480×640.

    Both are in metres. They are scene 9 of `dsdmsr.data.scenes.render_sample`, rounded to
    millimetres.

    Example:
        >>> lr_depth, hr_depth = sample()
        >>> lr_depth.shape, hr_depth.shape, hr_depth.unit
        ((120, 160), (480, 640), 'm')
    """
    lr_depth, hr_depth = map(_packaged, ("lr_depth.png", "hr_depth.png"))
    return lr_depth, hr_depth


def _packaged(name: str) -> DepthMap:
    with resources.as_file(resources.files("dsdmsr.io.sample") / name) as path:
        return read_depth(path, "mm")
