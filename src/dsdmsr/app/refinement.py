"""What was said of refinement."""

from __future__ import annotations

from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.refinement import Averaging, Refinement

__all__ = ["refinement_of"]


def refinement_of(
    refine: bool, noise: float | None, degradation: Averaging | None = None
) -> Refinement | None:
    """Return how answers are refined, if they are.

    Raises:
        ConfigError: If the noise isn't possible, or is given without `refine`.
    """
    if refine:
        return Refinement(noise=noise, degradation=degradation or "bicubic")
    if noise is not None:
        raise ConfigError("--noise serves --refine: give it, or leave it")
    return None
