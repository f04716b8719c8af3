"""Backends for tests, whose predictions are simple functions of the low-resolution map."""

from __future__ import annotations

from functools import partial

import numpy as np

from dsdmsr.scales import SCALES
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.window import Window


class Repeating:
    """A backend that repeats pixels; others predict something else."""

    border = 0
    symmetric = False
    predicts_error = False
    scales = SCALES

    def largest_scale(self, scale: int) -> int:
        return scale

    def predictor(self, lr_depth: np.ndarray, scale: int, block: Window) -> Predictor:
        return partial(self.predict, lr_depth, scale)

    def predict(
        self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
    ) -> np.ndarray:
        top, bottom, left, right = window
        return lr_depth[..., top:bottom, left:right].repeat(scale, axis=2).repeat(scale, axis=3)


class Recorder(Repeating):
    """A backend that remembers what it was given."""

    border = 3

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def predictor(self, lr_depth: np.ndarray, scale: int, block: Window) -> Predictor:
        self.seen.append(lr_depth)
        return super().predictor(lr_depth, scale, block)


class ErrorPredicting(Repeating):
    """A backend that expects a tenth of a pixel's share of the range."""

    symmetric = True
    predicts_error = True

    def predict(
        self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
    ) -> np.ndarray:
        part = super().predict(lr_depth, scale, window)
        return np.concatenate([part, part / 10], 1) if errors else part
