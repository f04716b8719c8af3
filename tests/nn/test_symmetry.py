from __future__ import annotations

import pytest
import torch

from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR, ModelConfig, symmetry
from dsdmsr.nn.symmetry import init_symmetric, symmetrise_gradients, transformed


def network() -> DSDMSR:
    torch.manual_seed(0)
    config = ModelConfig(
        scale=8,
        unit="residual",
        sharing="shared",
        width=(16, 8, 8),
        depth=(2,),
        carried=8,
        two_heads=True,
        candidates=3,
        fusion="none",
        bias=False,
        differences=True,
        symmetric=True,
        consistency=1,
        confidence=8,
    )
    model = DSDMSR(config).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    init_symmetric(model)
    return model


def test_the_eight_turns_are_different_and_undo_each_other():
    square = torch.arange(9).reshape(3, 3)
    assert len({tuple(transformed(square, e).flatten().tolist()) for e in range(8)}) == 8
    assert all(
        any(torch.equal(transformed(transformed(square, e), f), square) for f in range(8))
        for e in range(8)
    )


def test_a_symmetric_gradient_is_the_mean_over_the_transformed_data(rng):
    model, depth = network(), torch.from_numpy(rng.random((1, 1, 5, 6)))
    target = torch.from_numpy(rng.random((1, 1, 40, 48)))
    means = [torch.zeros_like(p) for p in model.parameters()]
    for element in range(8):
        model.zero_grad()
        (
            model(transformed(depth, element)).fused - transformed(target, element)
        ).square().mean().backward()
        for mean, p in zip(means, model.parameters(), strict=True):
            mean += 0 if p.grad is None else p.grad / 8
    model.zero_grad()
    (model(depth).fused - target).square().mean().backward()
    plain = model.stages[0].unit.features[0].weight.grad.clone()
    symmetrise_gradients(model)
    for mean, p in zip(means, model.parameters(), strict=True):
        if p.grad is not None:
            torch.testing.assert_close(p.grad, mean, rtol=1e-6, atol=1e-7 * float(mean.abs().max()))
    assert not torch.allclose(model.stages[0].unit.features[0].weight.grad, plain, atol=0)


def test_random_weights_keep_their_size():
    config = {"scale": 2, "unit": "residual", "sharing": "shared", "width": (64,), "fusion": "none"}
    sizes = []
    for symmetric in (False, True):
        torch.manual_seed(0)
        model = DSDMSR(ModelConfig(**config, symmetric=symmetric))
        sizes.append(float(model.stages[0].unit.features[1].conv1.weight.detach().std()))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sharing": "independent"}, "sharing: shared"),
        ({"fusion": "mean"}, "fusion: none"),
        ({"unit": "srcnn"}, "all but srcnn"),
        ({"width": (12,)}, "multiples of 8"),
        ({"carried": 4}, "multiples of 8"),
    ],
)
def test_what_cannot_be_symmetric_is_refused(changed, said):
    shape = {"unit": "residual", "sharing": "shared", "width": (16,), "fusion": "none"}
    with pytest.raises(ConfigError, match=said):
        ModelConfig(**{**shape, **changed}, symmetric=True)


def test_where_tensors_are_made_by_default_does_not_matter():
    config = network().config
    # The tables of transformations must be made anew.
    for each in vars(symmetry).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()
    with torch.device("meta"):
        DSDMSR(config)
    weights = torch.cat([p.detach().flatten() for p in DSDMSR(config).parameters()])
    assert weights.isfinite().all()
    assert weights.std() > 0
