"""The one border between maps and the network: arrays in, arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR, Part, Window

__all__ = ["Answers", "Backend", "TorchBackend"]


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


class TorchBackend:
    """Run a network with torch.

    Args:
        model: The network; moved to the device and set to evaluation mode.
        device: ``auto`` (CUDA where there is one), or a torch device such as ``cpu`` or ``cuda:1``.

    Raises:
        ConfigError: If the device is unknown or not there.
    """

    def __init__(self, model: DSDMSR, device: str = "auto") -> None:
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self.device = torch.device(device)
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise ConfigError(
                f"device {device!r} is not there: give auto, cpu, or a device that torch knows"
            ) from error
        self.model = model.to(self.device).eval()

    @property
    def border(self) -> int:
        """The border of the network's configuration."""
        return self.model.config.border

    @property
    def symmetric(self) -> bool:
        """Whether the network's configuration says so."""
        return self.model.config.symmetric

    @property
    def confident(self) -> bool:
        """Whether the network estimates its error."""
        return self.model.config.confidence > 0

    def largest(self, scale: int) -> int:
        """Return 2 to the power of the number of stages that run."""
        return int(2 ** self.model.stages_for(scale))

    def begin(self, lr_depth: NDArray[np.float32], scale: int, window: Window) -> Answers:
        """Return what gives answers for a part of maps; see `Backend`."""
        with torch.inference_mode():
            small = torch.from_numpy(np.ascontiguousarray(lr_depth)).to(self.device)
            part = Part(self.model, small, scale, window)

        def answers(window: Window, *, errors: bool = False) -> NDArray[np.float32]:
            with torch.inference_mode():
                made = part.answer(window, errors=errors)
            return np.asarray(made.float().cpu().numpy())

        return answers
