from __future__ import annotations

import pytest
import torch

from dsdmsr.data.scenes.sensing import SensingConfig, valid_from_second_camera
from dsdmsr.data.seeds import generator
from dsdmsr.degradation.lost_pixels import lose_blocks, lose_shadows, lose_speckles, shadowed


def test_lost_pixels_are_as_many_as_asked_for_and_none_comes_back():
    valid = torch.ones(1, 1, 200, 200, dtype=torch.bool)
    valid[..., :50] = False
    kept = lose_speckles(valid, torch.Generator().manual_seed(0), 0.1)
    assert not bool((kept & ~valid).any())
    assert float(kept[..., 50:].float().mean()) == pytest.approx(0.9, abs=0.01)
    kept = lose_blocks(valid, torch.Generator().manual_seed(0), 3, 20)
    assert not bool((kept & ~valid).any())
    assert 0 < int((valid & ~kept).sum()) <= 3 * 20 * 20


def test_lost_pixels_follow_their_seed_alone():
    valid = torch.ones(2, 1, 50, 60, dtype=torch.bool)

    def lost(seed: int) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return [lose_speckles(valid, generator, 0.5), lose_blocks(valid, generator, 2, 20)]

    first, second = lost(1), lost(1)
    assert all(map(torch.equal, first, second))
    assert not any(map(torch.equal, first, lost(2)))
    assert not torch.equal(first[1][0], first[1][1])  # each map has its own
    assert bool(lose_speckles(valid, torch.Generator(), 0.0).all())


def test_sides_of_blocks_are_of_all_sizes_up_to_the_largest():
    valid = torch.ones(400, 1, 100, 100, dtype=torch.bool)
    kept = lose_blocks(valid, torch.Generator().manual_seed(0), 1, 8)
    heights = (~kept).any(3).sum((1, 2))
    assert set(heights.tolist()) == set(range(1, 9))


@pytest.mark.parametrize("left", [True, False])
def test_shadows_lie_beside_what_is_near_on_one_side(left):
    depth = torch.full((1, 1, 30, 30), 4.0)
    depth[..., 10:20] = 1.0
    kept = lose_shadows(depth, depth > 0, 4, left=left)
    lost = (~kept).any(2)[0, 0].nonzero().flatten().tolist()
    assert lost == ([6, 7, 8, 9] if left else [20, 21, 22, 23])
    if left:  # as it is if nothing is said
        assert torch.equal(lose_shadows(depth, depth > 0, 4), kept)
    flat = torch.full((1, 1, 30, 30), 2.0)
    assert bool(lose_shadows(flat, flat > 0, 9).all())


def test_widths_may_differ_from_map_to_map():
    depth = 1 + 3 * torch.rand(3, 1, 20, 40, generator=torch.Generator().manual_seed(0))
    width = torch.tensor([2.0, 5.5, 90.0]).reshape(3, 1, 1, 1)
    together = lose_shadows(depth, depth > 0, width)
    for k in range(3):
        alone = lose_shadows(depth[k : k + 1], depth[k : k + 1] > 0, float(width[k]))
        assert torch.equal(together[k : k + 1], alone)


@pytest.mark.parametrize("left", [True, False])
def test_shadows_are_those_of_a_comparison_pixel_by_pixel(rng, left):
    disparity = rng.uniform(0, 6, (4, 25))
    hidden = shadowed(disparity, 6, left=left)
    for row, line in enumerate(disparity):
        for x in range(25):
            near = line[x + 1 :] if left else line[:x][::-1]
            expected = any(d - line[x] >= s for s, d in enumerate(near, start=1))
            assert hidden[row, x] == expected


def test_scenes_and_low_resolution_maps_have_the_same_shadows():
    disparity = generator(0, 1).uniform(0.25, 1, (30, 40))
    config = SensingConfig(holes=1, shadow=(5.5, 5.5))
    seen = set()
    for number in range(8):
        valid = torch.from_numpy(valid_from_second_camera(generator(1, number), disparity, config))
        depth = 1 / torch.from_numpy(disparity)[None, None]
        sides = [lose_shadows(depth, depth > 0, 5.5, left=left)[0, 0] for left in (True, False)]
        seen.add(next(k for k, kept in enumerate(sides) if torch.equal(kept, valid)))
    assert seen == {0, 1}


def test_pixels_without_depth_cast_no_shadow():
    depth = torch.full((1, 1, 10, 30), 4.0)
    depth[..., 20:] = 1.0
    valid = torch.ones_like(depth, dtype=torch.bool)
    valid[..., 8:10] = False
    lost = (valid & ~lose_shadows(depth, valid, 4)).any(2)[0, 0].nonzero().flatten().tolist()
    assert lost == [16, 17, 18, 19]
