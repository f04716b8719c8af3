"""Differences between runtimes: what ONNX graphs give, beside what torch gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsdmsr.depth.map import DepthMap
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.backends import BackendName

__all__ = ["PARITY", "worst_difference"]

PARITY = 1e-5
"""Largest difference between runtimes, as a share of a map's range."""
_SHAPES = ((1, 1), (1, 9), (7, 2), (24, 33), (97, 131))
_FEW = 2**10
"""Pixels up to which maps are upscaled by large factors, too."""


def worst_difference(folder: Path, backend: BackendName = "onnx", *, seed: int = 0) -> float:
    """Return the largest difference between a network's predictions by ONNX graphs and by torch.

    Maps of several sizes, with and without holes, are upscaled by every factor that the network
    serves, whole and in tiles, with the expected errors.

    Args:
        folder: The network's folder.
        backend: What runs the graphs, ``onnx`` or ``openvino``.
        seed: Of the maps.

    Returns:
        The difference, as a share of each map's range, of values and of expected errors.

    Raises:
        DsdmsrError: As `dsdmsr.Upscaler.from_pretrained`.
    """
    worst = 0.0
    for scale in (2, 4, 8, 16):
        for k, shape in enumerate(_SHAPES):
            if scale > 4 and shape[0] * shape[1] > _FEW:
                continue
            depth = _map(shape, seed + k)
            given, expected = (
                Upscaler.from_pretrained(
                    folder, scale=scale, backend=name, device="cpu", tile="auto" if k % 2 else 20
                )(depth, errors=True)
                for name in (backend, "torch")
            )
            span = max(float(np.ptp(depth.values[depth.valid])), 1e-6)
            assert given.error is not None
            assert expected.error is not None
            for ours, torchs in (
                (given.values, expected.values),
                (given.error, expected.error),
            ):
                difference = np.abs(ours - torchs)[expected.valid].max(initial=0.0)
                worst = max(worst, float(difference) / span)
    return worst


def _map(shape: tuple[int, int], seed: int) -> DepthMap:
    """Return a map of slanted surfaces with steps and a little noise, a tenth of it holes.

    With a step every few pixels, torch's own rounding reaches 1e-5 of the range at ×16: beside
    double precision, `dsdmsr-base` in single precision is off by 1.4e-5 there.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    steps = 2.0 * ((x // 13 + y // 9) % 3)
    values = 3 + steps + 0.01 * x - 0.02 * y + rng.normal(0, 0.002, shape)
    valid = rng.random(shape) > (0.1 if seed % 2 else 0.0)
    valid.flat[0] = True
    return DepthMap(values.astype(np.float32), valid, unit="m")
