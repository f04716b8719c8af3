from __future__ import annotations

import dataclasses

import pytest
import torch

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.units import UNITS
from dsdmsr.upscaling.torch_backend import Block
from dsdmsr.upscaling.window import Window

PLAIN = ModelConfig(scale=8, width=(8,), depth=(3,))
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
CONFIGS = {
    **{
        f"{unit}, {fusion}": dataclasses.replace(PLAIN, unit=unit, fusion=fusion)
        for unit in UNITS
        for fusion in ("mean", "none")
    },
    "bicubic skip": dataclasses.replace(PLAIN, unit="vdsr", depth=(2,), skip="bicubic"),
    "shared": SHARED,
    "shared, without corrections": dataclasses.replace(SHARED, consistency=0, candidates=0),
    "shared, sure or not": dataclasses.replace(SHARED, consistency=0, confidence=4),
    "shared, sees far": dataclasses.replace(SHARED, consistency=0, dilations=(3, 1)),
    "shared, supersampled": dataclasses.replace(SHARED, supersampled=True),
    "shared, supersampled, sure or not": dataclasses.replace(
        SHARED, consistency=0, confidence=4, supersampled=True
    ),
    "shared, three corrections": dataclasses.replace(SHARED, consistency=3, candidates=5),
}
HEIGHT, WIDTH = 40, 34


def network(config: ModelConfig) -> DSDMSR:
    torch.manual_seed(1)
    model = DSDMSR(config).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_block_is_as_the_whole_has_it(monkeypatch, name, scale):
    # Errors that random weights expect are not cut off.
    monkeypatch.setattr("dsdmsr.nn.expectation._LOG_ERRORS", (-50, 50))
    model, depth = network(CONFIGS[name]), torch.rand(2, 1, HEIGHT, WIDTH, dtype=torch.float64)
    windows = [
        Window(0, 7, 0, 5),
        Window(17, 20, 11, 18),
        Window(HEIGHT - 1, HEIGHT, WIDTH - 3, WIDTH),
        Window(0, HEIGHT, 15, 16),
    ]
    with torch.no_grad():
        prediction = model(depth, scale)
        whole = prediction.fused
        if prediction.log_error is not None:
            whole = torch.cat([whole, prediction.log_error.exp()], 1)
            assert whole[:, 1].std() > 1e-3
        everything = Block(model, depth, scale, Window(0, HEIGHT, 0, WIDTH))
        for window in windows:
            # Alone, beside what is around it, and of the whole.
            larger = Block(model, depth, scale, window.grown(3, HEIGHT, WIDTH))
            found = Block(model, depth, scale, window).predict(window, errors=True)
            for part in (larger, everything):
                same = part.predict(window, errors=True)
                torch.testing.assert_close(same, found, rtol=1e-5, atol=1e-5 * float(whole.std()))
            expected = whole[
                ...,
                scale * window.top : scale * window.bottom,
                scale * window.left : scale * window.right,
            ]
            # Corrections are made in single precision.
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5 * float(whole.std()))
            alone = Block(model, depth, scale, window).predict(window)
            torch.testing.assert_close(alone, found[:, :1], rtol=0, atol=0)
    assert whole.std() > 1e-3


def test_a_block_needs_less_than_its_receptive_field_at_every_stage(monkeypatch):
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
        part = Block(model, torch.rand(1, 1, 200, 200).double(), 8, Window(90, 110, 90, 110))
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
        part = Block(model, torch.rand(1, 1, 30, 30).double(), 8, Window(5, 25, 5, 25))
        assert runs == [1, 0, 0]
        for left in (5, 10, 15):
            part.predict(Window(5, 25, left, left + 5))
    assert runs == [1, 3, 3]


@pytest.mark.parametrize("window", [Window(4, 9, 5, 9), Window(5, 26, 5, 9), Window(6, 9, 20, 26)])
def test_a_window_out_of_the_block_is_refused(window):
    part = Block(network(SHARED), torch.rand(1, 1, 30, 30).double(), 4, Window(5, 25, 5, 25))
    with pytest.raises(ValueError, match=r"reaches out of .*: give a larger block"):
        part.predict(window)
