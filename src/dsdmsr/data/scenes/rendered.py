"""Ray-cast scenes as depth maps in metres, for people rather than for training."""

from __future__ import annotations

import numpy as np
import torch

from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.scenery import SceneryConfig
from dsdmsr.data.scenes.sensing import SensingConfig
from dsdmsr.data.seeds import LARGEST_SEED
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError

__all__ = ["render_depth", "render_sample"]

_NEAR, _FAR = 0.6, 4.0
_SAMPLE_SIZE, _SAMPLE_SCALE = (480, 640), 4
_SAMPLE_SERIES = LARGEST_SEED + 1
"""A series that no training reaches."""
_SCENES = SceneConfig(
    ray_cast=1,
    scenery=SceneryConfig(things=(8, 14), radius=(12, 200), window=(1, 3), depth=0),
    sensing=SensingConfig(quantised=0),
)


def render_depth(seed: int, number: int, size: tuple[int, int]) -> DepthMap:
    """Render scene `number` of the series `seed`, 0.6 to 4 metres deep.

    Args:
        seed: Names the series; 0 or more.
        number: Of the scene in the series; 0 or more.
        size: Height and width in pixels.
    """
    scenes, _ = render_scenes(seed, [number], size, _SCENES)
    nearness = scenes[0, 0].numpy()
    share = (nearness - nearness.min()) / (nearness.max() - nearness.min())
    depth = 1 / (1 / _FAR + share.astype(np.float64) * (1 / _NEAR - 1 / _FAR))
    return DepthMap(depth, unit="m", encoding="mm")


def render_sample(seed: int) -> tuple[DepthMap, DepthMap]:
    """Render a depth map of 480×640 pixels, and downsample it by 4; both are in metres.

    Args:
        seed: Number of the scene, 0 to 2⁶⁴-1.

    Returns:
        The high-resolution and the low-resolution map.

    Raises:
        ConfigError: If `seed` is out of range.
    """
    if not 0 <= seed < 2**64:
        raise ConfigError(f"seed is {seed}: give 0 to {2**64 - 1}")
    hr_depth = render_depth(_SAMPLE_SERIES, seed, _SAMPLE_SIZE)
    values = torch.from_numpy(hr_depth.values.copy())[None, None]
    lr_values, _ = degrade(values, _SAMPLE_SCALE, "bicubic")
    return hr_depth, DepthMap(lr_values[0, 0].numpy(), unit="m", encoding="mm")
