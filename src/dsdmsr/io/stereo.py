"""Stereo cameras as options: numbers, or a calibration file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from dsdmsr.depth.cameras import Stereo
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError
from dsdmsr.io.calib import read_calib

__all__ = ["StereoOptions"]


@dataclass(frozen=True, kw_only=True)
class StereoOptions:
    """Describe the two cameras that disparity belongs to.

    Raises:
        ConfigError: If options are missing, contradict each other, or are out of range.
    """

    focal: float | None = None
    """For disparity: focal length in pixels of the picture that it was measured in."""
    baseline: float | None = None
    """For disparity: distance between the two cameras in metres."""
    doffs: float | None = None
    """For disparity: difference of the two principal points' x in pixels. Default: 0."""
    calib: Path | None = None
    """A Middlebury calib.txt that holds these three. Default: the one beside a PFM file."""

    def __post_init__(self) -> None:
        given = [v for v in (self.focal, self.baseline, self.doffs) if v is not None]
        if self.calib is not None and given:
            raise ConfigError("--calib replaces --focal, --baseline and --doffs: give either")
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

    def apply(self, depth: DepthMap) -> DepthMap:
        """Return the map with these cameras; unchanged if no option is given.

        Raises:
            FileError: If the calibration file cannot be read.
        """
        if self.calib is not None:
            stereo = read_calib(self.calib)[1]
        elif self.focal is not None and self.baseline is not None:
            stereo = Stereo(focal=self.focal, baseline=self.baseline, doffs=self.doffs or 0.0)
        else:
            return depth
        return replace(depth, stereo=stereo)
