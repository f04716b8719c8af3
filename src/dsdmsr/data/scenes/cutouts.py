"""Layered cut-outs: depth scenes by the painter's algorithm.

A background and some dozens of surfaces, each slanted, curved, bumpy or spherical behind a
silhouette, are painted from far to near. Edges are exact: a pixel shows the nearest surface at its
centre, as a depth map does, and nothing in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.sampling import check_sampling, count_objects, log_uniform
from dsdmsr.data.scenes.sensing import jitter
from dsdmsr.data.scenes.shapes import sample_silhouette

__all__ = ["CutoutConfig", "render_cutouts"]

FloatMap = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class CutoutConfig:
    """Describe the scenes.

    Raises:
        ConfigError: If a range is empty or a probability is not one.
    """

    objects: tuple[int, int] = (4, 40)
    """Fewest and most objects in a scene of 256×256; the number grows with the area."""
    radius: tuple[float, float] = (6.0, 200.0)
    """Smallest and largest object, in pixels; sampled log-uniformly."""
    flat: float = 0.3
    """How often a surface is fronto-parallel."""
    ragged: float = 0.2
    """How often an outline is ragged by a pixel or two."""

    def __post_init__(self) -> None:
        check_sampling(self, ranges=("objects", "radius"), probabilities=("flat", "ragged"))


def _surface(
    rng: np.random.Generator, x: FloatMap, y: FloatMap, radius: float, relief: float, flat: float
) -> FloatMap:
    """Sample a relief of about the size `relief`, over coordinates relative to its centre."""
    kind = rng.random()
    if kind < flat:
        return np.zeros((1, 1), dtype=np.float32)
    slope = rng.normal(0, 1, 2) * relief / radius
    height: FloatMap = np.float32(slope[0]) * x + np.float32(slope[1]) * y
    if kind < flat + 0.35 * (1 - flat):
        return height
    if kind < flat + 0.65 * (1 - flat):
        bend = rng.normal(0, 1, 3) * relief / radius**2
        squares = np.float32(bend[0]) * (x * x) + np.float32(bend[1]) * (y * y)
        return np.asarray(height + squares + np.float32(bend[2]) * (x * y))
    if kind < flat + 0.85 * (1 - flat):
        a = np.float32(radius * rng.uniform(1.0, 1.6))
        b = a if rng.random() < 0.5 else np.float32(10 * a)
        dome = np.sqrt(np.clip(1 - (x / a) ** 2 - (y / b) ** 2, 0, None))
        bulge = np.float32(relief * rng.uniform(0.5, 2)) * dome
        return np.asarray(height * np.float32(0.3) + bulge)
    for _ in range(int(rng.integers(1, 4))):
        wave = rng.normal(0, 1, 2)
        wave *= 2 * np.pi / (radius * rng.uniform(0.15, 1.5)) / max(np.hypot(*wave), 1e-6)
        strength = relief * rng.uniform(0.02, 0.3)
        phase = rng.uniform(0, 2 * np.pi)
        turn = np.float32(wave[0]) * x + np.float32(wave[1]) * y + np.float32(phase)
        height = np.asarray(height + np.float32(strength) * np.sin(turn))
    return height


def render_cutouts(
    rng: np.random.Generator, size: tuple[int, int], config: CutoutConfig | None = None
) -> FloatMap:
    """Render a scene.

    Args:
        rng: Where the randomness comes from.
        size: Height and width in pixels.
        config: What scenes look like. Default: `CutoutConfig()`.

    Returns:
        A map of float32, h×w, of arbitrary unit, larger is nearer.
    """
    config = config or CutoutConfig()
    scene = _background(rng, size, config)
    count = count_objects(rng, config.objects, size)
    layered = rng.random() < 0.8
    bases = np.sort(rng.beta(1, rng.uniform(0.7, 2.5), count)) * 1.5 + 0.05 if layered else None
    for k in range(count):
        _paint_object(rng, scene, config, base=None if bases is None else float(bases[k]))
    return scene


def _background(rng: np.random.Generator, size: tuple[int, int], config: CutoutConfig) -> FloatMap:
    """Paint one surface, or two that meet in a crease, as a wall and a floor do."""
    yy = np.arange(size[0], dtype=np.float32)[:, None]
    xx = np.arange(size[1], dtype=np.float32)[None]
    scene = np.zeros(size, dtype=np.float32)
    for _ in range(1 + int(rng.random() < 0.3)):
        relief = log_uniform(rng, 0.05, 1.0)
        cy, cx = rng.uniform(0, 1, 2) * size
        x, y = xx - np.float32(cx), yy - np.float32(cy)
        offset = rng.normal(0, 0.1)
        wall = offset + _surface(rng, x, y, float(max(size)), relief, config.flat)
        scene = np.maximum(scene, wall).astype(np.float32)
    return scene


def _paint_object(
    rng: np.random.Generator, scene: FloatMap, config: CutoutConfig, *, base: float | None
) -> None:
    """Paint one object over the scene, `base` near, or anywhere."""
    height, width = scene.shape
    radius = float(log_uniform(rng, *config.radius))
    relief = min(0.5, log_uniform(rng, 0.005, 0.4) * radius / 60)
    shape = sample_silhouette(rng, radius)
    cy, cx = rng.uniform(-0.1, 1.1, 2) * scene.shape
    top, left = max(0, int(cy - shape.reach)), max(0, int(cx - shape.reach))
    bottom = min(height, int(cy + shape.reach) + 2)
    right = min(width, int(cx + shape.reach) + 2)
    if top >= bottom or left >= right:
        return
    x = np.arange(left, right, dtype=np.float32)[None] - np.float32(cx)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(cy)
    if rng.random() < config.ragged:
        wobble = jitter(rng, (bottom - top, right - left), rng.uniform(0.2, 1.0))
        inside = shape.inside(x + wobble, y - wobble[::-1])
    else:
        inside = shape.inside(x, y)
    nearness = rng.uniform(0, 1.5) if base is None else base
    surface = np.float32(nearness) + _surface(rng, x, y, radius, relief, config.flat)
    np.copyto(scene[top:bottom, left:right], surface, where=inside)
