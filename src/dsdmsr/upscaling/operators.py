"""The linear operators of refinement, with their transposes: differences and downsampling."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from dsdmsr.degradation.degrade import downsampling_matrix
from dsdmsr.upscaling.refinement import Averaging
from dsdmsr.upscaling.window import Window

__all__ = [
    "HALF_ROOT",
    "Downsampling",
    "bending",
    "bending_transposed",
    "gradient",
    "gradient_transposed",
    "huber",
    "nearest_dual",
]

HALF_ROOT = 0.5**0.5
"""The weight of the mixed differences in `bending`, each of which is there twice."""


_ROUNDED = 1e-3
"""Length below which Huber's function is a parabola, and not the absolute value."""


def gradient(u: Float[Tensor, "H W"]) -> Float[Tensor, "2 H W"]:
    """Return a map's differences down and across, 0 behind the last row and column."""
    differences = u.new_zeros((2, *u.shape))
    torch.sub(u[1:], u[:-1], out=differences[0, :-1])
    torch.sub(u[:, 1:], u[:, :-1], out=differences[1, :, :-1])
    return differences


def gradient_transposed(p: Float[Tensor, "2 H W"]) -> Float[Tensor, "H W"]:
    """Apply the transpose of `gradient`."""
    total = torch.zeros_like(p[0])
    total[:-1] -= p[0, :-1]
    total[1:] += p[0, :-1]
    total[:, :-1] -= p[1, :, :-1]
    total[:, 1:] += p[1, :, :-1]
    return total


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


def huber(field: Float[Tensor, "c H W"]) -> Float[Tensor, "H W"]:
    """Return Huber's function of a field's length at each pixel."""
    length = field.square().sum(0).sqrt()
    return torch.where(length < _ROUNDED, length.square() / (2 * _ROUNDED), length - _ROUNDED / 2)


def nearest_dual(dual: Float[Tensor, "c H W"], radius: Tensor, step: float) -> Tensor:
    """Return the proximal map of the conjugate of `huber`, scaled by `radius`."""
    dual = dual / (1 + step * _ROUNDED / radius)
    return dual / (dual.square().sum(0, keepdim=True).sqrt() / radius).clamp(min=1)


class Downsampling:
    """Downsample a map to a part of a low-resolution one, and apply the transpose: D, and Dᵀ.

    By sparse matrices, one for each axis.

    Args:
        like: A map of the high-resolution size, type and device.
        scale: The factor.
        kind: The degradation, see `dsdmsr.degradation.degrade.degrade`.
        part: The part, in low-resolution pixels.
    """

    def __init__(self, like: Tensor, scale: int, kind: Averaging, part: Window) -> None:
        ends = (part.top, part.bottom), (part.left, part.right)
        axes = [
            _axis(side, scale, kind, *end, like.dtype, like.device)
            for side, end in zip(like.shape, ends, strict=True)
        ]
        self._to, self._from = [axis.to for axis in axes], [axis.back for axis in axes]
        self._inverses = [axis.inverse for axis in axes]
        self._sums = [axis.sums for axis in axes]

    def __call__(self, u: Float[Tensor, "H W"]) -> Float[Tensor, "h w"]:
        """Return D u."""
        return _along_both_axes(self._to, u)

    def transposed(self, r: Float[Tensor, "h w"]) -> Float[Tensor, "H W"]:
        """Return Dᵀ r."""
        return _along_both_axes(self._from, r)

    def nearest(self, u: Float[Tensor, "H W"], y: Float[Tensor, "h w"]) -> Float[Tensor, "H W"]:
        """Return the map nearest to `u` whose downsampling is `y`."""
        rows, columns = self._inverses
        return u + self.transposed(rows @ (y - self(u)) @ columns)

    def sums(self, axis: int) -> Float[Tensor, "rows columns"]:
        """Return the sums of D's absolute weights, over low- (0) or high-resolution pixels (1)."""
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
    """Of its absolute weights, over low-resolution and over high-resolution pixels."""


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
    """Return D's rows from `first` to `last` along an axis of `side` high-resolution pixels.

    The tiles of a map have few such axes.
    """
    dense = downsampling_matrix(side, scale, kind)[first:last]
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


def _along_both_axes(matrices: list[Tensor], values: Tensor) -> Tensor:
    rows, columns = matrices
    return (columns @ (rows @ values).T).T
