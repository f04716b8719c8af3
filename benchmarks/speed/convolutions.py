"""The work of a network's convolutions, counted from their shapes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.blocks import Block
from dsdmsr.upscaling.torch_backend import TorchStages
from dsdmsr.upscaling.window import Window

__all__ = ["Work", "work_of", "work_of_packaged"]

_BYTES = 4
"""Of a number in float32."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """Work of convolutions on one map, in float32."""

    macs: int
    """Multiply-accumulate operations, those with padded zeros among them."""
    weight_bytes: int
    """Bytes of the kernels and biases that run."""
    activation_bytes: int
    """Bytes that convolutions read and write, each input and output once."""

    @property
    def intensity(self) -> float:
        """Floating-point operations (two a multiply-accumulate) per byte."""
        return 2 * self.macs / (self.weight_bytes + self.activation_bytes)


class _Counter(TorchDispatchMode):
    """Count the convolutions that run inside."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = self.weights = self.activations = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        out = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            x, weight, bias, _, _, _, transposed = args[:7]
            # A transposed kernel is laid on each input pixel, another gathers each output pixel.
            places = x if transposed else out
            self.macs += places.numel() * weight[0].numel()
            self.weights += weight.numel() + (0 if bias is None else bias.numel())
            self.activations += x.numel() + out.numel()
        return out


def _count(network: nn.Module, compute: Callable[[nn.Module], object]) -> Work:
    """Return the work of a computation with a copy of the network on torch's meta device."""
    counter = _Counter()
    with torch.no_grad(), counter:  # inference mode would hide which convolution it is
        compute(copy.deepcopy(network).to("meta"))
    return Work(
        macs=counter.macs,
        weight_bytes=_BYTES * counter.weights,
        activation_bytes=_BYTES * counter.activations,
    )


def work_of(network: nn.Module, size: tuple[int, int], channels: int = 1) -> Work:
    """Return the work of a network on a map 1 c h w."""
    return _count(network, lambda shapes: shapes(torch.empty(1, channels, *size, device="meta")))


def work_of_packaged(network: DSDMSR, size: tuple[int, int], scale: int) -> Work:
    """Return the work of a packaged network on a map without border, as one tile.

    It is what the prediction needs: heads for the expected errors, which run if these are asked
    for, don't count, and neither do mirrored borders and what tiles see around them.
    """
    whole = Window(0, size[0], 0, size[1])

    def compute(shapes: nn.Module) -> object:
        assert isinstance(shapes, DSDMSR)
        lr_depth = torch.empty(1, 1, *size, device="meta")
        return Block(TorchStages(shapes), lr_depth, scale, whole).predict(whole)

    return _count(network, compute)
