"""Frames that depth sensors give of rendered sequences: noise, lost pixels, whole millimetres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.common.realsense import MILLIMETRE
from dsdmsr.degradation.lost_pixels import lose_speckles, shadowed
from dsdmsr.degradation.sensors import (
    add_gaussian_noise,
    add_structured_light_noise,
    add_time_of_flight_noise,
    quantise,
)

__all__ = ["SENSORS", "Sensor", "sensed"]

SPECKLES = 0.01
"""Share of single pixels that each frame loses."""
STEREO_BASELINE = 0.05
"""Metres between the cameras of a RealSense D435."""
MATCHED_AT = 4
"""By how much wider the pictures are in which stereo cameras match: the frame has every fourth
pixel of their depth, in each direction."""
SUBPIXEL, DISPARITY_STEP = 0.08, 1 / 32
"""Deviation of the disparity in pixels of these pictures, and what it is rounded to: the figures
of RealSense's D400 cameras, by their maker's advice to users of librealsense and by its disparity
transform."""


@dataclass(frozen=True, kw_only=True)
class Sensor:
    """Describe a type of sensor."""

    add: Callable[[Tensor, torch.Generator, float], Tensor]
    """Adds its noise to depth f 1 h w in metres; the last argument is the focal length in
    pixels of the frame."""
    baseline: float | None = None
    """Distance between camera and projector, or second camera, in metres. None for sensors without
    shadows."""
    stereo: bool = False
    """Whether there are two cameras, so that RealSense's filters run on disparity."""


def _structured_light(depth: Tensor, generator: torch.Generator, focal: float) -> Tensor:
    return add_structured_light_noise(depth, generator)


def _time_of_flight(depth: Tensor, generator: torch.Generator, focal: float) -> Tensor:
    return add_time_of_flight_noise(depth, generator)


def _active_stereo(depth: Tensor, generator: torch.Generator, focal: float) -> Tensor:
    pixels = STEREO_BASELINE * MATCHED_AT * focal
    disparity = add_gaussian_noise(pixels / depth, generator, SUBPIXEL)
    return pixels / quantise(disparity, DISPARITY_STEP).clamp(min=DISPARITY_STEP)


SENSORS: dict[str, Sensor] = {
    "structured light": Sensor(add=_structured_light, baseline=0.075),
    "active stereo": Sensor(add=_active_stereo, baseline=STEREO_BASELINE, stereo=True),
    "time of flight": Sensor(add=_time_of_flight),
}
"""Name → sensor: the first Kinect, a RealSense D435, and a continuous-wave camera. Noise has the
strength that its function has by default."""


def sensed(sensor: Sensor, lr_depth: Tensor, focal: float, seed: int) -> NDArray[np.uint16]:
    """Return a sensor's frames, f h w, in millimetres; 0 = no depth.

    Args:
        sensor: The sensor.
        lr_depth: What it looks at, one ray for each pixel, f 1 h w, in metres.
        focal: Its focal length in pixels.
        seed: Noise depends on it.
    """
    generator = torch.Generator().manual_seed(seed)
    noisy = quantise(sensor.add(lr_depth, generator, focal), MILLIMETRE)
    valid = lose_speckles(torch.ones_like(lr_depth, dtype=torch.bool), generator, SPECKLES)
    if sensor.baseline is not None:
        disparity = (sensor.baseline * focal / lr_depth).numpy()
        reach = int(np.ptp(disparity))
        valid &= ~torch.from_numpy(shadowed(disparity, reach, left=True))
    numbers = torch.where(valid, noisy / MILLIMETRE, 0).round().clamp(0, 65535)
    return numbers[:, 0].numpy().astype(np.uint16)
