"""Networks run by torch: block by block of a map, exactly as the whole map would come out."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.fusion import Fusion
from dsdmsr.nn.model import CORRECTION_RADIUS, back_project, halve
from dsdmsr.nn.stage import Stage, StageOutput
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.torch_networks import from_pretrained

__all__ = ["Block", "TorchBackend"]


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
        """Load a trained network; see `dsdmsr.from_pretrained`."""
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
        """Return the predictor for a block of maps; see `Backend`."""
        with torch.inference_mode():
            lr = torch.from_numpy(np.ascontiguousarray(lr_depth)).to(self.device)
            computed = Block(self.model, lr, scale, block)

        def predict(window: Window, *, errors: bool = False) -> NDArray[np.float32]:
            with torch.inference_mode():
                pred = computed.predict(window, errors=errors)
            return np.asarray(pred.float().cpu().numpy())

        return predict


class Block:
    """A block of a map, of whose windows the network predicts what the whole map would give.

    A prediction is what the whole map's holds there, but for the order of sums in floating point.
    Each stage sees as much around as can change it, and no more, so that little is computed twice:
    where maps are large, a stage's reach is small. The first stage, which reaches furthest, runs
    once for the whole block.

    Args:
        model: The network.
        lr_depth: The whole low-resolution map, b 1 h w.
        scale: The factor.
        window: The block, in low-resolution pixels.
    """

    def __init__(
        self, model: DSDMSR, lr_depth: Float[Tensor, "b 1 h w"], scale: int, window: Window
    ) -> None:
        self.model, self.scale, self.window = model, scale, window
        self._size = lr_depth.shape[-2:]
        self._stages: list[Stage] = list(model.stages[: model.stages_for(scale)])  # type: ignore[arg-type]
        self._margin = CORRECTION_RADIUS * model.config.consistency
        if model.fusion is not None:
            # Its unit, and the interpolation of lower resolutions.
            self._margin += -(-model.fusion.unit.radius // scale) + 1
        outer = window.grown(self._margin, *self._size)
        whole = Window(0, self._size[0], 0, self._size[1])
        self._lr, self._outer = outer.of(lr_depth, whole), outer
        inputs = self._inputs(outer)
        self._depth: Tensor = inputs[0].of(lr_depth, whole)
        self._carried: Tensor | None = None
        self._shared = int(len(self._stages) > 1)
        """Number of stages that run once for the whole block."""
        if self._shared:
            output = self._stages[0](self._depth, is_last=False)
            depth, carried = _cropped(output, inputs[1], inputs[0].scaled(2))
            # What lies around is not held.
            self._depth = depth.clone()
            self._carried = None if carried is None else carried.clone()
        self._held = inputs[self._shared]

    def _inputs(self, outer: Window) -> list[Window]:
        """Return what each stage needs as its input for a window; and last the window, upscaled."""
        count, (height, width) = len(self._stages), self._size
        inputs = [outer.scaled(2**count)]
        for k in reversed(range(count)):
            reach = self._stages[k].radius
            inputs.append(inputs[-1].halved().grown(reach, height << k, width << k))
        return inputs[::-1]

    def predict(self, window: Window, *, errors: bool = False) -> Float[Tensor, "b c H W"]:
        """Return the network's prediction, and perhaps the error that it expects of it.

        Args:
            window: Where, in low-resolution pixels; inside the block.
            errors: Whether to return the expected errors, if the network predicts them.

        Returns:
            The prediction, `scale` times as large: one channel, or with errors two, the second of
            which is the expected absolute error.

        Raises:
            ValueError: If the window reaches out of the block.
        """
        if window.within(self.window) != window:
            raise ValueError(f"{window} reaches out of {self.window}: give a larger block")
        outer = window.grown(self._margin, *self._size)
        inputs = self._inputs(outer)
        maps, log_error = self._run_stages(inputs, errors)
        depth, lr = maps[-1], outer.of(self._lr, self._outer)
        if 2 ** len(self._stages) > self.scale:
            depth, log_error = halve(depth, log_error)
        if self.model.fusion is not None:
            depth = _fused(self.model.fusion, lr, maps, inputs, outer)
        for _ in range(self.model.config.consistency):
            depth = back_project(depth, lr, self.scale)
        wanted, predicted = window.scaled(self.scale), outer.scaled(self.scale)
        if log_error is None:
            return wanted.of(depth, predicted)
        return torch.cat([wanted.of(depth, predicted), wanted.of(log_error, predicted).exp()], 1)

    def _run_stages(self, inputs: list[Window], errors: bool) -> tuple[list[Tensor], Tensor | None]:
        """Return all stages' maps, and the logarithm of the expected error of the last."""
        depth = inputs[self._shared].of(self._depth, self._held)
        carried = None
        if self._carried is not None:
            carried = inputs[self._shared].of(self._carried, self._held)
        maps, log_error = [depth] * self._shared, None
        for k in range(self._shared, len(self._stages)):
            last = k == len(self._stages) - 1
            output = self._stages[k](depth, carried, is_last=last, errors=errors)
            depth, carried = _cropped(output, inputs[k + 1], inputs[k].scaled(2))
            log_error = output.log_error
            maps.append(depth)
        if log_error is not None:
            log_error = inputs[-1].of(log_error, inputs[-2].scaled(2))
        return maps, log_error


def _cropped(output: StageOutput, window: Window, outer: Window) -> tuple[Tensor, Tensor | None]:
    """Return a part of a stage's output for `outer`: the map, and what it hands on."""
    carried = None if output.carried is None else window.of(output.carried, outer)
    return window.of(output.depth, outer), carried


def _fused(
    fusion: Fusion, lr: Tensor, maps: list[Tensor], inputs: list[Window], outer: Window
) -> Tensor:
    """Return the fusion of the input and the maps of all stages."""
    parts = [
        outer.scaled(2**k).of(depth, window)
        for k, (depth, window) in enumerate(zip(maps, inputs[1:], strict=True), start=1)
    ]
    fused: Tensor = fusion(lr, parts)
    return fused
