"""Panels of the maps that a run is validated on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dsdmsr.data.batches import Batch
from dsdmsr.degradation import resize
from dsdmsr.evaluation.panels import Panel, Shown
from dsdmsr.nn import Prediction

__all__ = ["panels_of"]


def panels_of(
    batch: Batch,
    lr_depth: Tensor,
    prediction: Prediction,
    targets: Sequence[Tensor],
    valids: Sequence[Tensor],
    count: int,
) -> list[Panel]:
    """Return panels of a batch's first maps.

    Args:
        batch: The maps.
        lr_depth: What was made larger, its holes filled.
        prediction: What the network made of it, in the unit of the maps.
        targets: The truth at each stage's size, smallest first.
        valids: What of it is valid.
        count: How many panels.
    """
    bicubic = resize(lr_depth, batch.scale)
    panels = []
    for k in range(min(count, len(lr_depth))):

        def shown(values: Tensor, valid: Tensor, k: int = k) -> Shown:
            return Shown(values[k, 0].float().cpu().numpy(), valid[k, 0].cpu().numpy())

        stages = [
            (2 ** (number + 1), shown(made, valid), shown(target, valid))
            for number, (made, target, valid) in enumerate(
                zip(prediction.stages, targets, valids, strict=True)
            )
        ]
        panels.append(
            Panel(
                title=f"validation map {k + 1}, ×{batch.scale}",
                unit=batch.kinds[k].replace("_", " "),
                small=shown(lr_depth, torch.ones_like(lr_depth, dtype=torch.bool)),
                stages=stages,
                answer=shown(prediction.fused, valids[-1]).values,
                bicubic=shown(bicubic, valids[-1]).values,
            )
        )
    return panels
