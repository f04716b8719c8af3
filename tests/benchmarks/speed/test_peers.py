from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.common.graphs import export, onnxruntime_run, torch_run
from benchmarks.speed.peers import PEERS, RLFN, SPAN, espcn, fsrcnn


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_they_have_as_many_weights_as_their_papers_say():
    # FSRCNN's 12464 are without biases and slopes; RLFN's 543 K are for colour.
    convolutions = (nn.Conv2d, nn.ConvTranspose2d)
    kernels = [m.weight.numel() for m in fsrcnn().modules() if isinstance(m, convolutions)]
    assert sum(kernels) == 12464
    assert round(parameters(RLFN(channels=3)) / 1000) == 544
    assert parameters(espcn()) == (25 + 1) * 64 + (64 * 9 + 1) * 32 + (32 * 9 + 1) * 16
    wide = 48 * 48 * 9 + 48
    ends = (9 + 1) * 48 + (48 * 9 + 1) * 16
    assert parameters(SPAN()) == ends + (6 * 3 + 1) * wide + (4 * 48 + 1) * 48


@pytest.mark.parametrize("name", PEERS)
def test_onnxruntime_upscales_as_torch_does(name):
    torch.manual_seed(0)  # of some weights, the prediction's range is that of rounding
    network = PEERS[name].form()
    run = onnxruntime_run(export(network), 1)
    maps = np.random.default_rng(0).random((1, 1, 36, 29), dtype=np.float32)
    found, expected = run(maps), torch_run(network)(maps)
    assert found.shape == (1, 1, 144, 116)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.ptp(expected))
