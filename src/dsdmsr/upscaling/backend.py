"""The one border between maps and networks: arrays in, arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsdmsr.upscaling.window import Window

__all__ = ["Backend", "Predictor"]


class Predictor(Protocol):
    """Predict the high-resolution map of what lies in one block of low-resolution maps."""

    def __call__(self, window: Window, *, errors: bool = False) -> NDArray[np.float32]:
        """Return the prediction for a window in the block: b c H W, `scale` times as large.

        The first channel is the map. A second is there if `errors` are asked for and the backend
        predicts them: the expected absolute error.
        """
        ...


class Backend(Protocol):
    """Run a network on a batch of normalised maps."""

    @property
    def scales(self) -> tuple[int, ...]:
        """Those of 2, 4, 8, 16 that the network serves."""
        ...

    @property
    def border(self) -> int:
        """By how many low-resolution pixels maps are mirrored outwards before they come here."""
        ...

    @property
    def symmetric(self) -> bool:
        """Whether a rotated or mirrored map gives the rotated or mirrored prediction."""
        ...

    @property
    def predicts_error(self) -> bool:
        """Whether it predicts the expected error."""
        ...

    def largest_scale(self, scale: int) -> int:
        """Return the scale of the largest map that is computed on the way to `scale`."""
        ...

    def predictor(self, lr_depth: NDArray[np.float32], scale: int, block: Window) -> Predictor:
        """Return the predictor for a block of maps ``b 1 h w``.

        What its windows have in common is computed once, here.
        """
        ...
