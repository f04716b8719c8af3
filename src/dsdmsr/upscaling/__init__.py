"""A network and a depth map in, a larger depth map out."""

from dsdmsr.upscaling.temporal import TemporalFilter
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["TemporalFilter", "Upscaler"]
