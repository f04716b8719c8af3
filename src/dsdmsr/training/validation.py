"""The figures of a validation."""

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
    """Sums and counts over all maps, so that batches and processes change nothing.

    For each factor the loss, and for the answer and each stage's output the RMSE, MAE and PSNR in
    255ths of each map's range, as grey levels are, and the RMSE in the maps' own unit. The loss is
    the mean over maps; the others are over all pixels.

    Args:
        scales: The factors that are validated.
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
        truths: Sequence[Tensor],
        valids: Sequence[Tensor],
        *,
        losses: Tensor,
        span: Tensor,
        expectations: Tensor | None = None,
    ) -> None:
        """Add a batch.

        Args:
            scale: The factor.
            prediction: What the network made of maps with range 1.
            bicubic: Bicubic interpolation of the same.
            truths: The truth at each stage's size, smallest first.
            valids: What of it is valid.
            losses: Each map's loss.
            span: Each map's range in its own unit, b 1 1 1.
            expectations: Each map's `expectation_loss`.
        """
        self._metric(f"loss_x{scale}").update(losses)
        if expectations is not None:
            self._metric(f"expectation_x{scale}").update(expectations)
        self._metric(f"bicubic_x{scale}").update(
            _LEVELS * bicubic.float(), _LEVELS * truths[-1], valids[-1]
        )
        outputs = [("", prediction.fused, truths[-1], valids[-1])]
        for k, part in enumerate(zip(prediction.stages, truths, valids, strict=True), start=1):
            outputs.append((f"_stage_x{2**k}", *part))
        for output, pred, target, valid in outputs:
            in_levels = (_LEVELS * pred.float(), _LEVELS * target, valid)
            for name in ("rmse", "mae", "psnr"):
                self._metric(f"{name}_x{scale}{output}").update(*in_levels)
            in_unit = (span * pred.float(), span * target, valid)
            self._metric(f"unit_rmse_x{scale}{output}").update(*in_unit)

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
