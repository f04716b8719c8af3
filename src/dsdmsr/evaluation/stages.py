"""All that a network makes of a map on the way to its answer, measured and drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.degradation.degrade import stage_targets
from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.normalise import normalise
from dsdmsr.evaluation.measure import Case
from dsdmsr.evaluation.methods import Values, baseline
from dsdmsr.metrics import mae, psnr, rmse
from dsdmsr.nn import DSDMSR
from dsdmsr.pictures.panels import Panel, Shown

__all__ = ["ANSWER", "StageFigures", "panel_of", "stage_figures", "stages"]

ANSWER = "answer"


class Stage(NamedTuple):
    """What a stage makes, and what it should."""

    factor: int
    """How many times larger than the input."""
    made: Values
    """Its map."""
    target: Values
    """The truth of that size."""
    valid: NDArray[np.bool_]
    """Which pixels count."""


class StageFigures(NamedTuple):
    """The errors of one output."""

    output: str
    """×2, ×4, …, or `ANSWER`."""
    rmse: float
    mae: float
    psnr: float
    """Of the range of the truth's counted pixels, in decibels."""


def stages(model: DSDMSR, case: Case, degradation: Degradation) -> list[Stage]:
    """Run a network on a case's first small map; return what each stage makes.

    Each is compared with what it learned to make; see `dsdmsr.degradation.degrade.stage_targets`.

    Args:
        model: The network, on any device.
        case: The map, at one factor.
        degradation: The protocol's.
    """
    small = case.small[0]
    brought = normalise(small.values, small.valid, model.config.border)
    device = next(model.parameters()).device
    with torch.inference_mode():
        prediction = model(torch.from_numpy(brought.lr_depth).to(device), case.scale)
    truth, counted = (torch.from_numpy(x)[None, None] for x in (case.target, case.counted))
    truths = stage_targets(truth, counted, case.scale, degradation)
    return [
        Stage(
            2**k,
            brought.restored(made.float().cpu().numpy(), 2**k),
            target[0, 0].numpy(),
            valid[0, 0].numpy(),
        )
        for k, (made, (target, valid)) in enumerate(
            zip(prediction.stages, truths, strict=True), start=1
        )
    ]


def stage_figures(case: Case, made: list[Stage], answer: Values) -> list[StageFigures]:
    """Return the errors of each stage's output and of the answer."""
    counted = case.target[case.counted]
    span = float(np.ptp(counted)) or 1.0
    outputs = [(f"×{stage.factor}", *stage[1:]) for stage in made]
    outputs.append((ANSWER, answer, case.target, case.counted))
    figures = []
    for name, values, target, valid in outputs:
        pred, truth, mask = (torch.from_numpy(x)[None, None] for x in (values, target, valid))
        figures.append(
            StageFigures(
                name,
                float(rmse(pred, truth, mask)),
                float(mae(pred, truth, mask)),
                float(psnr(pred, truth, mask, span)),
            )
        )
    return figures


def panel_of(title: str, case: Case, made: list[Stage], answer: Values) -> Panel:
    """Return a panel of a network's outputs; see `dsdmsr.pictures.panels.draw_panel`."""
    small = case.small[0]

    def shown(values: Values, valid: NDArray[np.bool_]) -> Shown:
        return Shown(values.astype(np.float32), valid)

    return Panel(
        title=title,
        unit=case.unit,
        small=shown(small.values, small.valid),
        stages=[
            (stage.factor, shown(stage.made, stage.valid), shown(stage.target, stage.valid))
            for stage in made
        ],
        answer=answer.astype(np.float32),
        bicubic=baseline("bicubic")(small).astype(np.float32),
    )
