"""The two cameras that disparity belongs to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from dsdmsr.depth.map import DepthMap, Stereo
from dsdmsr.errors import ConfigError
from dsdmsr.io.calib import read_calib

__all__ = ["StereoOptions", "with_stereo"]


@dataclass(frozen=True, kw_only=True)
class StereoOptions:
    """What was said of two cameras.

    Raises:
        ConfigError: If it is not enough, too much, or no camera.
    """

    focal: float | None = None
    """Pixels."""
    baseline: float | None = None
    """Metres."""
    doffs: float | None = None
    """Pixels."""
    calib: Path | None = None
    """Middlebury's file instead."""

    def __post_init__(self) -> None:
        given = [v for v in (self.focal, self.baseline, self.doffs) if v is not None]
        if self.calib is not None and given:
            raise ConfigError("--calib says what --focal, --baseline and --doffs do: give either")
        if (self.focal is None) != (self.baseline is None) or (
            self.doffs is not None and self.focal is None
        ):
            raise ConfigError("--focal and --baseline go together, and --doffs with them")
        for name in ("focal", "baseline"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ConfigError(f"{name} is {value:g}: give a number above 0")
        if self.doffs is not None and not math.isfinite(self.doffs):
            raise ConfigError(f"doffs is {self.doffs:g}: give a finite number")


def with_stereo(depth: DepthMap, options: StereoOptions) -> DepthMap:
    """Return the map with what is known of its cameras.

    Raises:
        FileError: If the calibration file is none.
    """
    if options.calib is not None:
        stereo = read_calib(options.calib)[1]
    elif options.focal is not None and options.baseline is not None:
        stereo = Stereo(focal=options.focal, baseline=options.baseline, doffs=options.doffs or 0.0)
    else:
        return depth
    return replace(depth, stereo=stereo)
