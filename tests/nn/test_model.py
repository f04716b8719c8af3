from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from dsdmsr.degradation.resample import resize
from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR, ModelConfig, interleave, split_views
from dsdmsr.nn.candidates import Candidates
from dsdmsr.nn.fusion import Fusion
from dsdmsr.nn.stage import Stage
from dsdmsr.nn.units import UNITS, Unit


def count(model: torch.nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (ModelConfig(scale=8, unit="srcnn", fusion="legacy"), 744_653),
        (ModelConfig(scale=16, unit="srcnn", fusion="legacy"), 973_777),
        (ModelConfig(scale=8, unit="vdsr", depth=(10,), bias=False, fusion="legacy"), 3_848_832),
    ],
)
def test_the_published_forms_have_their_parameters(config, parameters):
    assert count(DSDMSR(config)) == parameters


def test_interleaving_puts_view_2r_plus_c_at_2i_plus_r_2j_plus_c(rng):
    views = torch.from_numpy(rng.normal(size=(2, 4, 5, 3)))
    large = interleave(views)
    assert large.shape == (2, 1, 10, 6)
    for r in range(2):
        for c in range(2):
            for i in range(5):
                for j in range(3):
                    assert torch.equal(large[:, 0, 2 * i + r, 2 * j + c], views[:, 2 * r + c, i, j])
    assert torch.equal(split_views(large), views)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("index", [0, 1])
def test_the_grouped_stage_is_four_separate_units(unit, index):
    torch.manual_seed(1)
    config = ModelConfig(scale=4, unit=unit, width=(8,), depth=(3,), carried=2)
    stage = Stage(config, index).double()
    for parameter in stage.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    depth = torch.randn(2, 1, 7, 6, dtype=torch.float64)
    carried = torch.randn(2, 2, 7, 6, dtype=torch.float64) if index else None
    made = stage(depth, carried).depth
    x = depth if carried is None else torch.cat([depth, carried], 1)

    def run(conv: torch.nn.Conv2d, y: torch.Tensor, which: int, grouped: bool) -> torch.Tensor:
        """Run what belongs to one unit of a layer as a layer of its own."""
        rows = conv.out_channels // 4
        part = slice(which * rows, (which + 1) * rows)
        assert conv.groups == (4 if grouped else 1)
        bias = None if conv.bias is None else conv.bias[part]
        return functional.conv2d(y, conv.weight[part], bias, padding=conv.padding)

    for view in range(4):
        first, *rest = stage.unit.features
        y = run(first, x, view, grouped=False)
        for layer in rest:
            if isinstance(layer, torch.nn.ReLU):
                y = functional.relu(y)
            elif isinstance(layer, torch.nn.Conv2d):
                y = run(layer, y, view, grouped=True)
            else:
                block = type(layer)(8, copies=1, bias=True).double()
                own = {n: p.chunk(4)[view] for n, p in layer.named_parameters()}
                y = torch.func.functional_call(block, own, (y,))
        y = run(stage.unit.head, y, view, grouped=True)
        if unit != "srcnn":
            y = y + depth
        r, c = divmod(view, 2)
        torch.testing.assert_close(made[..., r::2, c::2], y, rtol=0, atol=1e-10)


def bilinear_by_loops(depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    made = np.zeros(size)
    for i in range(size[0]):
        for j in range(size[1]):
            y = min(max((i + 0.5) * depth.shape[0] / size[0] - 0.5, 0), depth.shape[0] - 1)
            x = min(max((j + 0.5) * depth.shape[1] / size[1] - 0.5, 0), depth.shape[1] - 1)
            y0, x0 = int(y), int(x)
            y1, x1 = min(y0 + 1, depth.shape[0] - 1), min(x0 + 1, depth.shape[1] - 1)
            fy, fx = y - y0, x - x0
            made[i, j] = (1 - fy) * ((1 - fx) * depth[y0, x0] + fx * depth[y0, x1]) + fy * (
                (1 - fx) * depth[y1, x0] + fx * depth[y1, x1]
            )
    return made


@pytest.mark.parametrize("kind", ["mean", "legacy"])
def test_fusion_averages_input_and_stages_or_sums_the_stages(rng, kind):
    fusion = Fusion(ModelConfig(scale=4, unit="srcnn", fusion=kind)).double()
    seen = []
    fusion.unit.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    maps = [rng.normal(size=(3 * s, 5 * s)) for s in (1, 2, 4)]
    tensors = [torch.from_numpy(m)[None, None] for m in maps]
    made = fusion(tensors[0], tensors[1:])
    large = [bilinear_by_loops(m, (12, 20)) for m in maps]
    expected = sum(large) / 3 if kind == "mean" else large[1] + large[2]
    np.testing.assert_allclose(seen[0][0, 0].numpy(), expected, atol=1e-12)
    assert made.shape == (1, 1, 12, 20)


SHARED = ModelConfig(
    scale=16,
    unit="residual",
    sharing="shared",
    width=(8, 8, 4, 4),
    depth=(2, 2, 1, 1),
    carried=4,
    two_heads=True,
    fusion="none",
    bias=False,
    differences=True,
)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("fusion", ["mean", "none"])
def test_every_network_begins_near_the_small_map_repeated(unit, fusion):
    """So that a short training is not spent on learning to repeat it."""
    torch.manual_seed(0)
    model = DSDMSR(ModelConfig(scale=4, unit=unit, fusion=fusion, width=(16,), depth=(3,)))
    depth = torch.rand(1, 1, 9, 8)
    prediction = model(depth)
    for k, stage in enumerate(prediction.stages):
        repeated = functional.interpolate(depth, scale_factor=2 ** (k + 1))
        torch.testing.assert_close(stage, repeated, rtol=0, atol=0.05)
    if fusion == "none":
        torch.testing.assert_close(prediction.fused, repeated, rtol=0, atol=0.05)


def test_bf16_keeps_small_differences_of_a_large_depth():
    torch.manual_seed(4)
    model = DSDMSR(SHARED)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    depth = 0.9 + 0.01 * torch.rand(1, 1, 12, 15)
    plain = model(depth, 4).fused
    with torch.autocast("cpu", torch.bfloat16):
        halved = model(depth, 4).fused
    added = (plain - functional.interpolate(depth, scale_factor=4)).abs().max()
    assert 0 < (halved - plain).abs().max() < 0.03 * added


def test_candidates_are_weighed_by_a_softmax_of_scores_relative_to_the_range(rng):
    choose = Candidates(3).double()
    assert choose.count == 10
    depth = rng.normal(size=(5, 6))
    scores = rng.normal(size=(4, 10, 5, 6))
    regressed = rng.normal(size=(4, 5, 6))
    made = choose(
        torch.from_numpy(scores.reshape(1, 40, 5, 6)),
        torch.from_numpy(regressed)[None],
        torch.from_numpy(depth)[None, None],
    )
    padded = np.pad(depth, 1, mode="edge")
    for view, (r, c) in enumerate([(-0.25, -0.25), (-0.25, 0.25), (0.25, -0.25), (0.25, 0.25)]):
        for i in range(5):
            for j in range(6):
                values = padded[i : i + 3, j : j + 3].ravel()
                away = [(y - r) ** 2 + (x - c) ** 2 for y in (-1, 0, 1) for x in (-1, 0, 1)]
                prior = np.concatenate([[2], -np.array(away) / (2 * 0.5**2)])
                logits = 5 * scores[view, :, i, j] / np.ptp(values) + prior
                weights = np.exp(logits - logits.max())
                all_values = np.concatenate([[regressed[view, i, j]], values])
                expected = (weights * all_values).sum() / weights.sum()
                assert made[0, view, i, j].item() == pytest.approx(expected, rel=1e-9)


def test_a_network_begins_with_the_regressed_answer_when_it_may_choose():
    plain = DSDMSR(dataclasses.replace(SHARED, width=(8,), depth=(2,))).double()
    chooses = DSDMSR(dataclasses.replace(SHARED, width=(8,), depth=(2,), candidates=3)).double()
    torch.nn.init.normal_(plain.stages[1].unit.head.weight, std=0.2)
    missing, unexpected = chooses.load_state_dict(plain.state_dict(), strict=False)
    assert {name.split(".")[2] for name in missing} == {"score"}
    assert not unexpected
    depth = torch.rand(1, 1, 9, 9, dtype=torch.float64)
    one, other = plain(depth, 4).fused, chooses(depth, 4).fused
    assert (one - other).abs().max() > 0
    assert (one - other).square().mean() < 0.2**2 * one.var()


@pytest.mark.parametrize("scale", [2, 8])
def test_back_projection_moves_the_answer_towards_the_input(scale):
    plain = SHARED
    model = DSDMSR(plain).double()
    corrected = DSDMSR(dataclasses.replace(plain, consistency=2)).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    corrected.load_state_dict(model.state_dict())
    depth = torch.rand(1, 1, 12, 10, dtype=torch.float64)
    gaps = [
        (resize(m(depth, scale).fused, 1 / scale) - depth).square().mean().sqrt()
        for m in (model, corrected)
    ]
    assert gaps[1] < 0.4 * gaps[0]
    by_hand = model(depth, scale).fused
    for _ in range(2):
        by_hand = by_hand + resize(depth - resize(by_hand, 1 / scale), scale)
    torch.testing.assert_close(corrected(depth, scale).fused, by_hand)


@pytest.mark.parametrize("scale", [2, 8, 16])
def test_a_supersampled_answer_is_the_mean_of_blocks_of_the_next_larger_one(scale):
    torch.manual_seed(0)
    config = dataclasses.replace(SHARED, width=(8,), confidence=8)
    plain, model = (DSDMSR(dataclasses.replace(config, supersampled=s)) for s in (False, True))
    model.load_state_dict(plain.state_dict(), strict=False)
    depth = torch.rand(1, 1, 6, 9)
    made, larger = model(depth, scale), plain(depth, min(2 * scale, 16))
    if scale == 16:
        torch.testing.assert_close(made.fused, larger.fused)
        return
    assert [stage.shape for stage in made.stages] == [s.shape for s in larger.stages[:-1]]
    blocks = [
        large.unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).mean((3, 5))
        for large in (larger.fused, larger.log_error.exp())
    ]
    torch.testing.assert_close(made.fused, blocks[0])
    torch.testing.assert_close(made.log_error.exp(), blocks[1])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"scale": 3}, "scale is 3: allowed are 2, 4, 8, 16"),
        ({"unit": "unet"}, "unit is 'unet'"),
        ({"sharing": "some"}, "sharing is 'some'"),
        ({"fusion": "sum"}, "fusion is 'sum'"),
        ({"width": (1, 2)}, "give one positive number, or 3 of them"),
        ({"depth": ()}, "depth is"),
        ({"depth": (0,)}, "depth is"),
        ({"unit": "vdsr", "depth": (1,)}, "2 layers or more"),
        ({"width": (7,)}, "even width"),
        ({"carried": -1}, "0 or more"),
        ({"supersampled": True}, "supersampled goes with fusion: none"),
        ({"dilations": (2,)}, "dilations go with a unit of blocks"),
        ({"unit": "residual", "dilations": (2, 0)}, r"\[2, 0\]: give 1 or more each"),
        ({"candidates": 4}, "odd number"),
        ({"candidates": 1}, "odd number"),
        ({"two_heads": True}, "two_heads goes with"),
        ({"differences": True}, "differences goes with"),
        ({"unit": "vdsr", "differences": True, "bias": False}, "differences goes with"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(values, says):
    with pytest.raises(ConfigError, match=says):
        ModelConfig(**values)


def test_what_errors_are_expected_does_not_change_the_answer():
    torch.manual_seed(3)
    config = ModelConfig(
        scale=4, unit="residual", sharing="shared", width=(8,), depth=(2,), fusion="none"
    )
    plain, sure = DSDMSR(config), DSDMSR(dataclasses.replace(config, confidence=4))
    missing = sure.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing
    assert all(".expected." in key for key in missing)
    depth = torch.rand(2, 1, 5, 6)
    assert plain(depth).log_error is None
    for scale in (2, 4):
        made = sure(depth, scale)
        assert torch.equal(made.fused, plain(depth, scale).fused)
        assert made.log_error.shape == made.fused.shape
        assert torch.equal(made.part(slice(1, 2)).log_error, made.log_error[1:])
        sure.zero_grad()
        made.log_error.sum().backward()
        moved = {name for name, p in sure.named_parameters() if p.grad is not None}
        assert moved == {key for key in missing if key.startswith(f"stages.{scale // 4}.")}


def test_confidence_goes_without_fusion_and_by_eights():
    with pytest.raises(ConfigError, match="confidence goes with fusion: none"):
        ModelConfig(confidence=4)
    with pytest.raises(ConfigError, match="confidence 4: a symmetric network's are multiples of 8"):
        ModelConfig(
            **{"unit": "residual", "sharing": "shared", "fusion": "none"},
            **{"width": (16,), "symmetric": True, "confidence": 4},
        )


@pytest.mark.parametrize("depth", [4, 10, 20])
def test_plain_units_begin_with_features_as_large_as_their_input_however_deep(depth):
    torch.manual_seed(0)
    unit = Unit("vdsr", in_channels=1, width=32, depth=depth, copies=4, outputs=1, bias=True)
    x = torch.randn(4, 1, 24, 24)
    size = unit(x)[..., 8:-8, 8:-8].square().mean().sqrt()
    assert 0.3 < size / x.square().mean().sqrt() < 3


def test_with_a_bicubic_skip_a_network_begins_as_bicubic_interpolation_by_twos():
    torch.manual_seed(0)
    shape = {"unit": "residual", "width": (8,), "depth": (1,), "fusion": "none"}
    model = DSDMSR(ModelConfig(scale=8, skip="bicubic", **shape))
    for stage in model.stages:
        torch.nn.init.zeros_(stage.unit.head.weight)
        torch.nn.init.zeros_(stage.unit.head.bias)
    depth = torch.rand(1, 1, 6, 7)
    expected = depth
    for made in model(depth).stages:
        expected = resize(expected, 2)
        torch.testing.assert_close(made, expected)
