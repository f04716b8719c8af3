"""The mean answer to a map turned and mirrored in all eight ways."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.backend import Answers, Backend
from dsdmsr.upscaling.window import Window

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

    def largest(self, scale: int) -> int:
        """Return what the backend does."""
        return self.backend.largest(scale)

    def begin(self, lr_depth: NDArray[np.float32], scale: int, window: Window) -> Answers:
        """Return what gives mean answers; see `dsdmsr.upscaling.backend.Backend`."""
        size = lr_depth.shape[-2:]
        begun = [
            self.backend.begin(way.of(lr_depth), scale, way.where(window, *size)) for way in _WAYS
        ]

        def answers(window: Window, *, errors: bool = False) -> NDArray[np.float32]:
            total = np.zeros(())
            for way, answer in zip(_WAYS, begun, strict=True):
                total = total + way.undone(answer(way.where(window, *size), errors=errors))
            return (total / len(_WAYS)).astype(np.float32)

        return answers


class _Way(NamedTuple):
    """How a map is mirrored, left for right, and then turned by quarters."""

    mirrored: bool
    turns: int

    def of(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.rot90(depth[..., ::-1] if self.mirrored else depth, self.turns, (-2, -1))

    def undone(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        turned = np.rot90(depth, -self.turns, (-2, -1))
        return turned[..., ::-1] if self.mirrored else turned

    def where(self, window: Window, height: int, width: int) -> Window:
        """Return where a part of a map is then."""
        if self.mirrored:
            window = window._replace(left=width - window.right, right=width - window.left)
        for _ in range(self.turns):
            top, bottom, left, right = window
            window = Window(width - right, width - left, top, bottom)
            height, width = width, height
        return window


_WAYS = tuple(_Way(mirrored, turns) for mirrored in (False, True) for turns in range(4))


def ensemble_of(backend: Backend, count: int) -> Backend:
    """Return the backend itself for 1, its self-ensemble for 8.

    A symmetric network answers a turned map with the turned answer, so that it is its own ensemble.

    Raises:
        ConfigError: If `count` is another number.
    """
    if count not in (1, 8):
        raise ConfigError(f"ensemble is {count}: allowed are 1, one answer, and 8, their mean")
    return backend if count == 1 or backend.symmetric else SelfEnsemble(backend)
