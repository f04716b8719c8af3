"""A depth map in, a larger one out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from dsdmsr.depth import DepthMap
from dsdmsr.errors import ModelError
from dsdmsr.io import ENCODINGS
from dsdmsr.nn import Window
from dsdmsr.scales import check_scale
from dsdmsr.upscaling.backend import Backend, TorchBackend
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.normalised import normalise
from dsdmsr.upscaling.tiles import Tile, check_tile, tiles
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
        tile: Side, in pixels of the small map, of the parts that are enlarged one after the
            other; auto takes what needs a few hundred MiB. The answer doesn't depend on it.

    Raises:
        ScaleError: If `scale` is none of 2, 4, 8, 16.
        ConfigError: If `tile` is neither auto nor 1 or more.
    """

    def __init__(self, backend: Backend, *, scale: int, tile: Tile = "auto") -> None:
        self.backend, self.scale = backend, check_scale(scale)
        self.tile = check_tile(tile)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        *,
        scale: int,
        device: str = "auto",
        ensemble: int = 1,
        tile: Tile = "auto",
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
            tile: See `Upscaler`.

        Raises:
            ScaleError: If the network does not serve `scale`.
            ModelError: If the network cannot be found or loaded.
            ConfigError: If the device is not there, `ensemble` is neither 1 nor 8, or `tile` is
                neither auto nor 1 or more.
        """
        check_scale(scale)
        model = from_pretrained(None if name is None else str(name))
        check_scale(scale, model.scales)
        backend = ensemble_of(TorchBackend(model, device), ensemble)
        return cls(backend, scale=scale, tile=tile)

    def __call__(
        self, depth: DepthMap, progress: Callable[[float], object] | None = None
    ) -> DepthMap:
        """Return the map at ``scale·H × scale·W``.

        Args:
            depth: Any map with at least one valid pixel.
            progress: Is told after each tile what share of the map is done.

        Raises:
            DepthError: If no pixel is valid.
            ModelError: If the network gives values that are not finite.
        """
        scale = self.scale
        height, width = depth.shape
        border = self.backend.border
        small = normalise(depth.values.astype(np.float64), depth.valid, border)
        low, high = small.low, small.high
        large = np.full((scale * height, scale * width), low, np.float32)
        allowed = _allowed(low, high, depth.encoding)
        for tile in tiles(self.tile, scale, height, width) if low < high else ():
            inside = Window(*(edge + border for edge in tile))
            made = self.backend(small.lr_depth, scale, inside)[0, 0].astype(np.float64)
            if not np.isfinite(made).all():
                raise ModelError("the network gave values that are not finite: it is damaged")
            top, bottom, left, right = tile.scaled(scale)
            large[top:bottom, left:right] = np.clip(low + (high - low) * made, *allowed)
            if progress is not None:
                # Row by row: what is above, and what is left in this row.
                above, beside = tile.top * width, (tile.bottom - tile.top) * tile.right
                progress((above + beside) / (height * width))
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
