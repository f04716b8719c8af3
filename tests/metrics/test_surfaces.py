from __future__ import annotations

import math

import pytest
import torch

from dsdmsr.metrics.edges import edge_distance
from dsdmsr.metrics.surfaces import grain, roughness, smooth_surfaces


def step_at(column: int, shape: tuple[int, int] = (9, 60)) -> tuple[torch.Tensor, torch.Tensor]:
    """A surface at 1, from a column on another at 5."""
    target = torch.ones(1, 1, *shape)
    target[..., column:] = 5
    return target, torch.ones_like(target, dtype=torch.bool)


def rough_columns(target: torch.Tensor, valid: torch.Tensor, **more: object) -> list[int]:
    """The columns that roughness looks at: those of a prediction that is rough there alone."""
    found = []
    for column in range(target.shape[-1]):
        pred = target.clone()
        pred[:, :, 4, column] += 9
        whole = grain(pred)[0, 0, 4]
        alone = torch.zeros_like(valid)
        alone[0, 0, 3:6, max(column - 1, 0) : column + 2] = valid[
            0, 0, 3:6, max(column - 1, 0) : column + 2
        ]
        if not math.isnan(measured := float(roughness(pred, target, alone, 1, 1, **more))):
            assert measured == pytest.approx(float(whole[column]), rel=1e-5)
            found.append(column)
    return found


def test_surfaces_are_six_to_twenty_four_pixels_from_an_edge():
    target, valid = step_at(30)
    distance = edge_distance(target, valid, 1, 25)
    expected = [*range(5, 24), *range(36, 55)]
    assert rough_columns(target, valid, distance=distance) == expected
    # Found by itself, the edge is as far away.
    pred = target + torch.rand(target.shape, generator=torch.Generator().manual_seed(0))
    given = roughness(pred, target, valid, 1, 1, distance)
    assert torch.equal(roughness(pred, target, valid, 1, 1), given)
    assert bool(given > 0)


def test_a_surface_is_smooth_up_to_an_eighth_of_a_level():
    target, valid = step_at(0)
    distance = torch.full(target.shape, 6)
    for level in (0.5, 2.0):
        for share, is_smooth in ((0.124, True), (0.126, False)):
            bent = target.clone()
            bent[0, 0, 4, 20] += level * share * 9 / 8  # less its own part of the mean
            smooth = smooth_surfaces(bent, valid, level, distance)
            assert bool(smooth[0, 0, 4, 20]) == is_smooth
            assert int(smooth.sum()) == 7 * 58 - (not is_smooth)


def test_pixels_beside_holes_and_the_border_are_on_no_surface():
    target, valid = step_at(0, (12, 16))
    valid[0, 0, 5, 7] = False
    smooth = smooth_surfaces(target, valid, 1, torch.full(target.shape, 6))
    expected = torch.zeros(12, 16, dtype=torch.bool)
    expected[1:-1, 1:-1] = True
    expected[4:7, 6:9] = False
    assert torch.equal(smooth[0, 0], expected)
    assert not smooth_surfaces(target, valid, 1, torch.full(target.shape, 5)).any()


@pytest.mark.parametrize("level", [0, -1.0, math.nan])
def test_a_level_that_is_not_positive_is_refused_by_name(level):
    target, valid = step_at(0)
    with pytest.raises(Exception, match=f"^level is {level}: give a positive number"):
        smooth_surfaces(target, valid, level, torch.full(target.shape, 6))
