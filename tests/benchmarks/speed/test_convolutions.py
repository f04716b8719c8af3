from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.speed.convolutions import Work, work_of, work_of_packaged
from dsdmsr.nn import DSDMSR, ModelConfig

SIZE = (6, 10)
PIXELS = 60


@pytest.mark.parametrize(
    ("layer", "macs", "weights", "activations"),
    [
        (nn.Conv2d(4, 8, 3, padding=1), PIXELS * 4 * 8 * 9, 4 * 8 * 9 + 8, 12 * PIXELS),
        (nn.Conv2d(4, 8, 3, padding=1, groups=4), PIXELS * 8 * 9, 8 * 9 + 8, 12 * PIXELS),
        (nn.Conv2d(4, 2, 1, stride=2, bias=False), PIXELS // 4 * 8, 8, (4 + 2 / 4) * PIXELS),
        (
            nn.ConvTranspose2d(4, 8, 4, stride=2, padding=1, bias=False),
            PIXELS * 4 * 8 * 16,
            4 * 8 * 16,
            (4 + 4 * 8) * PIXELS,
        ),
    ],
    ids=["convolution", "groups", "stride", "transposed"],
)
def test_a_layers_work_is_that_of_its_shapes(layer, macs, weights, activations):
    expected = Work(macs=macs, weight_bytes=4 * weights, activation_bytes=int(4 * activations))
    assert work_of(layer, SIZE, 4) == expected
    assert expected.intensity == 2 * macs / (4 * weights + 4 * activations)


def test_a_layer_that_runs_twice_works_twice_and_stays_where_it_is():
    layer = nn.Conv2d(4, 4, 3, padding=1)
    once, twice = work_of(layer, SIZE, 4), work_of(nn.Sequential(layer, layer), SIZE, 4)
    assert twice.macs == 2 * once.macs
    assert layer.weight.device == torch.device("cpu")


def test_a_packaged_networks_work_is_that_of_the_stages_that_run():
    config = ModelConfig(
        scale=8,
        unit="residual",
        sharing="shared",
        width=(8,),
        depth=(1,),
        carried=8,
        fusion="none",
        bias=False,
    )
    network = DSDMSR(config)
    block = 2 * 8 * 8 * 9
    first = 1 * 8 * 9 + block + 8 * 4 * 9 + 8 * 32 * 9
    last = 9 * 8 * 9 + block + 8 * 4 * 9
    work = work_of_packaged(network, SIZE, 4)
    assert work.macs == PIXELS * (first + 4 * last)
    with_errors = DSDMSR(ModelConfig(**{**vars(config), "confidence": 8}))
    assert work_of_packaged(with_errors, SIZE, 4) == work
