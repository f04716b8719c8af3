from __future__ import annotations

import pytest
import torch

from dsdmsr.nn import Prediction
from dsdmsr.training.figures import ValidationFigures


def batch(seed: int, count: int) -> tuple:
    generator = torch.Generator().manual_seed(seed)

    def maps(side: int) -> torch.Tensor:
        return torch.rand(count, 1, side, side, generator=generator)

    truths = [maps(8), maps(16)]
    valids = [torch.rand(t.shape, generator=generator) > 0.3 for t in truths]
    prediction = Prediction((maps(8), maps(16)), maps(16))
    return 4, prediction, maps(16), truths, valids


def test_figures_are_of_all_pixels_whatever_the_batches():
    whole, parts = ValidationFigures([4]), ValidationFigures([4])
    scale, prediction, bicubic, truths, valids = batch(0, 5)
    whole.add(scale, prediction, bicubic, truths, valids)
    for part in (slice(0, 1), slice(1, 5)):
        stages = tuple(stage[part] for stage in prediction.stages)
        parts.add(
            scale,
            Prediction(stages, prediction.fused[part]),
            bicubic[part],
            [t[part] for t in truths],
            [v[part] for v in valids],
        )
    one, other = whole.compute(), parts.compute()
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert float(other[name]) == pytest.approx(float(value), rel=1e-6)
    # By hand.
    valid = valids[1]
    error = 255 * (prediction.fused - truths[1])[valid].double()
    rmse = float(error.square().mean().sqrt())
    assert float(one["val/rmse_x4"]) == pytest.approx(rmse)
    assert float(one["val/mae_x4"]) == pytest.approx(float(error.abs().mean()))
    assert float(one["val/psnr_x4"]) == pytest.approx(20 * torch.tensor(255 / rmse).log10().item())
    first = 255 * (prediction.stages[0] - truths[0])[valids[0]].double()
    assert float(one["val/rmse_x4_stage_x2"]) == pytest.approx(float(first.square().mean().sqrt()))
    left = float(one["val/rmse_x4"] / one["val/bicubic_x4"])
    assert float(one["val/score"]) == pytest.approx(left)


def test_figures_can_be_taken_anew():
    figures = ValidationFigures([4])
    figures.add(*batch(0, 2))
    first = figures.compute()
    figures.reset()
    figures.add(*batch(1, 2))
    assert figures.compute()["val/rmse_x4"] != first["val/rmse_x4"]
    figures.reset()
    figures.add(*batch(0, 2))
    assert figures.compute() == first
    assert not figures.state_dict()
