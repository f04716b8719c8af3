"""Rendered scenes by number: painted cut-outs and ray-cast solids, as a sensor would give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.data.scenes.cutouts import CutoutConfig, render_cutouts
from dsdmsr.data.scenes.raycast import ray_cast
from dsdmsr.data.scenes.sampling import check_sampling
from dsdmsr.data.scenes.scenery import BACKDROP, SceneryConfig, furnish
from dsdmsr.data.scenes.sensing import (
    SensingConfig,
    fray,
    round_to_levels,
    soften,
    valid_from_second_camera,
)
from dsdmsr.data.seeds import generator

__all__ = ["SceneConfig", "render_scenes"]


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
        check_sampling(self, probabilities=("ray_cast",))


def render_scenes(
    seed: int,
    indices: Sequence[int],
    size: tuple[int, int],
    config: SceneConfig,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:
    """Render scenes of a series. Each depends on (seed, index) alone, not on the others.

    Args:
        seed: Names the series; 0 or more.
        indices: Numbers of the scenes in the series; 0 or more.
        size: Height and width in pixels.
        config: What scenes look like.
        device: Where rays are cast. Devices differ by rounding only.

    Returns:
        Maps, b×1×h×w, float32, of arbitrary unit, larger is nearer: inverse depth, or, as often
        as ``config.scenery.depth`` says, the negative of depth; and valid pixels, bool. On the CPU.
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
        scene = 1 / next(distances)[0] if ray_casts else render_cutouts(rng, size, config.cutouts)
        share = config.scenery.depth if ray_casts else None
        sensed, valid = _sense(rng, scene, config.sensing, depth_share=share)
        maps.append(sensed)
        valids.append(valid)
    return (
        torch.from_numpy(np.stack(maps)[:, None]),
        torch.from_numpy(np.stack(valids)[:, None]),
    )


def _sense(
    rng: np.random.Generator,
    scene: NDArray[np.floating],
    config: SensingConfig,
    *,
    depth_share: float | None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a scene as a sensor gives it, and which pixels are valid.

    Args:
        rng: Where the randomness comes from.
        scene: Inverse depth, h×w.
        config: What the sensor does.
        depth_share: How often the map is the negative of depth instead; None: never.
    """
    # A series without exact scenes must not depend on their having been asked for.
    exact = config.exact > 0 and rng.random() < config.exact
    scene = scene if exact else fray(rng, scene, config)
    valid = valid_from_second_camera(rng, scene, config)
    if depth_share is not None and rng.random() < depth_share:
        scene = -1 / scene
    scene = scene if exact else round_to_levels(rng, soften(rng, scene, config), config)
    return scene.astype(np.float32), valid
