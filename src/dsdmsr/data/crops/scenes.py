"""Crops that are rendered scenes."""

from __future__ import annotations

from collections.abc import Sequence

from dsdmsr.data.crops.source import CropStack
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.depth.map import Kind

__all__ = ["Synthetic"]

_KIND: Kind = "inverse_depth"


class Synthetic:
    """Crops that are scenes of their own; each is a function of (seed, number) alone.

    Args:
        scenes: What they look like.
    """

    def __init__(self, scenes: SceneConfig) -> None:
        self.scenes = scenes

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> CropStack:
        """Render the scenes; see `CropSource`."""
        depths, valids = render_scenes(seed, numbers, (size, size), self.scenes)
        names = tuple(f"scene {number} of seed {seed}" for number in numbers)
        return CropStack(depths, valids, tuple(_KIND for _ in numbers), names)
