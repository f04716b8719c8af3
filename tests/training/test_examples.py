from __future__ import annotations

import pytest
import torch

from dsdmsr.data.batches import Batch, Batches
from dsdmsr.data.crops import Synthetic
from dsdmsr.degradation.degrade import degrade
from dsdmsr.training.examples import make_examples, normalise_crops, sample_degradation
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.recipe import DegradationMix


def test_low_resolution_maps_have_their_holes_filled_as_for_upscaling():
    depth = torch.arange(16.0).reshape(1, 1, 4, 4).repeat_interleave(2, 2).repeat_interleave(2, 3)
    valid = torch.ones_like(depth, dtype=torch.bool)
    valid[0, 0, :2, :2] = False
    batch = Batch(depth, valid, 2, 0, (0,), ("depth",), ("one",))
    made = make_examples(batch, DegradationMix(degradation="area"), 0)
    assert (float(made.low), float(made.span)) == (1, 14)
    assert made.lr_depth[0, 0, 0, 0] in (0, torch.tensor(3.0) / 14)
    assert torch.equal(made.lr_depth.flatten()[1:], (torch.arange(1.0, 16) - 1) / 14)


def test_degradations_are_sampled_by_share_from_the_seed_and_the_scene_alone():
    options = (DegradationMix(share=3), DegradationMix(degradation="opencv_cubic", share=1))
    numbers = [8 * k for k in range(400)]
    drawn = [sample_degradation(options, 5, number).degradation for number in numbers]
    assert 0.18 < drawn.count("opencv_cubic") / 400 < 0.32
    assert [sample_degradation(options, 5, n).degradation for n in numbers[::-1]] == drawn[::-1]
    assert [sample_degradation(options, 6, n).degradation for n in numbers] != drawn


def test_only_low_resolution_maps_of_whole_levels_are_rounded():
    levels = torch.arange(32.0).reshape(1, 1, 4, 8)
    depth, valid = torch.cat([levels, levels / 3]), torch.ones(2, 1, 4, 8, dtype=torch.bool)
    batch = Batch(depth, valid, 2, 0, (0, 1), ("depth",) * 2, ("one", "two"))
    exact, rounded = (
        make_examples(batch, DegradationMix(degradation="opencv_cubic", rounded=rounded), 0)
        for rounded in (False, True)
    )
    in_levels, _ = degrade(depth, 2, "opencv_cubic", valid)
    assert torch.equal(exact.lr_depth, (in_levels - exact.low) / exact.span)
    assert torch.equal(rounded.lr_depth[0], ((in_levels.round() - rounded.low) / rounded.span)[0])
    assert not torch.equal(rounded.lr_depth[0], exact.lr_depth[0])
    assert torch.equal(rounded.lr_depth[1], exact.lr_depth[1])


@pytest.mark.parametrize(
    ("given", "used"),
    [("bicubic", "bicubic"), ("opencv_cubic", "bicubic"), ("interval", "interval")],
)
def test_stages_on_the_way_learn_antialiased_maps(rng, given, used):
    depth = torch.from_numpy(rng.random((1, 1, 16, 16)))
    valid = torch.ones_like(depth, dtype=torch.bool)
    batch = Batch(depth, valid, 4, 0, (0,), ("depth",), ("one",))
    made = make_examples(batch, DegradationMix(degradation=given), 0)
    assert torch.equal(made.targets[0], (degrade(depth, 2, used)[0] - made.low) / made.span)


def test_crops_are_normalised_over_their_valid_pixels(rng):
    depth = torch.tensor([[[[2.0, 4.0, 9.0]]], [[[5.0, 5.0, 1.0]]], [[[1.0, 2.0, 3.0]]]])
    valid = torch.tensor([[[[True, True, False]]], [[[True, True, False]]], [[[False] * 3]]])
    low, span = normalise_crops(depth, valid)
    assert low.flatten().tolist() == [2, 5, 0]
    assert span.flatten().tolist() == [2, 1, 1]


def test_targets_are_the_ground_truth_at_each_stages_size(recipe):
    module = TrainingModule(recipe)
    made = next(iter(module.train_dataloader().dataset))
    batch = next(iter(Batches(recipe.seed, recipe.crops, Synthetic(recipe.scenes))))
    sizes = [t.shape[-1] for t in made.targets]
    assert sizes == [32 * 2**k // 2 ** (len(sizes) - 1) for k in range(len(sizes))]
    assert torch.equal(made.targets[-1], (batch.hr_depth - made.low) / made.span)
    assert all(v.all() for v in made.valids)
