"""Degradations: how low-resolution maps come from high-resolution ones, and what sensors add."""

from dsdmsr.degradation.degrade import degrade, reduction_matrix, stage_truths
from dsdmsr.degradation.resample import Kernel, resize, resize_nearest

__all__ = ["Kernel", "degrade", "reduction_matrix", "resize", "resize_nearest", "stage_truths"]
