"""Differences between runtimes: what ONNX graphs give, beside what torch gives."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.backends import BackendName, load_backend
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.torch_networks import from_pretrained

__all__ = ["Parity", "compare_with_torch"]

_TOLERANCE = 1e-5
_SHAPES = ((1, 1), (1, 9), (7, 2), (24, 33), (97, 131))
_FEW = 2**10
"""Pixels up to which maps are upscaled by large factors, too."""


class Parity(NamedTuple):
    """Largest differences of predictions and of expected errors, as shares of a map's range."""

    difference: float
    """Between the graphs and torch, both in single precision."""
    rounding: float
    """Between torch in single and in double precision: what rounding alone may do."""

    @property
    def holds(self) -> bool:
        """Whether the graphs are the network: they differ by 1e-5, or by no more than rounding."""
        return self.difference <= max(_TOLERANCE, self.rounding)


def compare_with_torch(folder: Path, backend: BackendName = "onnx", *, seed: int = 0) -> Parity:
    """Return how much a network's predictions by ONNX graphs differ from those by torch.

    Maps of several sizes, with and without holes, are upscaled by every factor that the network
    serves, whole and in tiles.

    Args:
        folder: The network's folder.
        backend: What runs the graphs, ``onnx`` or ``openvino``.
        seed: Of the maps.

    Raises:
        DsdmsrError: As `dsdmsr.upscaling.backends.load_backend`.
    """
    graphs = load_backend(str(folder), backend, "cpu")
    single = TorchBackend(from_pretrained(str(folder)), "cpu")
    double = TorchBackend(from_pretrained(str(folder)).double(), "cpu")
    worst = np.zeros(2)
    for scale, (k, shape) in product(graphs.scales, enumerate(_SHAPES)):
        if scale > 4 and shape[0] * shape[1] > _FEW:
            continue
        depth = _map(shape, seed + k)
        given, torchs, exact = (
            _values(each, depth, scale, 20 if k % 2 else 1000) for each in (graphs, single, double)
        )
        span = max(float(np.ptp(depth.values[depth.valid])), 1e-6)
        found = [np.abs(given - torchs).max(), np.abs(torchs - exact).max()]
        worst = np.maximum(worst, np.array(found) / span)
    return Parity(*map(float, worst))


def _values(backend: Backend, depth: DepthMap, scale: int, tile: int) -> NDArray[np.float32]:
    """Return a prediction's values, and the expected errors if there are any, where valid."""
    errors = backend.predicts_error
    result = Upscaler(backend, scale=scale, tile=tile)(depth, errors=errors)
    found = [result.values] if result.error is None else [result.values, result.error]
    return np.stack(found)[:, result.valid]


def _map(shape: tuple[int, int], seed: int) -> DepthMap:
    """Return a map of slanted surfaces with steps and a little noise, a tenth of it holes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    steps = 2.0 * ((x // 13 + y // 9) % 3)
    values = 3 + steps + 0.01 * x - 0.02 * y + rng.normal(0, 0.002, shape)
    valid = rng.random(shape) > (0.1 if seed % 2 else 0.0)
    valid.flat[0] = True
    return DepthMap(values.astype(np.float32), valid, unit="m")
