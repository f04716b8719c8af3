"""Symmetry: networks that commute with the eight rotations and reflections of a map.

The channels of a hidden layer come in orbits of eight: when the input is transformed, each
channel's map is transformed and moves to another channel of its orbit. A convolution commutes with
that exactly if its kernels agree with each other in the same way. It is enough to initialise the
weights symmetrically and to take each step along symmetric gradients, which are the mean over the
eight transforms of the data; the network's layers and its cost stay the same.

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

__all__ = ["Channels", "init_symmetric", "is_symmetric", "symmetrise_gradients", "transformed"]

Channels = Literal["depth", "depth_and_orbits", "orbits", "views", "scores", "carried"]
"""What a layer's channels are.

A map; a map, then orbits; orbits; four views; for each view, the scores of its regressed value
and of the values of a square; or four views of each channel of orbits.
"""

_ROUNDING = 1e-3
"""Tolerance of a layer's weights, relative to its largest one."""


def transformed(x: Tensor, element: int) -> Tensor:
    """Return maps or kernels (… h w) mirrored (from 4 on), then rotated by quarter turns.

    Args:
        x: Maps or kernels; after an odd number of quarter turns, the result is … w h.
        element: Which of the eight; 0 is the identity.
    """
    return torch.rot90(x.flip(-1) if element >= ORBIT // 2 else x, element % 4, (-2, -1))


def _moved(square: Tensor, element: int) -> Tensor:
    """Return the new position of each number of a square of 0 … n-1."""
    return transformed(square, element).flatten().argsort()


def _square(side: int) -> Tensor:
    return torch.arange(side**2).reshape(side, side)


@cache
def _orbit_moves() -> tuple[Tensor, ...]:
    """Return the products of each of the eight with each of the eight."""
    marked = _square(3)
    names = {tuple(transformed(marked, h).flatten().tolist()): h for h in range(ORBIT)}

    def product(g: int, h: int) -> int:
        return names[tuple(transformed(transformed(marked, h), g).flatten().tolist())]

    return tuple(torch.tensor([product(g, h) for h in range(ORBIT)]) for g in range(ORBIT))


def _within(outer: Tensor, inner: Tensor) -> Tensor:
    """Return the new positions of channels that are ordered (outer, inner)."""
    return (outer[:, None] * len(inner) + inner).flatten()


def _moves(kind: Channels, count: int, element: int) -> Tensor:
    """Return the new position of each of `count` channels."""
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
    """Return, for each of the eight, the source of each number of a flattened kernel or bias."""
    # On the CPU, whatever the default device is at the first call, since results are cached.
    with torch.device("cpu"):
        return _sources_on_cpu(shape, inputs, outputs).to(device)


def _sources_on_cpu(shape: torch.Size, inputs: Channels, outputs: Channels) -> Tensor:
    numbered = torch.arange(shape.numel()).reshape(shape)
    sources = []
    for element in range(ORBIT):
        moved = torch.empty_like(numbered)
        rows = _moves(outputs, shape[0], element)
        if len(shape) == 1:
            moved[rows] = numbered
        else:
            columns = _moves(inputs, shape[1], element)
            moved[rows[:, None], columns] = transformed(numbered, element)
        sources.append(moved.flatten())
    return torch.stack(sources)


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
    """Yield the kernels and biases of a network's stages with their inputs' and outputs' kind."""
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
def init_symmetric(network: nn.Module) -> None:
    """Make random weights symmetric, with their variance: √8 times their mean over the eight."""
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
    """Return whether a network's weights are symmetric to within half precision."""
    return all(
        torch.allclose(parameter, mean, rtol=0, atol=_ROUNDING * float(parameter.abs().max()))
        for parameter, inputs, outputs in _parameters(network)
        for mean in (_mean(parameter, inputs, outputs),)
    )
