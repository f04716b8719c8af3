"""Scenes by number: painted cut-outs and ray-cast solids, mixed, as a sensor would give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.data.scenes.cutouts import CutoutConfig, paint_cutouts
from dsdmsr.data.scenes.raycast import ray_cast
from dsdmsr.data.scenes.sampling import check_draws
from dsdmsr.data.scenes.scenery import BACKDROP, SceneryConfig, furnish
from dsdmsr.data.scenes.sensing import (
    SensingConfig,
    fray,
    round_to_levels,
    valid_from_second_camera,
)
from dsdmsr.data.seeds import generator

__all__ = ["SceneConfig", "draw_scenes"]


@dataclass(frozen=True, kw_only=True)
class SceneConfig:
    """Describe the scenes of a series.

    Raises:
        ConfigError: If a share is not between 0 and 1.
    """

    ray_cast: float = 0.0
    """Share of ray-cast scenes; the others are painted cut-outs."""
    scenery: SceneryConfig = field(default_factory=SceneryConfig)
    """The ray-cast scenes."""
    cutouts: CutoutConfig = field(default_factory=CutoutConfig)
    """The painted scenes."""
    sensing: SensingConfig = field(default_factory=SensingConfig)
    """What becomes of both."""

    def __post_init__(self) -> None:
        check_draws(self, probabilities=("ray_cast",))


def draw_scenes(
    seed: int,
    indices: Sequence[int],
    size: tuple[int, int],
    config: SceneConfig,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Draw scenes of a series. Each depends on (seed, index) alone, not on the others.

    Args:
        seed: Names the series; 0 or more.
        indices: Numbers of the scenes in the series; 0 or more.
        size: Height and width in pixels.
        config: What scenes look like.
        device: Where rays are cast. Devices differ by rounding only.

    Returns:
        Maps, b×1×h×w, float32, of arbitrary unit, larger is nearer: inverse depth, or, as often
        as ``config.scenery.depth`` says, the negative of depth; and which pixels are valid, bool.
        On the CPU.
    """
    generators = [generator(seed, index) for index in indices]
    cast = [rng.random() < config.ray_cast for rng in generators]
    furnished = [
        furnish(rng, size, config.scenery)
        for rng, ray_casts in zip(generators, cast, strict=True)
        if ray_casts
    ]
    distances = iter(ray_cast(furnished, size, backdrop=BACKDROP, device=device).cpu().numpy())
    maps, valids = [], []
    for rng, ray_casts in zip(generators, cast, strict=True):
        scene: NDArray[np.floating]
        scene = 1 / next(distances)[0] if ray_casts else paint_cutouts(rng, size, config.cutouts)
        # A series without exact scenes must not depend on their having been asked for.
        exact = config.sensing.exact > 0 and rng.random() < config.sensing.exact
        scene = scene if exact else fray(rng, scene, config.sensing)
        valids.append(valid_from_second_camera(rng, scene, config.sensing))
        if ray_casts and rng.random() < config.scenery.depth:
            scene = -1 / scene
        scene = scene if exact else round_to_levels(rng, scene, config.sensing)
        maps.append(scene.astype(np.float32))
    return (
        torch.from_numpy(np.stack(maps)[:, None]),
        torch.from_numpy(np.stack(valids)[:, None]),
    )
