"""The figures of a validation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from torch import Tensor, nn
from torchmetrics import Metric

from dsdmsr.metrics import MaskedMAE, MaskedPSNR, MaskedRMSE
from dsdmsr.nn import Prediction

__all__ = ["ValidationFigures"]

_LEVELS = 255.0


class ValidationFigures(nn.Module):
    """Sums and counts over all maps, so that batches and processes change nothing.

    All errors are in 255ths of each map's range, as grey levels are.

    Args:
        scales: The factors that are validated.
    """

    def __init__(self, scales: Iterable[int]) -> None:
        super().__init__()
        self.scales = sorted(scales)
        self.metrics = nn.ModuleDict()
        for scale in self.scales:
            kinds = {"rmse": MaskedRMSE, "mae": MaskedMAE, "bicubic": MaskedRMSE}
            for name, kind in kinds.items():
                self.metrics[f"{name}_x{scale}"] = kind()
            self.metrics[f"psnr_x{scale}"] = MaskedPSNR(_LEVELS)
            for stage in self._stages(scale):
                self.metrics[f"rmse_x{scale}_stage_x{stage}"] = MaskedRMSE()

    @staticmethod
    def _stages(scale: int) -> list[int]:
        return [2**k for k in range(1, scale.bit_length())]

    def add(
        self,
        scale: int,
        prediction: Prediction,
        bicubic: Tensor,
        truths: Sequence[Tensor],
        valids: Sequence[Tensor],
    ) -> None:
        """Add a batch.

        Args:
            scale: The factor.
            prediction: What the network made of maps with range 1.
            bicubic: Bicubic interpolation of the same.
            truths: The truth at each stage's size, smallest first.
            valids: What of it is valid.
        """
        answer = (prediction.fused, truths[-1], valids[-1])
        made = {f"{name}_x{scale}": answer for name in ("rmse", "mae", "psnr")}
        made[f"bicubic_x{scale}"] = (bicubic, *answer[1:])
        for stage, *part in zip(
            self._stages(scale), prediction.stages, truths, valids, strict=True
        ):
            made[f"rmse_x{scale}_stage_x{stage}"] = (part[0], part[1], part[2])
        for name, (pred, target, valid) in made.items():
            self._metric(name).update(_LEVELS * pred.float(), _LEVELS * target, valid)

    def compute(self) -> dict[str, Tensor]:
        """Return ``val/…`` of each factor, and ``val/score``.

        The score is what is left of bicubic's error, the mean over factors.
        """
        found: dict[str, Tensor] = {name: self._metric(name).compute() for name in self.metrics}
        left = [found[f"rmse_x{scale}"] / found[f"bicubic_x{scale}"] for scale in self.scales]
        made = {f"val/{name}": value.float() for name, value in found.items()}
        return {**made, "val/score": (sum(left[1:], left[0]) / len(left)).float()}

    def reset(self) -> None:
        """Forget all batches."""
        for name in self.metrics:
            self._metric(name).reset()

    def _metric(self, name: str) -> Metric:
        return cast(Metric, self.metrics[name])
