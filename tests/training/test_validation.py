from __future__ import annotations

import pytest
import torch

from dsdmsr.nn import Prediction
from dsdmsr.training.validation import ValidationFigures


def batch(seed: int, count: int) -> tuple[tuple, dict]:
    generator = torch.Generator().manual_seed(seed)

    def maps(side: int) -> torch.Tensor:
        return torch.rand(count, 1, side, side, generator=generator)

    truths = [maps(8), maps(16)]
    valids = [torch.rand(t.shape, generator=generator) > 0.3 for t in truths]
    prediction = Prediction((maps(8), maps(16)), maps(16))
    rest = {"losses": torch.arange(1.0, count + 1), "span": torch.full((count, 1, 1, 1), 0.5)}
    return (4, prediction, maps(16), truths, valids), rest


def test_figures_are_of_all_pixels_whatever_the_batches():
    whole, parts = ValidationFigures([4]), ValidationFigures([4])
    (scale, prediction, bicubic, truths, valids), rest = batch(0, 5)
    whole.add(scale, prediction, bicubic, truths, valids, **rest)
    for part in (slice(0, 1), slice(1, 5)):
        parts.add(
            scale,
            prediction.part(part),
            bicubic[part],
            [t[part] for t in truths],
            [v[part] for v in valids],
            **{name: values[part] for name, values in rest.items()},
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
    assert float(one["val/unit_rmse_x4"]) == pytest.approx(0.5 * rmse / 255)
    assert float(one["val/loss_x4"]) == 3
    left = float(one["val/rmse_x4"] / one["val/bicubic_x4"])
    assert float(one["val/score"]) == pytest.approx(left)


def add(figures: ValidationFigures, seed: int) -> None:
    positional, named = batch(seed, 2)
    figures.add(*positional, **named)


def test_figures_can_be_taken_anew():
    figures = ValidationFigures([4])
    add(figures, 0)
    first = figures.compute()
    figures.reset()
    add(figures, 1)
    assert figures.compute()["val/rmse_x4"] != first["val/rmse_x4"]
    figures.reset()
    add(figures, 0)
    assert figures.compute() == first
    assert not figures.state_dict()
