"""Panels of validation maps: every stage beside its target."""

from __future__ import annotations

import torch
from torch import Tensor

from dsdmsr.degradation.resample import resize
from dsdmsr.nn import Prediction
from dsdmsr.pictures.panels import MaskedMap, Panel, PanelStage
from dsdmsr.training.examples import Examples

__all__ = ["panels_of"]


def panels_of(examples: Examples, prediction: Prediction, count: int) -> list[Panel]:
    """Return panels of the first examples, in the unit of their maps.

    Args:
        examples: The low-resolution maps and their targets.
        prediction: The network's outputs for them.
        count: The number of panels.
    """
    bicubic = resize(examples.lr_depth, examples.scale)
    panels = []
    for k in range(min(count, len(examples.lr_depth))):

        def shown(normalised: Tensor, valid: Tensor, k: int = k) -> MaskedMap:
            values = (normalised * examples.span + examples.low)[k, 0]
            return MaskedMap(values.float().cpu().numpy(), valid[k, 0].cpu().numpy())

        stages = [
            PanelStage(2 ** (number + 1), shown(pred, valid), shown(target, valid))
            for number, (pred, target, valid) in enumerate(
                zip(prediction.stages, examples.targets, examples.valids, strict=True)
            )
        ]
        valid = examples.valids[-1]
        panels.append(
            Panel(
                title=f"validation map {k + 1}, ×{examples.scale}",
                unit=examples.kinds[k].replace("_", " "),
                lr_depth=shown(
                    examples.lr_depth, torch.ones_like(examples.lr_depth, dtype=torch.bool)
                ),
                stages=stages,
                pred=shown(prediction.fused, valid).values,
                bicubic=shown(bicubic, valid).values,
            )
        )
    return panels
