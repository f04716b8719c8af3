"""Metrics as torchmetrics classes, which add up over batches and processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from dsdmsr.metrics.edges import edge_squares, flying_pixels
from dsdmsr.metrics.pixels import bad_pixels, sizes, squares
from dsdmsr.metrics.similarity import similarities
from dsdmsr.metrics.tally import Tally, check_positive

__all__ = [
    "EdgeRMSE",
    "FlyingPixelRate",
    "MaskedBadPixelRate",
    "MaskedMAE",
    "MaskedPSNR",
    "MaskedRMSE",
    "MaskedSSIM",
]


class _Tallied(Metric):
    """Keep a tally over batches and processes."""

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, tally: Callable[..., Tally], numbers: dict[str, float], **options: Any):
        super().__init__(**options)
        for name, number in numbers.items():
            check_positive(name, number)
        self._of, self._numbers = tally, numbers
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, pred: Tensor, target: Tensor, valid: Tensor) -> None:
        """Add a batch, b 1 h w."""
        tally = self._of(pred, target, valid, **self._numbers)
        self.total += tally.total
        self.count += tally.pixels

    def compute(self) -> Tensor:
        """Return the mean; NaN before the first pixel that counts."""
        return Tally(self.total, self.count).mean()


class MaskedRMSE(_Tallied):
    """`rmse` over all batches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(squares, {}, **options)

    def compute(self) -> Tensor:
        """Return the error; NaN before the first valid pixel."""
        return super().compute().sqrt()


class MaskedMAE(_Tallied):
    """`mae` over all batches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(sizes, {}, **options)


class MaskedBadPixelRate(_Tallied):
    """`bad_pixel_rate` over all batches."""

    def __init__(self, threshold: float = 1.0, **options: Any) -> None:
        super().__init__(bad_pixels, {"threshold": threshold}, **options)


class MaskedPSNR(_Tallied):
    """`psnr` of the error over all batches."""

    higher_is_better = True

    def __init__(self, data_range: float, **options: Any) -> None:
        super().__init__(squares, {}, **options)
        check_positive("data_range", data_range)
        self.data_range = data_range

    def compute(self) -> Tensor:
        """Return the ratio in dB; NaN before the first valid pixel."""
        return 20 * torch.log10(self.data_range / super().compute().sqrt())


class EdgeRMSE(_Tallied):
    """`edge_rmse` over all batches."""

    def __init__(self, step: float, **options: Any) -> None:
        super().__init__(edge_squares, {"step": step}, **options)

    def compute(self) -> Tensor:
        """Return the error; NaN before the first pixel near an edge."""
        return super().compute().sqrt()


class FlyingPixelRate(_Tallied):
    """`flying_pixel_rate` over all batches."""

    def __init__(self, step: float, **options: Any) -> None:
        super().__init__(flying_pixels, {"step": step}, **options)


class MaskedSSIM(_Tallied):
    """`ssim` over all batches."""

    higher_is_better = True

    def __init__(self, data_range: float, **options: Any) -> None:
        super().__init__(similarities, {"data_range": data_range}, **options)
