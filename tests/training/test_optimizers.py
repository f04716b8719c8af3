from __future__ import annotations

import pytest
import torch
from torch.nn import Parameter

from dsdmsr.training.optimizers import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(3, 12, 40), (2, 40, 12), (1, 16, 16)])
def test_orthogonalised_matrices_keep_their_singular_vectors(shape):
    torch.manual_seed(0)
    matrices = torch.randn(shape, dtype=torch.float64)
    result = orthogonalised(matrices)
    assert result.shape == matrices.shape
    u, _, vh = torch.linalg.svd(matrices, full_matrices=False)
    turned = u.mT @ result @ vh.mT
    values = turned.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(turned, torch.diag_embed(values), atol=1e-9, rtol=0)
    assert float(values.min()) > 0.6
    assert float(values.max()) < 1.3


def test_a_step_of_a_matrix_has_the_size_that_the_rate_says():
    torch.manual_seed(0)
    kernel = Parameter(torch.zeros(16, 16, 3, 3))
    kernel.grad = torch.randn_like(kernel)
    Muon([kernel], lr=0.01).step()
    # Singular values near 1, 16 of them, in 16·144 numbers, times 0.2·√144.
    expected = 0.01 * 0.2 * 144**0.5 * (16 / (16 * 144)) ** 0.5
    assert float(kernel.detach().square().mean().sqrt()) == pytest.approx(expected, rel=0.2)
    assert float((kernel.detach() * kernel.grad).sum()) < 0


def test_narrow_parameters_are_stepped_as_by_adam():
    torch.manual_seed(0)
    ours, theirs = (Parameter(torch.ones(4, 30)) for _ in range(2))
    muon = Muon([ours], lr=0.01, weight_decay=0.1)
    adam = torch.optim.AdamW([theirs], lr=0.01, weight_decay=0.1)
    for _ in range(5):
        gradient = torch.randn(4, 30)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        muon.step()
        adam.step()
    torch.testing.assert_close(ours, theirs)


def test_matrices_stepped_together_go_where_they_go_alone():
    torch.manual_seed(0)
    start = [torch.randn(16, 8, 3, 3) for _ in range(3)]
    gradients = [torch.randn_like(s) for s in start]
    together = [Parameter(s.clone()) for s in start]
    for parameter, gradient in zip(together, gradients, strict=True):
        parameter.grad = gradient
    Muon(together, lr=0.1).step()
    for k in range(3):
        alone = Parameter(start[k].clone())
        alone.grad = gradients[k]
        Muon([alone], lr=0.1).step()
        torch.testing.assert_close(alone, together[k])


def test_parameters_without_a_gradient_stay():
    kernel = Parameter(torch.ones(16, 16, 3, 3))
    assert Muon([kernel], lr=0.1).step(lambda: 3.0) == 3.0
    assert bool((kernel == 1).all())
