from __future__ import annotations

import pytest
import torch

from benchmarks.speed.ms_net import MSNet


@pytest.mark.parametrize("scale", [2, 8])
def test_it_has_its_layers_and_adds_to_the_upscaled_mean(scale):
    model = MSNet(scale)
    first, middle, last = 64 * 25 + 64, 25 * 32 + 1, 64
    deconvs = sum(n * 32 * 25 + 32 + 32 for n in (64, 32, 32, 32)[: scale.bit_length() - 1])
    assert sum(p.numel() for p in model.parameters()) == first + last + deconvs + middle
    torch.nn.init.zeros_(model.layers[-1].weight)
    torch.nn.init.zeros_(model.layers[-1].bias)
    ramp = torch.arange(12.0).expand(1, 1, 9, 12)
    pred = model(ramp)
    assert pred.shape == (1, 1, 9 * scale, 12 * scale)
    places = (torch.arange(12.0 * scale) + 0.5) / scale - 0.5
    inner = slice(4 * scale, -4 * scale)
    torch.testing.assert_close(pred[0, 0, 0, inner], places[inner])
