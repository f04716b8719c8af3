"""Outputs of a network's stages, with their errors and a panel that shows them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.degradation.degrade import stage_targets
from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.normalise import normalise
from dsdmsr.evaluation.cases import Case
from dsdmsr.evaluation.methods import Values, baseline
from dsdmsr.evaluation.protocols import UNIT_NAMES
from dsdmsr.evaluation.records import StageScore
from dsdmsr.metrics import mae, psnr, rmse
from dsdmsr.nn import DSDMSR
from dsdmsr.pictures.panels import MaskedMap, Panel, PanelStage

__all__ = ["PREDICTION", "StageOutput", "stage_outputs", "stage_panel", "stage_scores"]

PREDICTION = "prediction"
"""Name of a network's prediction among its outputs."""


class StageOutput(NamedTuple):
    """A stage's output, and its target."""

    scale: int
    """Size relative to the input."""
    pred: Values
    """The output."""
    target: Values
    """The ground truth of that size."""
    valid: NDArray[np.bool_]
    """Which pixels count."""


def stage_outputs(model: DSDMSR, case: Case, degradation: Degradation) -> list[StageOutput]:
    """Run a network on a case's first low-resolution map; return the outputs of its stages.

    Each is compared with the target it was trained on; see
    `dsdmsr.degradation.degrade.stage_targets`.

    Args:
        model: The network, on any device.
        case: The map, at one scale.
        degradation: The protocol's.
    """
    low_res = case.low_res[0]
    normalised = normalise(low_res.values, low_res.valid, model.config.border)
    device = next(model.parameters()).device
    with torch.inference_mode():
        prediction = model(torch.from_numpy(normalised.lr_depth).to(device), case.scale)
    target, counted = (torch.from_numpy(x)[None, None] for x in (case.target, case.counted))
    targets = stage_targets(target, counted, case.scale, degradation)
    return [
        StageOutput(
            2**k,
            normalised.restored(output.float().cpu().numpy(), 2**k),
            of_stage[0, 0].numpy(),
            valid[0, 0].numpy(),
        )
        for k, (output, (of_stage, valid)) in enumerate(
            zip(prediction.stages, targets, strict=True), start=1
        )
    ]


def stage_scores(
    case: Case, method: str, outputs: list[StageOutput], pred: Values
) -> list[StageScore]:
    """Return the errors of each stage's output and of the prediction."""
    span = float(np.ptp(case.target[case.counted])) or 1.0
    named = [(f"×{output.scale}", output) for output in outputs]
    named.append((PREDICTION, StageOutput(case.scale, pred, case.target, case.counted)))
    scores = []
    for name, output in named:
        _, *arrays = output
        output_pred, target, valid = (torch.from_numpy(x)[None, None] for x in arrays)
        scores.append(
            StageScore(
                set=case.file.set,
                scene=case.file.scene,
                scale=case.scale,
                method=method,
                unit=UNIT_NAMES[case.unit],
                output=name,
                rmse=float(rmse(output_pred, target, valid)),
                mae=float(mae(output_pred, target, valid)),
                psnr=float(psnr(output_pred, target, valid, span)),
            )
        )
    return scores


def stage_panel(title: str, case: Case, outputs: list[StageOutput], pred: Values) -> Panel:
    """Return a panel of a network's outputs; see `dsdmsr.pictures.panels.plot_panel`."""
    low_res = case.low_res[0]

    def masked(values: Values, valid: NDArray[np.bool_]) -> MaskedMap:
        return MaskedMap(values.astype(np.float32), valid)

    return Panel(
        title=title,
        unit=UNIT_NAMES[case.unit],
        lr_depth=masked(low_res.values, low_res.valid),
        stages=[
            PanelStage(
                output.scale,
                masked(output.pred, output.valid),
                masked(output.target, output.valid),
            )
            for output in outputs
        ],
        pred=pred.astype(np.float32),
        bicubic=baseline("bicubic")(low_res).values.astype(np.float32),
    )
