"""The mean answer to a map turned and mirrored in all eight ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.nn import Window
from dsdmsr.upscaling.backend import Backend

__all__ = ["SelfEnsemble", "ensemble_of"]


class SelfEnsemble:
    """Ask a backend eight times, with the map turned by quarters and mirrored; return the mean.

    What a network has learned of edges differs a little with their direction; the mean is more
    accurate, and turning the map turns the answer.

    Args:
        backend: What is asked.

    Source:
        Timofte, Rothe, Van Gool: "Seven ways to improve example-based single image super
        resolution", CVPR 2016; Lim et al., CVPRW 2017, for networks.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @property
    def border(self) -> int:
        """The backend's border."""
        return self.backend.border

    @property
    def symmetric(self) -> bool:
        """True: turning the map turns the answer."""
        return True

    @property
    def confident(self) -> bool:
        """Whether the backend is; the mean of what it expects is expected."""
        return self.backend.confident

    def __call__(
        self, lr_depth: NDArray[np.float32], scale: int, window: Window, *, errors: bool = False
    ) -> NDArray[np.float32]:
        """Return the mean answer for a part of maps; see `dsdmsr.upscaling.backend.Backend`."""
        total = np.zeros(())
        for mirrored in (False, True):
            depth = lr_depth[..., ::-1] if mirrored else lr_depth
            part = _mirrored(window, depth.shape[-1]) if mirrored else window
            for turns in range(4):
                made = self.backend(depth, scale, part, errors=errors)
                made = np.rot90(made, -turns, (-2, -1))
                total = total + (made[..., ::-1] if mirrored else made)
                part = _turned(part, depth.shape[-1])
                depth = np.rot90(depth, 1, (-2, -1))
        return (total / 8).astype(np.float32)


def _mirrored(window: Window, width: int) -> Window:
    """Return where a part is when left and right of a map are exchanged."""
    return window._replace(left=width - window.right, right=width - window.left)


def _turned(window: Window, width: int) -> Window:
    """Return where a part of a map is after `np.rot90`."""
    top, bottom, left, right = window
    return Window(width - right, width - left, top, bottom)


def ensemble_of(backend: Backend, count: int) -> Backend:
    """Return the backend itself for 1, its self-ensemble for 8.

    A symmetric network answers a turned map with the turned answer, so that it is its own ensemble.

    Raises:
        ConfigError: If `count` is another number.
    """
    if count not in (1, 8):
        raise ConfigError(f"ensemble is {count}: allowed are 1, one answer, and 8, their mean")
    return backend if count == 1 or backend.symmetric else SelfEnsemble(backend)
