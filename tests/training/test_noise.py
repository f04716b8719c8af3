from __future__ import annotations

import pytest
import torch

from dsdmsr.degradation.sensors import NOISES, Noise
from dsdmsr.errors import ConfigError
from dsdmsr.training.noise import NoiseMix, add_noise
from dsdmsr.training.recipe_files import load_recipe, recipe_from_dict, recipe_to_dict

ALL = ("none", *NOISES)


def maps(count: int) -> torch.Tensor:
    """Maps of two surfaces, in units of all kinds."""
    depth = torch.ones(count, 1, 24, 24)
    depth[..., 12:] = 2
    return depth * torch.tensor([1.0, 1000.0, -0.01]).repeat(count)[:count].view(-1, 1, 1, 1)


def test_a_crops_noise_depends_on_its_number_alone():
    depth, valid = maps(6), torch.ones(6, 1, 24, 24, dtype=torch.bool)
    mix = NoiseMix(holes=0.5)
    whole = add_noise(depth, valid, mix, 7, tuple(range(6)))
    for part in (slice(0, 2), slice(2, 6), slice(5, 6)):
        numbers = tuple(range(6))[part]
        made = add_noise(depth[part], valid[part], mix, 7, numbers)
        assert torch.equal(made[0], whole[0][part])
        assert torch.equal(made[1], whole[1][part])
    assert not torch.equal(add_noise(depth, valid, mix, 8, tuple(range(6)))[0], whole[0])


@pytest.mark.parametrize("kind", NOISES)
def test_every_kind_adds_noise_in_proportion_to_the_maps_range(kind):
    mix = NoiseMix(shares={kind: 1.0}, strength=(1, 1), rounded=0, holes=0)
    depth, valid = maps(60), torch.ones(60, 1, 24, 24, dtype=torch.bool)
    made, still = add_noise(depth, valid, mix, 0, tuple(range(60)))
    assert bool(still.all())
    span = depth.amax((1, 2, 3)) - depth.amin((1, 2, 3))
    left = ((made - depth).square().mean((1, 2, 3)).sqrt() / span).sort().values
    assert left[0] >= 0
    assert 0.002 < float(left[30]) < 0.4


def test_no_noise_constant_maps_and_holes():
    depth, valid = maps(3), torch.ones(3, 1, 24, 24, dtype=torch.bool)
    made, still = add_noise(depth, valid, NoiseMix(shares={"none": 1.0}), 0, (0, 1, 2))
    assert torch.equal(made, depth)
    assert bool(still.all())
    constant = torch.full((1, 1, 8, 8), 3.0)
    made, _ = add_noise(constant, torch.ones_like(constant, dtype=torch.bool), NoiseMix(), 0, (4,))
    assert torch.equal(made, constant)
    lossy = NoiseMix(shares={"gaussian": 1.0}, holes=1)
    made, still = add_noise(depth, valid, lossy, 0, (0, 1, 2))
    assert 0.3 < float(still.float().mean()) < 1
    # Those that mix neighbours don't take what stands in holes either.
    holed = valid.clone()
    holed[..., 4:9, 14:20] = False
    for kind in ("time_of_flight", "structured_light"):
        weak = NoiseMix(shares={kind: 1.0}, strength=(1e-6, 1e-6), rounded=0, holes=0)
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


def test_a_recipe_names_its_noises_and_bad_mixes_are_refused():
    noise = {"shares": {"none": 1, "gaussian": 2.0}, "strength": [0.1, 1.0]}
    recipe = recipe_from_dict({"degradations": [{"noise": noise}], "steps": 1})
    mix = NoiseMix(shares={"none": 1.0, "gaussian": 2.0}, strength=(0.1, 1.0))
    assert recipe.degradations[0].noise == mix
    assert recipe_from_dict(recipe_to_dict(recipe)) == recipe
    assert load_recipe("base").degradations[0].noise is None
    for bad, says in [
        ({"shares": {"gaussian": -1.0}}, "share of noise gaussian is -1.0: give 0 or more"),
        ({"shares": dict.fromkeys(ALL, 0.0)}, "give one above 0"),
        ({"shares": {}}, "give one above 0"),
        ({"shares": {"gaussian": float("nan")}}, "give 0 or more"),
        ({"shares": {"rain": 1.0}}, "noise is 'rain': allowed are none, gaussian, disparity"),
        ({"strength": (0.0, 1.0)}, "strength is 0.0…1.0"),
        ({"holes": 2.0}, "holes is 2.0: give a probability"),
    ]:
        with pytest.raises(ConfigError, match=says):
            NoiseMix(**bad)


def test_a_further_noise_needs_only_an_entry_and_a_share(monkeypatch):
    noise = Noise(add=lambda depth, _, offset: depth + offset, unit="m", parameter=lambda s: 0 * s)
    depth, valid = maps(3), torch.ones(3, 1, 24, 24, dtype=torch.bool)
    before = add_noise(depth, valid, NoiseMix(), 0, (0, 1, 2))
    monkeypatch.setitem(NOISES, "offset", noise)
    unchanged = add_noise(depth, valid, NoiseMix(), 0, (0, 1, 2))
    assert torch.equal(before[0], unchanged[0])
    mix = NoiseMix(shares={"offset": 1.0}, rounded=0, holes=0)
    torch.testing.assert_close(add_noise(depth, valid, mix, 0, (0, 1, 2))[0], depth)


def test_samples_of_every_noise_stay_the_same():
    depth, valid = maps(400), torch.ones(400, 1, 24, 24, dtype=torch.bool)
    span = depth.amax((1, 2, 3), True) - depth.amin((1, 2, 3), True)
    noisy, kept = add_noise(depth, valid, NoiseMix(holes=0.3), 7, tuple(range(400)))
    error = ((noisy - depth) / span).abs().mean((1, 2, 3)).double()
    expected = [4.2659526, 4.4481415, 7.8696082, 5.6985518]
    sums = [float(error[k::4].sum()) for k in range(4)]
    assert sums == pytest.approx(expected, rel=1e-4)
    assert int((~kept).sum()) == 5934
