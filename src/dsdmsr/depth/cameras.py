"""Cameras that depth maps come from: pinholes, and two beside each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsdmsr.depth.phase import Axis
from dsdmsr.errors import ConfigError, DepthError

__all__ = ["Intrinsics", "Stereo"]


@dataclass(frozen=True, kw_only=True)
class Intrinsics:
    """Describe a pinhole camera, in pixels; pixel centres lie at whole numbers."""

    fx: float
    """Focal length along x."""
    fy: float
    """Focal length along y."""
    cx: float
    """Principal point, x."""
    cy: float
    """Principal point, y."""

    @classmethod
    def parse(cls, text: str) -> Intrinsics:
        """Return the camera that ``fx,fy,cx,cy`` describes.

        Raises:
            ConfigError: If the text is no four numbers, or a focal length not above 0.

        Example:
            >>> Intrinsics.parse("525,525,319.5,239.5").cx
            319.5
        """
        try:
            fx, fy, cx, cy = map(float, text.split(","))
            if not (0 < fx < np.inf and 0 < fy < np.inf and abs(cx) < np.inf and abs(cy) < np.inf):
                raise ValueError
        except ValueError:
            raise ConfigError(
                f"intrinsics are {text!r}: give fx,fy,cx,cy in pixels, focal lengths above 0"
            ) from None
        return cls(fx=fx, fy=fy, cx=cx, cy=cy)

    def scaled(self, scale: float, scale_y: float | None = None) -> Intrinsics:
        """Return the camera of a map `scale` times as large.

        A low-resolution pixel covers a block of high-resolution ones, so ``f' = s·f`` and
        ``c' = s·(c + 0.5) - 0.5``.

        Args:
            scale: How many times wider the map is.
            scale_y: How many times higher. Default: as many.
        """
        down = scale if scale_y is None else scale_y
        return self.mapped(*(Axis(s, (s - 1) / 2) for s in (scale, down)))

    def mapped(self, x: Axis, y: Axis) -> Intrinsics:
        """Return the camera of a map whose columns and rows lie at `x` and `y` of this one's."""
        return Intrinsics(
            fx=x.factor * self.fx, fy=y.factor * self.fy, cx=x.of(self.cx), cy=y.of(self.cy)
        )


@dataclass(frozen=True, kw_only=True)
class Stereo:
    """Turn disparity into depth: ``Z = baseline·focal / (d + doffs)``.

    The disparity is in pixels of the image that `focal` and `doffs` belong to, whatever the size
    of the map.

    Raises:
        DepthError: If focal length or baseline is not positive, or a number not finite.
    """

    focal: float
    """Focal length, pixels."""
    baseline: float
    """Distance of the two cameras, metres."""
    doffs: float = 0.0
    """Difference of the principal points' x, pixels."""

    def __post_init__(self) -> None:
        positive = 0 < self.focal < np.inf and 0 < self.baseline < np.inf
        if not positive or not np.isfinite(self.doffs):
            raise DepthError(
                f"focal length {self.focal:g}, baseline {self.baseline:g} and doffs {self.doffs:g} "
                "are no two cameras: the first two are above 0, and all finite"
            )
