from __future__ import annotations

import math
from typing import get_args

import pytest
import torch

from dsdmsr.nn import Prediction, deep_supervision_loss, masked_loss
from dsdmsr.nn.losses import LossKind, expectation_loss, surface_loss


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("l1", (1 + 3) / 2),
        ("mse", (1 + 9) / 2),
        ("charbonnier", (math.sqrt(1 + 1e-6) + math.sqrt(9 + 1e-6)) / 2),
        ("l1_mse", (1 + 3 + 2 * (1 + 9)) / 2),
        ("edge_l1", (1 * (1 + 10 * 2) + 3 * (1 + 10 * 2)) / 2),
        ("rmse", math.sqrt((1 + 9) / 2 + 512**-2) - 1 / 512),
        ("sse", (1 + 9) / 2),
    ],
)
def test_losses_are_means_over_valid_pixels(kind, expected):
    pred = torch.tensor([[[[1.0, 5.0, 7.0]]]], requires_grad=True)
    target = torch.tensor([[[[0.0, 2.0, float("nan")]]]])
    valid = torch.tensor([[[[True, True, False]]]])
    loss = masked_loss(pred, target, valid, kind, mse_weight=2)
    assert float(loss.detach()) == pytest.approx(expected)
    loss.backward()
    assert pred.grad is not None
    assert torch.isfinite(pred.grad).all()
    assert pred.grad[..., 2] == 0


@pytest.mark.parametrize("kind", get_args(LossKind))
def test_losses_of_parts_have_the_loss_of_the_whole_as_their_mean(kind):
    """Two processes with unequal numbers of maps and of valid pixels."""
    generator = torch.Generator().manual_seed(0)
    pred, target = torch.rand(2, 5, 1, 6, 7, generator=generator)
    valid = torch.rand(pred.shape, generator=generator) > 0.4
    parts = (slice(0, 2), slice(2, 5))

    def mean(count: torch.Tensor) -> torch.Tensor:
        whole = 5 if count == len(pred[part]) else valid.sum()
        return torch.as_tensor(whole / 2)

    losses = []
    for part in parts:
        losses.append(masked_loss(pred[part], target[part], valid[part], kind, mean=mean))
    whole = masked_loss(pred, target, valid, kind)
    torch.testing.assert_close(sum(losses) / 2, whole)


@pytest.mark.parametrize("kind", get_args(LossKind))
def test_nothing_valid_is_no_loss(kind):
    zero = torch.zeros(1, 1, 2, 2)
    assert float(masked_loss(zero, zero + 1, zero.bool(), kind)) == 0


def test_rmse_counts_every_map_alike_however_many_of_its_pixels_are_valid():
    error = torch.tensor([3.0, 1.0]).reshape(2, 1, 1, 1).expand(2, 1, 4, 4)
    valid = torch.ones(2, 1, 4, 4, dtype=torch.bool)
    valid[0, :, 1:] = False
    loss = masked_loss(error, torch.zeros_like(error), valid, "rmse")
    assert float(loss) == pytest.approx((3 + 1) / 2, abs=1 / 256)


@pytest.mark.parametrize("weights", [(0.1,), (0.25, 0.5, 0.75)])
@pytest.mark.parametrize("has_fusion", [False, True])
def test_every_output_is_supervised_and_the_answer_counts_whole(has_fusion, weights):
    stages = tuple(torch.full((1, 1, s, s), float(s)) for s in (2, 4, 8))
    fused = torch.full((1, 1, 8, 8), 20.0) if has_fusion else stages[-1]
    targets = [torch.zeros(1, 1, s, s) for s in (2, 4, 8)]
    loss = deep_supervision_loss(
        Prediction(stages, fused),
        targets,
        [torch.ones_like(t, dtype=torch.bool) for t in targets],
        kind="l1",
        mse_weight=0,
        stage_weights=weights,
    )
    first, second, third = (weights * 3)[:3]
    expected = 20 + 2 * first + 4 * second + 8 * third if has_fusion else 8 + 2 * first + 4 * second
    assert float(loss) == pytest.approx(expected)


def test_errors_are_best_expected_at_their_mean_size():
    error = torch.tensor([0.5, -1.5, 100.0]).reshape(1, 1, 1, 3).requires_grad_()
    valid = torch.tensor([True, True, False]).reshape(1, 1, 1, 3)

    def loss(expected: float) -> torch.Tensor:
        guess = torch.full_like(error, expected).log().detach().requires_grad_()
        return expectation_loss(guess, error, valid)

    assert loss(1.0).item() == pytest.approx(1.0)  # log 1 + 1 / 1
    assert loss(2.0).item() == pytest.approx(math.log(2) + 0.5)
    assert all(loss(1.0).item() < loss(other).item() for other in (0.8, 0.95, 1.05, 1.3))
    loss(0.7).backward()
    assert error.grad is None
    assert expectation_loss(error, error, torch.zeros_like(valid)).item() == 0


def test_grain_counts_on_smooth_surfaces_away_from_edges_alone():
    rows, columns = torch.meshgrid(torch.arange(24), torch.arange(64), indexing="ij")
    target = (0.2 + 0.001 * rows + 0.5 * (columns >= 32))[None, None]
    valid = torch.ones_like(target, dtype=torch.bool)
    grain = 0.009 * (-1.0) ** (rows + columns)  # its mean over 3×3 pixels is a ninth of it
    away = (columns - 31.5).abs() > 5

    def loss(error: torch.Tensor) -> float:
        return float(surface_loss(target + error, target, valid))

    assert loss(0.1 + 0.01 * rows) == pytest.approx(0, abs=1e-6)
    assert loss(grain) == pytest.approx(0.008, rel=0.02)
    assert loss(grain * ~away) == pytest.approx(0, abs=1e-6)
    target = target + 0.1 * (-1.0) ** rows  # nowhere smooth
    assert loss(grain) == pytest.approx(0, abs=1e-9)


def test_grain_of_a_map_counts_alike_however_many_of_its_pixels_are_smooth():
    target = torch.zeros(2, 1, 32, 32)
    pred = 0.009 * (-1.0) ** (torch.arange(32) + torch.arange(32)[:, None]).expand_as(target)
    valid = torch.ones_like(target, dtype=torch.bool)
    valid[0, :, :20] = False
    assert float(surface_loss(pred, target, valid)) == pytest.approx(0.008, rel=0.02)
    assert float(surface_loss(pred, target, torch.zeros_like(valid))) == pytest.approx(0, abs=1e-9)
    pred = pred.clone().requires_grad_()
    surface_loss(pred, target, valid).backward()
    assert pred.grad is not None
    assert not pred.grad[0, :, :19].any()
    assert pred.grad.isfinite().all()
