"""The self-ensemble: the mean prediction for a map rotated and mirrored in all eight ways."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.backend import Backend, Predictor
from dsdmsr.upscaling.window import Window

__all__ = ["SelfEnsemble", "ensemble_of"]


class SelfEnsemble:
    """Run a backend eight times, with the map rotated by quarters and mirrored; return the mean.

    What a network has learned of edges differs a little with their direction; the mean is more
    accurate, and rotating the map rotates the prediction.

    Args:
        backend: The backend that is run.

    Source:
        Timofte, Rothe, Van Gool: "Seven ways to improve example-based single image super
        resolution", CVPR 2016; Lim et al., CVPRW 2017, for networks.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @property
    def scales(self) -> tuple[int, ...]:
        """The backend's scales."""
        return self.backend.scales

    @property
    def border(self) -> int:
        """The backend's border."""
        return self.backend.border

    @property
    def symmetric(self) -> bool:
        """True: rotating the map rotates the prediction."""
        return True

    @property
    def predicts_error(self) -> bool:
        """Whether the backend predicts the expected error; the mean of its errors is taken."""
        return self.backend.predicts_error

    def largest_scale(self, scale: int) -> int:
        """Return the backend's largest scale."""
        return self.backend.largest_scale(scale)

    def predictor(self, lr_depth: NDArray[np.float32], scale: int, block: Window) -> Predictor:
        """Return the predictor of the mean; see `dsdmsr.upscaling.backend.Backend`."""
        size = lr_depth.shape[-2:]
        predictors = [
            self.backend.predictor(each.apply(lr_depth), scale, each.moved(block, *size))
            for each in _SYMMETRIES
        ]

        def predict(window: Window, *, errors: bool = False) -> NDArray[np.float32]:
            total = np.zeros(())
            for each, predicted in zip(_SYMMETRIES, predictors, strict=True):
                total = total + each.undo(predicted(each.moved(window, *size), errors=errors))
            return (total / len(_SYMMETRIES)).astype(np.float32)

        return predict


class _Symmetry(NamedTuple):
    """A symmetry of the square: mirrored left for right or not, then rotated by quarters."""

    mirrored: bool
    quarters: int

    def apply(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.rot90(depth[..., ::-1] if self.mirrored else depth, self.quarters, (-2, -1))

    def undo(self, depth: NDArray[np.float32]) -> NDArray[np.float32]:
        rotated = np.rot90(depth, -self.quarters, (-2, -1))
        return rotated[..., ::-1] if self.mirrored else rotated

    def moved(self, window: Window, height: int, width: int) -> Window:
        """Return where a window of a map of this size is afterwards."""
        if self.mirrored:
            window = window._replace(left=width - window.right, right=width - window.left)
        for _ in range(self.quarters):
            top, bottom, left, right = window
            window = Window(width - right, width - left, top, bottom)
            height, width = width, height
        return window


_SYMMETRIES = tuple(
    _Symmetry(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)
)


def ensemble_of(backend: Backend, count: int) -> Backend:
    """Return the backend itself for 1, its self-ensemble for 8.

    A symmetric network is its own ensemble: all eight predictions would be the same.

    Raises:
        ConfigError: If `count` is another number.
    """
    if count not in (1, 8):
        raise ConfigError(f"ensemble is {count}: allowed are 1, one prediction, and 8, their mean")
    return backend if count == 1 or backend.symmetric else SelfEnsemble(backend)
