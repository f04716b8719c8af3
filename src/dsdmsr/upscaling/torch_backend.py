"""Networks run by torch."""

from __future__ import annotations

import os

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.resize import CORRECTION_RADIUS
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.model import back_project, halve
from dsdmsr.nn.stage import Stage
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.blocks import Block, StageArrays
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.torch_networks import from_pretrained

__all__ = ["TorchBackend", "TorchStages"]

_used_in: set[int] = set()
"""Processes in which torch's threads have begun: this one, and those that it was forked from."""


def _check_process() -> None:
    """Check that torch's threads are not those of a process that this one was forked from.

    Raises:
        ModelError: If they are: the first layer would wait for them without end.
    """
    if _used_in - {os.getpid()} and torch.get_num_threads() > 1:
        raise ModelError(
            "this process was forked after a network had run in torch, which would wait without "
            "end: start processes with the method spawn or forkserver, or call "
            "torch.set_num_threads(1) before"
        )
    _used_in.add(os.getpid())


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

    @classmethod
    def from_pretrained(
        cls, name: str, device: str = "auto", degradation: Degradation | None = None
    ) -> TorchBackend:
        """Load a trained network; see `dsdmsr.from_pretrained`, and `predictor` for errors."""
        _check_process()
        return cls(from_pretrained(name, degradation=degradation), device)

    @property
    def scales(self) -> tuple[int, ...]:
        """The network's scales."""
        return self.model.scales

    @property
    def border(self) -> int:
        """The border of the network's configuration."""
        return self.model.config.border

    @property
    def symmetric(self) -> bool:
        """Whether the network's configuration says so."""
        return self.model.config.symmetric

    @property
    def predicts_error(self) -> bool:
        """Whether the network has heads for the expected error."""
        return self.model.config.confidence > 0

    def largest_scale(self, scale: int) -> int:
        """Return 2 to the power of the number of stages that run."""
        return int(2 ** self.model.stages_for(scale))

    def predictor(self, lr_depth: NDArray[np.float32], scale: int, block: Window) -> Predictor:
        """Return the predictor for a block of maps; see `Backend`.

        Raises:
            ModelError: If the process was forked after torch's threads had begun.
        """
        _check_process()
        with torch.inference_mode():
            kind = next(self.model.parameters()).dtype
            lr = torch.from_numpy(np.ascontiguousarray(lr_depth)).to(self.device, kind)
            computed = Block(TorchStages(self.model), lr, scale, block)

        def predict(window: Window, *, errors: bool = False) -> NDArray[np.float32]:
            with torch.inference_mode():
                depth, error = computed.predict(window, errors=errors)
                pred = depth if error is None else torch.cat([depth, error], 1)
            return np.asarray(pred.float().cpu().numpy())

        return predict


class TorchStages:
    """The stages of a network in torch, as `dsdmsr.upscaling.blocks.StagedNetwork`.

    Args:
        model: The network.
    """

    def __init__(self, model: DSDMSR) -> None:
        self.model = model

    def stages_for(self, scale: int) -> int:
        """Return how many stages run for a scale."""
        return self.model.stages_for(scale)

    def radius(self, stage: int) -> int:
        """Return a stage's radius."""
        return self._stage(stage).radius

    def margin(self, scale: int) -> int:
        """Return what back-projection and fusion see around a window."""
        margin = CORRECTION_RADIUS * self.model.config.consistency
        if self.model.fusion is not None:
            # Its unit, and the interpolation of lower resolutions.
            margin += -(-self.model.fusion.unit.radius // scale) + 1
        return margin

    def run(
        self, stage: int, depth: Tensor, carried: Tensor | None, *, is_last: bool, errors: bool
    ) -> StageArrays:
        """Run a stage."""
        return StageArrays(*self._stage(stage)(depth, carried, is_last=is_last, errors=errors))

    def finish(
        self, lr_depth: Tensor, maps: list[Tensor], log_error: Tensor | None, scale: int
    ) -> tuple[Tensor, Tensor | None]:
        """Return the prediction and the expected error: fused, corrected, averaged down."""
        depth = maps[-1]
        if 2 ** len(maps) > scale:
            depth, log_error = halve(depth, log_error)
        if self.model.fusion is not None:
            depth = self.model.fusion(lr_depth, maps)
        for _ in range(self.model.config.consistency):
            depth = back_project(depth, lr_depth, scale)
        return depth, None if log_error is None else log_error.exp()

    def _stage(self, index: int) -> Stage:
        stage: Stage = self.model.stages[index]  # type: ignore[assignment]
        return stage
