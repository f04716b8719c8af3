"""Networks run by torch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.backend import Answers
from dsdmsr.upscaling.torch_parts import Part
from dsdmsr.upscaling.window import Window

__all__ = ["TorchBackend"]


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
