"""The linear operators of refinement, with their transposes: differences, and making small."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from dsdmsr.degradation.degrade import reduction_matrix
from dsdmsr.upscaling.refinement import Averaging
from dsdmsr.upscaling.window import Window

__all__ = [
    "HALF_ROOT",
    "Reduction",
    "bending",
    "bending_transposed",
    "gradient",
    "gradient_transposed",
]

HALF_ROOT = 0.5**0.5
"""The weight of the mixed differences in `bending`, each of which is there twice."""


def gradient(u: Float[Tensor, "H W"]) -> Float[Tensor, "2 H W"]:
    """Return a map's differences down and across, 0 behind the last row and column."""
    made = u.new_zeros((2, *u.shape))
    torch.sub(u[1:], u[:-1], out=made[0, :-1])
    torch.sub(u[:, 1:], u[:, :-1], out=made[1, :, :-1])
    return made


def gradient_transposed(p: Float[Tensor, "2 H W"]) -> Float[Tensor, "H W"]:
    """Apply the transpose of `gradient`."""
    made = torch.zeros_like(p[0])
    made[:-1] -= p[0, :-1]
    made[1:] += p[0, :-1]
    made[:, :-1] -= p[1, :, :-1]
    made[:, 1:] += p[1, :, :-1]
    return made


def bending(v: Float[Tensor, "2 H W"]) -> Float[Tensor, "3 H W"]:
    """Return the symmetric part of the differences of slopes; what is there twice, times √2."""
    down, across = gradient(v[0]), gradient(v[1])
    return torch.stack([down[0], across[1], HALF_ROOT * (down[1] + across[0])])


def bending_transposed(q: Float[Tensor, "3 H W"]) -> Float[Tensor, "2 H W"]:
    """Apply the transpose of `bending`."""
    both = HALF_ROOT * q[2]
    return torch.stack(
        [
            gradient_transposed(torch.stack([q[0], both])),
            gradient_transposed(torch.stack([both, q[1]])),
        ]
    )


class Reduction:
    """Make a part of a small map from a large one, and apply the transpose, by sparse matrices.

    Args:
        large: A map of the large one's size, type and device.
        scale: How many times larger it is.
        kind: How the small map is made of it, see `dsdmsr.degradation.degrade.degrade`.
        part: The part, in pixels of the small map.
    """

    def __init__(self, large: Tensor, scale: int, kind: Averaging, part: Window) -> None:
        ends = (part.top, part.bottom), (part.left, part.right)
        axes = [
            _axis(side, scale, kind, *end, large.dtype, large.device)
            for side, end in zip(large.shape, ends, strict=True)
        ]
        self._to, self._from = [axis.to for axis in axes], [axis.back for axis in axes]
        self._inverses = [axis.inverse for axis in axes]
        self._sums = [axis.sums for axis in axes]

    def __call__(self, large: Float[Tensor, "H W"]) -> Float[Tensor, "h w"]:
        """Return D u."""
        return _both_ways(self._to, large)

    def back(self, small: Float[Tensor, "h w"]) -> Float[Tensor, "H W"]:
        """Return Dᵀ r."""
        return _both_ways(self._from, small)

    def nearest(
        self, large: Float[Tensor, "H W"], small: Float[Tensor, "h w"]
    ) -> Float[Tensor, "H W"]:
        """Return the map nearest to `large` of which D makes `small`."""
        rows, columns = self._inverses
        return large + self.back(rows @ (small - self(large)) @ columns)

    def sums(self, axis: int) -> Float[Tensor, "rows columns"]:
        """Return the sums of D's absolute weights, over small pixels (0) or large ones (1)."""
        rows, columns = (sums[axis] for sums in self._sums)
        return rows[:, None] * columns


class _Axis(NamedTuple):
    """Hold D along one axis."""

    to: Tensor
    back: Tensor
    """Its transpose."""
    inverse: Tensor
    """Of D Dᵀ."""
    sums: tuple[Tensor, Tensor]
    """Of its absolute weights, over small pixels and over large ones."""


@lru_cache(maxsize=16)
def _axis(
    side: int,
    scale: int,
    kind: Averaging,
    first: int,
    last: int,
    dtype: torch.dtype,
    device: torch.device,
) -> _Axis:
    """Return D's rows from `first` to `last` along an axis of `side` large pixels.

    The tiles of a map have few such axes.
    """
    dense = reduction_matrix(side, scale, kind)[first:last]
    inverse = torch.linalg.inv(dense @ dense.T)
    dense = dense.to(device, dtype)
    return _Axis(
        _sparse(dense),
        _sparse(dense.T),
        inverse.to(device, dtype),
        (dense.abs().sum(0), dense.abs().sum(1)),
    )


def _sparse(matrix: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return matrix.to_sparse_csr()


def _both_ways(matrices: list[Tensor], values: Tensor) -> Tensor:
    rows, columns = matrices
    return (columns @ (rows @ values).T).T
