"""Networks that commute with the eight turns and mirrorings of a map.

The channels of a hidden layer come in orbits of eight: when the input is turned, each channel's
map is turned and moves to another channel of its orbit. A convolution commutes with that exactly
where its kernels agree with each other in the same way. So all it takes is that the weights begin
symmetric, and that each step is taken along symmetric gradients, which are the mean over the
eight turns of the data; what the network is made of, and its cost, stay as they are.

Source:
    Cohen, Welling: "Group equivariant convolutional networks", ICML 2016.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal

import torch
from torch import Tensor, nn

from dsdmsr.nn.config import ORBIT
from dsdmsr.nn.stage import Stage

__all__ = ["Channels", "begin_symmetric", "is_symmetric", "symmetrise_gradients", "turned"]

Channels = Literal["depth", "depth_and_orbits", "orbits", "views", "scores", "carried"]
"""What a layer's channels are.

A map; a map, then orbits; orbits; four views; for each view, the scores of its regressed value
and of the values of a square; or four views of each channel of orbits.
"""

_ROUNDING = 1e-3
"""By how much of its largest weight a layer's weights may differ from symmetric ones."""


def turned(x: Tensor, element: int) -> Tensor:
    """Return maps or kernels (… h w) mirrored (from 4 on), then turned by quarters.

    Args:
        x: What is turned; after an odd number of quarters, the result is … w h.
        element: Which of the eight; 0 changes nothing.
    """
    return torch.rot90(x.flip(-1) if element >= ORBIT // 2 else x, element % 4, (-2, -1))


def _moved(square: Tensor, element: int) -> Tensor:
    """Return where each number of a square of 0 … n-1 is after a turn."""
    return turned(square, element).flatten().argsort()


def _square(side: int) -> Tensor:
    return torch.arange(side**2).reshape(side, side)


@cache
def _orbit_moves() -> tuple[Tensor, ...]:
    """Return for each of the eight its products with each of the eight."""
    marked = _square(3)
    names = {tuple(turned(marked, h).flatten().tolist()): h for h in range(ORBIT)}

    def product(g: int, h: int) -> int:
        return names[tuple(turned(turned(marked, h), g).flatten().tolist())]

    return tuple(torch.tensor([product(g, h) for h in range(ORBIT)]) for g in range(ORBIT))


def _within(outer: Tensor, inner: Tensor) -> Tensor:
    """Return where channels go that are ordered (outer, inner)."""
    return (outer[:, None] * len(inner) + inner).flatten()


def _moves(kind: Channels, count: int, element: int) -> Tensor:
    """Return where each of `count` channels goes."""
    view = _moved(_square(2), element)
    if kind == "depth":
        return torch.arange(count)
    if kind == "depth_and_orbits":
        return torch.cat(
            [torch.zeros(1, dtype=torch.long), 1 + _moves("orbits", count - 1, element)]
        )
    if kind == "orbits":
        return _within(torch.arange(count // ORBIT), _orbit_moves()[element])
    if kind == "views":
        return view
    if kind == "carried":
        return _within(_moves("orbits", count // 4, element), view)
    around = 1 + _moved(_square(round((count // 4 - 1) ** 0.5)), element)
    return _within(view, torch.cat([torch.zeros(1, dtype=torch.long), around]))


@cache
def _sources(
    shape: torch.Size, inputs: Channels, outputs: Channels, device: torch.device
) -> Tensor:
    """Return for each of the eight where in a flattened kernel or bias its turned form's is."""
    # Counted on the CPU, wherever tensors are made by default when this is first asked for.
    with torch.device("cpu"):
        return _counted_sources(shape, inputs, outputs).to(device)


def _counted_sources(shape: torch.Size, inputs: Channels, outputs: Channels) -> Tensor:
    numbered = torch.arange(shape.numel()).reshape(shape)
    found = []
    for element in range(ORBIT):
        placed = torch.empty_like(numbered)
        rows = _moves(outputs, shape[0], element)
        if len(shape) == 1:
            placed[rows] = numbered
        else:
            columns = _moves(inputs, shape[1], element)
            placed[rows[:, None], columns] = turned(numbered, element)
        found.append(placed.flatten())
    return torch.stack(found)


def _mean(values: Tensor, inputs: Channels, outputs: Channels) -> Tensor:
    """Return a kernel's or a bias's mean over the eight."""
    sources = _sources(values.shape, inputs, outputs, values.device)
    each = values.flatten().index_select(0, sources.flatten()).reshape(sources.shape)
    return each.mean(0).reshape(values.shape)


_OUTPUTS: dict[str, Channels] = {
    "unit.head": "views",
    "hand_on": "views",
    "score": "scores",
    "carry": "carried",
    "expected.ratios": "views",
}
"""A stage's layers whose output is not orbits."""


def _parameters(network: nn.Module) -> Iterator[tuple[Tensor, Channels, Channels]]:
    """Yield the kernels and biases of a network's stages with what their layer's channels are."""
    for stage in network.modules():
        if not isinstance(stage, Stage):
            continue
        for name, layer in stage.named_modules():
            if not isinstance(layer, nn.Conv2d):
                continue
            inputs: Channels = "orbits"
            if layer.weight.shape[1] == 1:
                inputs = "depth"
            elif layer is stage.unit.features[0] or name == "expected.hidden":
                inputs = "depth_and_orbits"
            for parameter in (layer.weight, layer.bias):
                if parameter is not None:
                    yield parameter, inputs, _OUTPUTS.get(name, "orbits")


@torch.no_grad()
def begin_symmetric(network: nn.Module) -> None:
    """Make random weights symmetric, of the same size: √8 times their mean over the eight."""
    for parameter, inputs, outputs in _parameters(network):
        parameter.copy_(ORBIT**0.5 * _mean(parameter, inputs, outputs))


@torch.no_grad()
def symmetrise_gradients(network: nn.Module) -> None:
    """Make gradients symmetric: their mean over the eight."""
    for parameter, inputs, outputs in _parameters(network):
        if parameter.grad is not None:
            parameter.grad.copy_(_mean(parameter.grad, inputs, outputs))


@torch.no_grad()
def is_symmetric(network: nn.Module) -> bool:
    """Return whether a network's weights are symmetric, but for rounding to half precision."""
    return all(
        torch.allclose(parameter, mean, rtol=0, atol=_ROUNDING * float(parameter.abs().max()))
        for parameter, inputs, outputs in _parameters(network)
        for mean in (_mean(parameter, inputs, outputs),)
    )
