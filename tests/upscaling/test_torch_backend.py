from __future__ import annotations

import pytest
import torch

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.upscaling.blocks import Block
from dsdmsr.upscaling.torch_backend import TorchStages
from dsdmsr.upscaling.window import Window

SHARED = ModelConfig(
    scale=8,
    unit="residual",
    sharing="shared",
    width=(8,),
    depth=(3, 2, 1),
    carried=4,
    two_heads=True,
    candidates=3,
    fusion="none",
    bias=False,
    differences=True,
    consistency=1,
)


def network(config: ModelConfig) -> DSDMSR:
    torch.manual_seed(1)
    model = DSDMSR(config).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def test_a_part_needs_less_than_its_receptive_field_at_every_stage(monkeypatch):
    """Stages on large maps see a narrow margin alone."""
    model = network(SHARED)
    seen = []
    for stage in model.stages:
        monkeypatch.setattr(
            stage,
            "forward",
            lambda depth, *given, forward=stage.forward, **more: (
                seen.append(depth.shape[-2:]),
                forward(depth, *given, **more),
            )[1],
        )
    with torch.no_grad():
        part = Block(
            TorchStages(model), torch.rand(1, 1, 200, 200).double(), 8, Window(90, 110, 90, 110)
        )
        part.predict(Window(90, 110, 90, 110))
    # Four low-resolution pixels of correction; radii 8, 6 and 4 at stages 1, 2 and 3.
    third = 4 * (20 + 2 * 4) + 2 * 4
    second = third // 2 + 2 * 6
    first = second // 2 + 2 * 8
    assert seen == [(first, first), (second, second), (third, third)]


def test_the_first_stage_runs_once_for_a_block(monkeypatch):
    model = network(SHARED)
    runs = [0, 0, 0]
    for index, stage in enumerate(model.stages):

        def forward(*given, index=index, made=stage.forward, **more):
            runs[index] += 1
            return made(*given, **more)

        monkeypatch.setattr(stage, "forward", forward)
    with torch.no_grad():
        part = Block(TorchStages(model), torch.rand(1, 1, 30, 30).double(), 8, Window(5, 25, 5, 25))
        assert runs == [1, 0, 0]
        for left in (5, 10, 15):
            part.predict(Window(5, 25, left, left + 5))
    assert runs == [1, 3, 3]


@pytest.mark.parametrize("window", [Window(4, 9, 5, 9), Window(5, 26, 5, 9), Window(6, 9, 20, 26)])
def test_a_window_out_of_the_block_is_refused(window):
    part = Block(
        TorchStages(network(SHARED)), torch.rand(1, 1, 30, 30).double(), 4, Window(5, 25, 5, 25)
    )
    with pytest.raises(ValueError, match=r"reaches out of .*: give a larger block"):
        part.predict(window)
