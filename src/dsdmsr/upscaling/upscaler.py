"""A depth map in, a larger one out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth import DepthMap
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.io import ENCODINGS
from dsdmsr.nn import Window
from dsdmsr.scales import check_scale
from dsdmsr.upscaling.backend import Backend, TorchBackend
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.holes import enlarge_valid, hole_sizes
from dsdmsr.upscaling.normalised import normalise
from dsdmsr.upscaling.tiles import Tile, check_tile, tiles
from dsdmsr.zoo.pretrained import from_pretrained

__all__ = ["Upscaler"]

_MARGIN = 0.1
"""How far an output may lie outside the input's range, as a share of that range."""


class Upscaler:
    """Make depth maps `scale` times as large.

    What stands under invalid pixels changes nothing, and holes stay holes, with borders half-way
    between the centres of valid and invalid pixels; small ones are filled if `fill` says so, and
    `filled` tells which pixels those are. The values keep their kind, unit and range: an output
    is at most a tenth of the input's range outside of it, never at or below zero where no input
    is, and never outside of what the input's encoding can hold. Intrinsics scale with the map;
    `stereo` stays.

    Args:
        backend: What runs the network.
        scale: The factor.
        tile: Side, in pixels of the small map, of the parts that are enlarged one after the
            other; auto takes what needs a few hundred MiB. The answer doesn't depend on it.
        fill: Of how many pixels of the small map a hole may be, at the most, to be filled.

    Raises:
        ScaleError: If `scale` is none of 2, 4, 8, 16.
        ConfigError: If `tile` is neither auto nor 1 or more, or `fill` is negative.
    """

    def __init__(self, backend: Backend, *, scale: int, tile: Tile = "auto", fill: int = 0) -> None:
        self.backend, self.scale = backend, check_scale(scale)
        self.tile, self.fill = check_tile(tile), fill
        if fill < 0:
            raise ConfigError(f"fill is {fill}: give 0, or the pixels of the largest hole to fill")

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        *,
        scale: int,
        device: str = "auto",
        ensemble: int = 1,
        tile: Tile = "auto",
        fill: int = 0,
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
            fill: See `Upscaler`.

        Raises:
            ScaleError: If the network does not serve `scale`.
            ModelError: If the network cannot be found or loaded.
            ConfigError: If the device is not there, `ensemble` is neither 1 nor 8, `tile` is
                neither auto nor 1 or more, or `fill` is negative.
        """
        check_scale(scale)
        model = from_pretrained(None if name is None else str(name))
        check_scale(scale, model.scales)
        backend = ensemble_of(TorchBackend(model, device), ensemble)
        return cls(backend, scale=scale, tile=tile, fill=fill)

    def __call__(
        self, depth: DepthMap, progress: Callable[[float], object] | None = None
    ) -> DepthMap:
        """Return the map at ``scale·H × scale·W``; see `values` for arguments and errors."""
        return DepthMap(
            self.values(depth, progress),
            enlarge_valid(self._kept(depth.valid), self.scale),
            kind=depth.kind,
            unit=depth.unit,
            intrinsics=depth.intrinsics and depth.intrinsics.scaled(self.scale),
            stereo=depth.stereo,
            encoding=depth.encoding,
        )

    def filled(self, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which pixels of the large map are valid since a hole was filled.

        Args:
            valid: What is valid of the small map, H×W.
        """
        kept = self._kept(valid)
        return enlarge_valid(kept, self.scale) & ~enlarge_valid(valid, self.scale)

    def _kept(self, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return valid | (hole_sizes(valid) <= self.fill) if self.fill else valid

    def values(
        self, depth: DepthMap, progress: Callable[[float], object] | None = None
    ) -> NDArray[np.float32]:
        """Return the large map's values, in holes those that follow from the nearest valid ones.

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
            made = self.backend(small.lr_depth, scale, inside)[0, 0]
            if not np.isfinite(made).all():
                raise ModelError("the network gave values that are not finite: it is damaged")
            top, bottom, left, right = tile.scaled(scale)
            large[top:bottom, left:right] = np.clip(small.in_unit(made), *allowed)
            if progress is not None:
                # Row by row: what is above, and what is left in this row.
                above, beside = tile.top * width, (tile.bottom - tile.top) * tile.right
                progress((above + beside) / (height * width))
        return large


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
