"""The one border between maps and the network: arrays in, arrays out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR, Window, answer

__all__ = ["Backend", "TorchBackend"]


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

    def __call__(
        self, lr_depth: NDArray[np.float32], scale: int, window: Window, *, errors: bool = False
    ) -> NDArray[np.float32]:
        """Return the answer for a part of maps ``b 1 h w``, `scale` times as large as the part.

        Its first channel is the map; a second, if `errors` are asked for and it is confident, the
        absolute error that is expected of it.
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

    def __call__(
        self, lr_depth: NDArray[np.float32], scale: int, window: Window, *, errors: bool = False
    ) -> NDArray[np.float32]:
        """Return the answer for a part of maps; see `Backend`."""
        with torch.inference_mode():
            small = torch.from_numpy(np.ascontiguousarray(lr_depth)).to(self.device)
            made = answer(self.model, small, scale, window, errors=errors)
        return np.asarray(made.float().cpu().numpy())
