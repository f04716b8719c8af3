"""What runtimes are compared on: sizes, and what maps of them hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap
from tools.runtimes.operators import Use

__all__ = ["CONTENTS", "FEW", "SIZES", "depth_maps", "operator_maps"]

SIZES = ((1, 1), (1, 7), (7, 1), (5, 9), (97, 131))
FEW = 2**10
"""Pixels up to which maps have every content, and are upscaled by every factor."""
_LARGE, _SMALL = 1e15, 1e-15
"""What operators see; the squares are within float32, too."""
_LEAST = 1e-10
"""Of what a logarithm, a root or a division is taken of."""

Floats = NDArray[np.float32]
CONTENTS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]] = {
    "noise": lambda rng, shape: rng.normal(size=shape),
    "both ends": lambda rng, shape: rng.integers(0, 2, shape).astype(np.float64),
    "zeros": lambda rng, shape: np.zeros(shape),
    "ones": lambda rng, shape: np.ones(shape),
    "large": lambda rng, shape: _LARGE * rng.normal(size=shape),
    "small": lambda rng, shape: _SMALL * rng.normal(size=shape),
}
"""Name → a generator and a shape to the values that an operator sees."""
_ON_LARGE = ("noise", "both ends")
"""The contents of maps of more pixels than `FEW`."""
_DOMAINS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "Exp": lambda values: -np.abs(values),  # of what lies below the highest score
    "Log": lambda values: np.abs(values) + _LEAST,
    "ReduceMean": np.abs,  # of squares
    "ReduceSum": np.abs,  # of weights
    "Sqrt": lambda values: np.abs(values) + _LEAST,
}
"""Operator → its input in the graphs, where that isn't any number."""


def operator_maps(use: Use) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Yield what an operator is run on: in words, and the map of each input."""
    last = use.operators[-1]
    domain = _DOMAINS.get(last, lambda values: values)
    for k, (height, width) in enumerate(SIZES):
        for j, (content, values_of) in enumerate(CONTENTS.items()):
            if height * width > FEW and content not in _ON_LARGE:
                continue
            maps = {}
            for n, (name, channels) in enumerate(use.channels.items()):
                margin = use.margins[name]
                shape = (1, channels, height + margin, width + margin)
                values = domain(values_of(np.random.default_rng((k, j, n)), shape))
                if last == "Div" and n == len(use.channels) - 1:
                    values = np.abs(values) + _LEAST
                maps[name] = values.astype(np.float32)
            yield f"{height}×{width}, {content}", maps


def depth_maps() -> Iterator[tuple[str, DepthMap]]:
    """Yield what a network is run on: in words, and the map."""
    for k, (height, width) in enumerate(SIZES):
        rng = np.random.default_rng(k)
        y, x = np.mgrid[:height, :width]
        noise = rng.normal(0, 0.002, (height, width))
        surfaces = 3 + 2.0 * ((x // 4 + y // 3) % 3) + 0.01 * x - 0.02 * y + noise
        some, most = rng.random((2, height, width)) > [[[0.1]], [[0.7]]]
        some.flat[0] = most.flat[-1] = True
        everywhere = np.ones_like(some)
        contents = {"surfaces with holes": (surfaces, some)}
        if surfaces.size <= FEW:
            contents |= {
                "surfaces": (surfaces, everywhere),
                "more holes than surfaces": (surfaces, most),
                "both ends": (rng.integers(0, 2, some.shape), everywhere),
                "one value": (np.full(some.shape, 1.5), everywhere),
                "large": (1e37 * surfaces, everywhere),
                "small": (1e-37 * surfaces, everywhere),
            }
        for content, (values, valid) in contents.items():
            depth = DepthMap(values.astype(np.float32), valid, unit="m")
            yield f"{height}×{width}, {content}", depth
