"""A network and a depth map in, a larger depth map out."""

from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["Upscaler"]
