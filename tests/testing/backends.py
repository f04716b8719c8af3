"""Backends for tests, whose answers are simple functions of the small map."""

from __future__ import annotations

from functools import partial

import numpy as np

from dsdmsr.upscaling.backend import Answers
from dsdmsr.upscaling.window import Window


class Repeating:
    """A backend that repeats pixels; others give another answer."""

    border = 0
    symmetric = False
    confident = False

    def largest(self, scale: int) -> int:
        return scale

    def begin(self, lr_depth: np.ndarray, scale: int, window: Window) -> Answers:
        return partial(self.answer, lr_depth, scale)

    def answer(
        self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
    ) -> np.ndarray:
        top, bottom, left, right = window
        return lr_depth[..., top:bottom, left:right].repeat(scale, axis=2).repeat(scale, axis=3)
