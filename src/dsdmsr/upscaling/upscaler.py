"""A depth map in, a larger one out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsdmsr.depth import DepthMap
from dsdmsr.errors import ModelError
from dsdmsr.io import ENCODINGS
from dsdmsr.scales import check_scale
from dsdmsr.upscaling.backend import Backend, TorchBackend
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.normalised import normalise
from dsdmsr.zoo.pretrained import from_pretrained

__all__ = ["Upscaler"]

_MARGIN = 0.1
"""How far an output may lie outside the input's range, as a share of that range."""


class Upscaler:
    """Make depth maps `scale` times as large.

    Invalid pixels stay invalid, `scale` by `scale` pixels for each, and what stands under them
    changes nothing. The values keep their kind, unit and range: an output is at most a tenth of
    the input's range outside of it, never at or below zero where no input is, and never outside
    of what the input's encoding can hold. Intrinsics scale with the map; `stereo` stays.

    Args:
        backend: What runs the network.
        scale: The factor.
    """

    def __init__(self, backend: Backend, *, scale: int) -> None:
        self.backend, self.scale = backend, check_scale(scale)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        *,
        scale: int,
        device: str = "auto",
        ensemble: int = 1,
    ) -> Upscaler:
        """Make one with a trained network.

        Args:
            name: A packaged network, a folder, or a repository on the Hub. Default: the package's
                default network.
            scale: 2, 4, 8 or 16, as far as the network goes.
            device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda``, ``cuda:1``, …
            ensemble: 8 for the mean answer to the map turned and mirrored in all eight ways: a
                little more accurate, in eight times the time; or 1. Symmetric networks
                (``model.config.symmetric``) answer so at once.

        Raises:
            ScaleError: If the network does not serve `scale`.
            ModelError: If the network cannot be found or loaded.
            ConfigError: If the device is not there, or `ensemble` is neither 1 nor 8.
        """
        check_scale(scale)
        model = from_pretrained(None if name is None else str(name))
        check_scale(scale, model.scales)
        return cls(ensemble_of(TorchBackend(model, device), ensemble), scale=scale)

    def __call__(self, depth: DepthMap) -> DepthMap:
        """Return the map at ``scale·H × scale·W``.

        Args:
            depth: Any map with at least one valid pixel.

        Raises:
            DepthError: If no pixel is valid.
            ModelError: If the network gives values that are not finite.
        """
        scale = self.scale
        small = normalise(depth.values.astype(np.float64), depth.valid, self.backend.border)
        low, high = small.low, small.high
        if low == high:
            large = np.full((scale * depth.shape[0], scale * depth.shape[1]), low)
        else:
            large = small.restored(self.backend(small.lr_depth, scale), scale)
            if not np.isfinite(large).all():
                raise ModelError("the network gave values that are not finite: it is damaged")
            large = np.clip(large, *_allowed(low, high, depth.encoding))
        blocks = np.ones((scale, scale), dtype=bool)
        return DepthMap(
            large,
            np.kron(depth.valid, blocks),
            kind=depth.kind,
            unit=depth.unit,
            intrinsics=depth.intrinsics and depth.intrinsics.scaled(scale),
            stereo=depth.stereo,
            encoding=depth.encoding,
        )


def _allowed(low: float, high: float, encoding: str | None) -> tuple[float, float]:
    """Return the least and greatest output for an input of range `low`…`high`."""
    margin = _MARGIN * (high - low)
    least, most = low - margin, high + margin
    if low > 0:
        least = max(least, low / 2)
    elif low == 0:
        least = 0.0
    if encoding in ENCODINGS:
        smallest, greatest = ENCODINGS[encoding].value_range
        least, most = max(least, min(smallest, low)), min(most, max(greatest, high))
    return least, most
