from __future__ import annotations

import math

import pytest
import torch

from dsdmsr.metrics import ause, coverage, reliability, rounded_off, sparsification


@pytest.fixture
def drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Errors of Laplace distributions, their mean absolute values, and what counts."""
    torch.manual_seed(0)
    expected = torch.rand(2, 1, 150, 200, dtype=torch.float64) * 3 + 0.1
    uniform = torch.rand_like(expected) - 0.5
    error = -expected * uniform.sign() * torch.log1p(-2 * uniform.abs())
    valid = torch.rand_like(expected) < 0.9
    error[~valid] = math.nan
    return error, expected, valid


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_errors_drawn_as_expected_are_covered_as_expected(drawn, share):
    error, expected, valid = drawn
    times = -math.log(1 - share)
    assert float(coverage(error, expected, valid, times)) == pytest.approx(share, abs=0.01)
    assert float(coverage(error, expected / 2, valid, times)) < share - 0.01
    assert float(coverage(error, expected * 2, valid, times)) > share + 0.005


def test_the_rounding_of_the_truth_is_expected_beside_the_error(drawn):
    error, expected, valid = drawn
    truth = 50 * torch.rand_like(error)
    step = 4.0
    rounded = (truth / step).round() * step
    made = (truth + error - rounded)[valid].abs()
    wanted = rounded_off(expected, step)[valid]
    assert made.mean() == pytest.approx(float(wanted.mean()), rel=0.06)
    assert made.mean() > 1.1 * expected[valid].mean()
    torch.testing.assert_close(rounded_off(expected, 0), expected)


def test_groups_of_pixels_err_as_they_are_expected_to(drawn):
    error, expected, valid = drawn
    wanted, made = reliability(error, expected, valid, bins=10)
    assert (wanted.diff() > 0).all()
    torch.testing.assert_close(made, wanted, rtol=0.06, atol=0)
    torch.testing.assert_close(wanted.mean(), expected[valid].mean(), rtol=1e-3, atol=0)


def test_leaving_out_the_doubtful_leaves_less_error():
    error = torch.tensor([4.0, -3.0, 2.0, 1.0]).reshape(1, 1, 2, 2)
    valid = torch.ones_like(error, dtype=torch.bool)
    best = sparsification(error, error.abs(), valid, steps=4)
    torch.testing.assert_close(best, torch.tensor([10 / 4, 6 / 3, 3 / 2, 1.0]).double() / 2.5)
    worst = sparsification(error, -error.abs(), valid, steps=4)
    torch.testing.assert_close(worst, torch.tensor([10 / 4, 9 / 3, 7 / 2, 4.0]).double() / 2.5)
    flat = sparsification(0 * error, error, valid, steps=4)
    assert (flat == 1).all()


def test_the_area_is_zero_for_the_right_order_alone(drawn):
    error, expected, valid = drawn
    error = error.nan_to_num()
    assert float(ause(error, error.abs() ** 2, valid)) == 0
    informed, blind = (float(ause(error, by, valid)) for by in (expected, torch.rand_like(error)))
    assert 0.1 < informed < blind - 0.1
