"""The one border between maps and the network: arrays in, arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsdmsr.upscaling.window import Window

__all__ = ["Answers", "Backend"]


class Answers(Protocol):
    """Give answers for what lies in a part of maps."""

    def __call__(self, window: Window, *, errors: bool = False) -> NDArray[np.float32]:
        """Return the answer for a window in the part: b c H W, as much larger as asked for.

        Its first channel is the map; a second, if `errors` are asked for and the backend is
        confident, the absolute error that is expected of it.
        """
        ...


class Backend(Protocol):
    """Run a network on a batch of normalised maps."""

    @property
    def border(self) -> int:
        """By how many small pixels maps are mirrored outwards before they come here."""
        ...

    @property
    def symmetric(self) -> bool:
        """Whether a turned or mirrored map gives the turned or mirrored answer."""
        ...

    @property
    def confident(self) -> bool:
        """Whether it tells what error is expected."""
        ...

    def largest(self, scale: int) -> int:
        """Return how many times larger the largest map is that is made for a factor."""
        ...

    def begin(self, lr_depth: NDArray[np.float32], scale: int, window: Window) -> Answers:
        """Return what gives answers for what lies in a part of maps ``b 1 h w``.

        What they have in common is computed once, here.
        """
        ...
