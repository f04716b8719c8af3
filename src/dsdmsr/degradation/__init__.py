"""Degradation of high-resolution maps, and the noise and lost pixels of sensors."""

from dsdmsr.degradation.degrade import degrade, downsampling_matrix, stage_targets
from dsdmsr.degradation.lost_pixels import lose_blocks, lose_shadows, lose_speckles
from dsdmsr.degradation.resample import Kernel, resize, resize_nearest
from dsdmsr.degradation.sensors import NOISES, Noise, quantise

__all__ = [
    "NOISES",
    "Kernel",
    "Noise",
    "degrade",
    "downsampling_matrix",
    "lose_blocks",
    "lose_shadows",
    "lose_speckles",
    "quantise",
    "resize",
    "resize_nearest",
    "stage_targets",
]
