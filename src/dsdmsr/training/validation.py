"""Figures of a validation: losses and masked metrics of every output at every scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric

from dsdmsr.metrics import MaskedMAE, MaskedPSNR, MaskedRMSE
from dsdmsr.nn import Prediction

__all__ = ["ValidationFigures"]

_LEVELS = 255.0


class ValidationFigures(nn.Module):
    """Sum and count over all maps, so that batches and processes change nothing.

    For each scale the loss, and for the final prediction and each stage's output the RMSE, MAE and
    PSNR in 255ths of each map's range, as grey levels are, and the RMSE in the maps' own unit. The
    loss is the mean over maps; the others are over all pixels.

    Args:
        scales: The scales that are validated.
        expectations: Whether there is `expectation_loss`, too: the mean over maps.
    """

    def __init__(self, scales: Iterable[int], *, expectations: bool = False) -> None:
        super().__init__()
        self.scales = sorted(scales)
        self.metrics = nn.ModuleDict()
        for scale in self.scales:
            self.metrics[f"loss_x{scale}"] = MeanMetric(nan_strategy="disable")
            self.metrics[f"bicubic_x{scale}"] = MaskedRMSE()
            if expectations:
                self.metrics[f"expectation_x{scale}"] = MeanMetric(nan_strategy="disable")
            stages = [f"_stage_x{2**k}" for k in range(1, scale.bit_length())]
            for output in ("", *stages):
                self.metrics[f"rmse_x{scale}{output}"] = MaskedRMSE()
                self.metrics[f"mae_x{scale}{output}"] = MaskedMAE()
                self.metrics[f"psnr_x{scale}{output}"] = MaskedPSNR(_LEVELS)
                self.metrics[f"unit_rmse_x{scale}{output}"] = MaskedRMSE()

    def add(
        self,
        scale: int,
        prediction: Prediction,
        bicubic: Tensor,
        targets: Sequence[Tensor],
        valids: Sequence[Tensor],
        *,
        losses: Tensor,
        span: Tensor,
        expectations: Tensor | None = None,
    ) -> None:
        """Add a batch.

        Args:
            scale: The scale.
            prediction: The network's outputs, of maps with range 1.
            bicubic: Bicubic interpolation of the same maps.
            targets: The ground truth at each stage's size, smallest first.
            valids: Which of its pixels are valid.
            losses: Each map's loss.
            span: Each map's range in its own unit, b 1 1 1.
            expectations: Each map's `expectation_loss`.
        """
        self._metric(f"loss_x{scale}").update(losses)
        if expectations is not None:
            self._metric(f"expectation_x{scale}").update(expectations)
        self._metric(f"bicubic_x{scale}").update(
            _LEVELS * bicubic.float(), _LEVELS * targets[-1], valids[-1]
        )
        outputs = [("", prediction.fused, targets[-1], valids[-1])]
        for k, maps in enumerate(zip(prediction.stages, targets, valids, strict=True), start=1):
            outputs.append((f"_stage_x{2**k}", *maps))
        for output, pred, target, valid in outputs:
            in_levels = (_LEVELS * pred.float(), _LEVELS * target, valid)
            for name in ("rmse", "mae", "psnr"):
                self._metric(f"{name}_x{scale}{output}").update(*in_levels)
            in_unit = (span * pred.float(), span * target, valid)
            self._metric(f"unit_rmse_x{scale}{output}").update(*in_unit)

    def compute(self) -> dict[str, Tensor]:
        """Return ``val/…`` of each scale, and ``val/score``.

        The score is the RMSE relative to bicubic interpolation's, the mean over scales.
        """
        values: dict[str, Tensor] = {name: self._metric(name).compute() for name in self.metrics}
        ratios = [values[f"rmse_x{scale}"] / values[f"bicubic_x{scale}"] for scale in self.scales]
        figures = {f"val/{name}": value.float() for name, value in values.items()}
        return {**figures, "val/score": (sum(ratios[1:], ratios[0]) / len(ratios)).float()}

    def reset(self) -> None:
        """Discard all batches."""
        for name in self.metrics:
            self._metric(name).reset()

    def _metric(self, name: str) -> Metric:
        return cast(Metric, self.metrics[name])
