"""Ray-cast scenes as depth maps in metres, for people rather than for training."""

from __future__ import annotations

import numpy as np

from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.scenery import SceneryConfig
from dsdmsr.data.scenes.sensing import SensingConfig
from dsdmsr.depth.map import DepthMap

__all__ = ["render_depth"]

_NEAR, _FAR = 0.6, 4.0
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
