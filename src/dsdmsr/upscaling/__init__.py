"""A network and a depth map in, a larger depth map out."""

from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["Refinement", "Upscaler"]
