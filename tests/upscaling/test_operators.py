"""The operators of refinement: against their definitions, and against their transposes."""

from __future__ import annotations

import pytest
import torch

from dsdmsr.degradation.degrade import degrade, downsampling_matrix
from dsdmsr.upscaling.operators import (
    Downsampling,
    bending,
    bending_transposed,
    gradient,
    gradient_transposed,
)
from dsdmsr.upscaling.window import Window


@pytest.mark.parametrize(
    ("operator", "transpose", "shape"),
    [
        (gradient, gradient_transposed, (5, 8)),
        (bending, bending_transposed, (2, 5, 8)),
    ],
)
def test_transposes_are_transposes(operator, transpose, shape):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    result = operator(x)
    y = torch.randn(result.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close((result * y).sum(), (x * transpose(y)).sum())


@pytest.mark.parametrize("kind", ["bicubic", "area"])
def test_reductions_are_those_of_degrade(rng, kind):
    hr_depth = torch.from_numpy(rng.normal(size=(12, 20)))
    result = Downsampling(hr_depth, 4, kind, Window(0, 3, 0, 5))
    lr_depth, _ = degrade(hr_depth[None, None], 4, kind)
    torch.testing.assert_close(result(hr_depth), lr_depth[0, 0])
    part = Downsampling(hr_depth, 4, kind, Window(1, 3, 0, 4))
    torch.testing.assert_close(part(hr_depth), lr_depth[0, 0, 1:, :4])
    torch.testing.assert_close(
        part(part.nearest(hr_depth, lr_depth[0, 0, :2, 1:])), lr_depth[0, 0, :2, 1:]
    )
    torch.testing.assert_close(part.nearest(hr_depth, lr_depth[0, 0, 1:, :4]), hr_depth)
    dual = torch.from_numpy(rng.normal(size=(3, 5)))
    torch.testing.assert_close(
        (result(hr_depth) * dual).sum(), (hr_depth * result.transposed(dual)).sum()
    )
    whole = torch.kron(*(downsampling_matrix(n, 4, kind) for n in (12, 20))).abs()
    torch.testing.assert_close(result.sums(0).flatten(), whole.sum(0))
    torch.testing.assert_close(result.sums(1).flatten(), whole.sum(1))


def test_a_plane_has_one_slope_and_one_slope_does_not_bend():
    rows, columns = torch.meshgrid(torch.arange(5.0), torch.arange(7.0), indexing="ij")
    slopes = gradient(3 * rows - 2 * columns)
    assert (slopes[0, :-1] == 3).all()
    assert (slopes[1, :, :-1] == -2).all()
    assert (slopes[0, -1] == 0).all()
    assert (slopes[1, :, -1] == 0).all()
    assert not bending(torch.tensor([3.0, -2.0])[:, None, None].expand(2, 5, 7)).any()


def test_bending_is_as_long_as_the_symmetric_matrix(rng):
    slopes = torch.from_numpy(rng.normal(size=(2, 5, 7)))
    down, across = gradient(slopes[0]), gradient(slopes[1])
    mixed = (down[1] + across[0]) / 2
    squares = down[0].square() + across[1].square() + 2 * mixed.square()
    torch.testing.assert_close(bending(slopes).square().sum(0), squares)


@pytest.mark.parametrize("kind", ["bicubic", "area"])
def test_the_nearest_map_is_the_foot_of_a_perpendicular(rng, kind):
    hr_depth, other = torch.from_numpy(rng.normal(size=(2, 20, 24)))
    lr_depth = torch.from_numpy(rng.normal(size=(3, 3)))
    result = Downsampling(hr_depth, 4, kind, Window(1, 4, 2, 5))
    change = result.nearest(hr_depth, lr_depth) - hr_depth
    unseen = result.nearest(other, torch.zeros_like(lr_depth))
    torch.testing.assert_close(result(unseen), torch.zeros_like(lr_depth))
    assert float((change * unseen).sum()) == pytest.approx(0, abs=1e-9)
