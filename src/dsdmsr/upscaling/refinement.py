"""Settings of the refinement, `dsdmsr.upscaling.refine`, which needs torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

from dsdmsr.depth.estimate import estimate_noise
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError, require

__all__ = ["CONTEXT", "Averaging", "Refinement"]

Averaging = Literal["bicubic", "area"]
"""Degradations in which every high-resolution pixel has a weight."""

CONTEXT = 12
"""By how many low-resolution pixels more than it returns a tile is solved."""


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """Settings of how predictions are refined; see `dsdmsr.upscaling.refine`.

    Raises:
        ConfigError: If the noise is no number of 0 or more, or the degradation is another.
        DependencyError: If torch is not installed.
    """

    noise: float | None = None
    """Standard deviation of the input's noise, in its unit. Default: estimated, and taken for the
    least there is. Without noise the result, downsampled, is the input."""
    degradation: Averaging = "bicubic"
    """How low-resolution maps are taken to come from high-resolution ones, see
    `dsdmsr.degradation`. Where they are samples rather than means, there is little to agree
    with: spikes would do."""

    def __post_init__(self) -> None:
        if self.noise is not None and not (isfinite(self.noise) and self.noise >= 0):
            raise ConfigError(f"noise is {self.noise}: give 0 or more in the map's unit")
        if self.degradation not in get_args(Averaging):
            raise ConfigError(
                f"degradation is {self.degradation!r}: allowed for refinement are "
                f"{', '.join(get_args(Averaging))}, which average high-resolution pixels"
            )
        require("torch", "refinement (--refine)")

    def noise_of(self, depth: DepthMap) -> float:
        """Return the standard deviation of a map's noise, in its unit."""
        if self.noise is None:
            return estimate_noise(depth.values, depth.valid) or 0.0
        return self.noise
