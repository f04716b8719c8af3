from __future__ import annotations

import pytest
import torch

from dsdmsr.errors import ConfigError
from dsdmsr.training.noise import Noises, add_noise
from dsdmsr.training.recipe_files import load_recipe, recipe_from_dict

NONE = dict.fromkeys(
    ("none", "gaussian", "disparity", "root_disparity", "time_of_flight", "structured_light"), 0.0
)


def maps(count: int) -> torch.Tensor:
    """Maps of two surfaces, in units of all kinds."""
    depth = torch.ones(count, 1, 24, 24)
    depth[..., 12:] = 2
    return depth * torch.tensor([1.0, 1000.0, -0.01]).repeat(count)[:count].view(-1, 1, 1, 1)


def test_a_crops_noise_depends_on_its_number_alone():
    depth, valid = maps(6), torch.ones(6, 1, 24, 24, dtype=torch.bool)
    noises = Noises(holes=0.5)
    whole = add_noise(depth, valid, noises, 7, tuple(range(6)))
    for part in (slice(0, 2), slice(2, 6), slice(5, 6)):
        numbers = tuple(range(6))[part]
        made = add_noise(depth[part], valid[part], noises, 7, numbers)
        assert torch.equal(made[0], whole[0][part])
        assert torch.equal(made[1], whole[1][part])
    assert not torch.equal(add_noise(depth, valid, noises, 8, tuple(range(6)))[0], whole[0])


@pytest.mark.parametrize("kind", [name for name in NONE if name != "none"])
def test_every_kind_adds_noise_in_proportion_to_the_maps_range(kind):
    noises = Noises(**{**NONE, kind: 1.0}, strength=(1, 1), rounded=0, holes=0)
    depth, valid = maps(60), torch.ones(60, 1, 24, 24, dtype=torch.bool)
    made, still = add_noise(depth, valid, noises, 0, tuple(range(60)))
    assert bool(still.all())
    span = depth.amax((1, 2, 3)) - depth.amin((1, 2, 3))
    left = ((made - depth).square().mean((1, 2, 3)).sqrt() / span).sort().values
    assert left[0] >= 0
    assert 0.002 < float(left[30]) < 0.4


def test_no_noise_constant_maps_and_holes():
    depth, valid = maps(3), torch.ones(3, 1, 24, 24, dtype=torch.bool)
    made, still = add_noise(depth, valid, Noises(**{**NONE, "none": 1.0}), 0, (0, 1, 2))
    assert torch.equal(made, depth)
    assert bool(still.all())
    constant = torch.full((1, 1, 8, 8), 3.0)
    made, _ = add_noise(constant, torch.ones_like(constant, dtype=torch.bool), Noises(), 0, (4,))
    assert torch.equal(made, constant)
    lossy = Noises(**{**NONE, "gaussian": 1.0}, holes=1)
    made, still = add_noise(depth, valid, lossy, 0, (0, 1, 2))
    assert 0.3 < float(still.float().mean()) < 1
    # Those that mix neighbours don't take what stands in holes either.
    holed = valid.clone()
    holed[..., 4:9, 14:20] = False
    for kind in ("time_of_flight", "structured_light"):
        weak = Noises(**{**NONE, kind: 1.0}, strength=(1e-6, 1e-6), rounded=0, holes=0)
        made, still = add_noise(depth, holed, weak, 0, (0, 1, 2))
        span = depth.amax((1, 2, 3), True) - depth.amin((1, 2, 3), True)
        inside = ((made - depth).abs() / span)[..., 2:11, 13:22][holed[..., 2:11, 13:22]]
        assert float(inside.max()) < 0.2
    # Losses never take all.
    almost = torch.zeros_like(valid)
    almost[..., 0, :4] = True
    _, still = add_noise(depth, almost, lossy, 0, (0, 1, 2))
    assert bool(still.any((1, 2, 3)).all())
    junk = depth.clone()
    some = torch.rand(valid.shape, generator=torch.Generator().manual_seed(0)) > 0.2
    junk[~some] = 1e9
    made, still = add_noise(junk, some, lossy, 0, (0, 1, 2))
    again, _ = add_noise(depth, some, lossy, 0, (0, 1, 2))
    assert torch.equal(made[still], again[still])


def test_a_recipe_says_which_noise_and_bad_shares_are_refused():
    plain = {"small_maps": [{"noise": {"gaussian": 2.0, "strength": [0.1, 1.0]}}], "steps": 1}
    recipe = recipe_from_dict(plain)
    assert recipe.small_maps[0].noise == Noises(gaussian=2.0, strength=(0.1, 1.0))
    assert load_recipe("base").small_maps[0].noise is None
    for bad, says in [
        ({"gaussian": -1.0}, "give 0 or more, one above 0"),
        (NONE, "give 0 or more, one above 0"),
        ({"gaussian": float("nan")}, "give 0 or more, one above 0"),
        ({"strength": (0.0, 1.0)}, "strength is 0.0…1.0"),
        ({"holes": 2.0}, "holes is 2.0: give a probability"),
    ]:
        with pytest.raises(ConfigError, match=says):
            Noises(**bad)
