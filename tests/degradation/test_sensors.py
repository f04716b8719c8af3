from __future__ import annotations

import pytest
import torch

from dsdmsr.degradation import sensors as noise
from dsdmsr.depth.sensing import quantise


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flat(value: float, side: int = 200) -> torch.Tensor:
    return torch.full((1, 1, side, side), value)


@pytest.mark.parametrize(
    ("add", "deviation"),
    [
        (lambda d, g: noise.add_gaussian_noise(d, g, 3.0), lambda d: 3),
        (noise.add_disparity_noise, lambda d: 651 / d),
        (noise.add_root_disparity_noise, lambda d: (651 / d) ** 0.5),
        (lambda d, g: noise.add_time_of_flight_noise(d, g, shot=0.01), lambda d: 0.01 * d * d),
    ],
)
@pytest.mark.parametrize("value", [2.0, 20.0, 150.0])
def test_noise_is_as_strong_as_it_says_and_its_seed_alone_decides(add, deviation, value):
    depth = flat(value)
    made = add(depth, seeded())
    assert torch.equal(made, add(depth, seeded()))
    assert not torch.equal(made, add(depth, seeded(1)))
    assert float((made - depth).std()) == pytest.approx(deviation(value), rel=0.03)
    assert float((made - depth).mean()) == pytest.approx(0, abs=0.03 * deviation(value))


def test_strengths_may_differ_from_map_to_map():
    depth = flat(100.0).expand(2, 1, 200, 200)
    strength = torch.tensor([100.0, 1000.0]).reshape(2, 1, 1, 1)
    made = noise.add_disparity_noise(depth, seeded(), strength) - depth
    assert made.std((1, 2, 3)).tolist() == pytest.approx([1, 10], rel=0.03)


def test_below_one_level_noise_grows_no_further():
    made = noise.add_disparity_noise(flat(0.0), seeded(), 2.0)
    assert float(made.std()) == pytest.approx(2, rel=0.03)


def test_time_of_flight_flies_at_edges_and_leans_away_from_the_camera():
    depth = flat(1.0, 60)
    depth[..., 30:] = 3.0
    sure = noise.add_time_of_flight_noise(depth, seeded(), shot=0, multipath=0, flying=1)
    beside = sure[..., 29:31]
    assert bool(((beside > 1) & (beside < 3)).all())
    assert float(beside.mean()) == pytest.approx(2, abs=0.15)
    untouched = torch.ones(60, dtype=torch.bool)
    untouched[29:31] = False
    assert torch.equal(sure[..., untouched], depth[..., untouched])
    rarely = noise.add_time_of_flight_noise(depth, seeded(), shot=0, multipath=0, flying=0.25)
    changed = (rarely != depth)[..., 29:31].float().mean()
    assert 0.1 < float(changed) < 0.4
    biased = noise.add_time_of_flight_noise(depth, seeded(), shot=0, multipath=0.01, flying=0)
    away = (biased - depth)[0, 0, 30]
    assert float(away.min()) == 0
    assert float(away.max()) == pytest.approx(0.01 * 2 * 4 / 5, rel=1e-3)
    assert bool((away[26:34] > 0).all())
    # A slope is no edge.
    slope = (1 + torch.arange(60) * 0.005).expand(1, 1, 60, 60)
    made = noise.add_time_of_flight_noise(slope, seeded(), shot=0, multipath=0, flying=1)
    assert torch.equal(made, slope)


def test_structured_light_gives_whole_steps_of_disparity():
    depth = 1 + torch.rand((1, 1, 50, 50), generator=seeded(5))
    made = noise.add_structured_light_noise(depth, seeded(), shift=0)
    steps = 351.3 / made
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    exact = noise.add_structured_light_noise(depth, seeded(), shift=0, jitter=0)
    torch.testing.assert_close(exact, 351.3 / (351.3 / depth).round())
    # At 4 m a step is 4.6 cm: 16 times that at 1 m.
    errors = [
        float((noise.add_structured_light_noise(flat(z), seeded()) - z).std()) for z in (1.0, 4.0)
    ]
    assert errors[1] > 4 * errors[0] > 0
    # Read beside, an edge is ragged.
    step = flat(1.0, 60)
    step[..., 30:] = 3.0
    made = noise.add_structured_light_noise(step, seeded(), jitter=0)
    wrong = ((made > 2) != (step > 2)).float().mean((0, 1, 2))
    assert 0.05 < float(wrong[29:31].mean()) < 0.5
    assert float(wrong[:27].sum() + wrong[33:].sum()) == 0


def test_whole_steps_and_lost_pixels():
    depth = torch.tensor([[[[0.0014, 0.0015, 2.3456]]]])
    torch.testing.assert_close(quantise(depth, 0.001), torch.tensor([[[[0.001, 0.002, 2.346]]]]))
    valid = torch.ones(1, 1, 200, 200, dtype=torch.bool)
    valid[..., :50] = False
    made = noise.lose_speckles(valid, seeded(), 0.1)
    assert not bool((made & ~valid).any())
    assert float(made[..., 50:].float().mean()) == pytest.approx(0.9, abs=0.01)
    made = noise.lose_blocks(valid, seeded(), 3, 20)
    assert not bool((made & ~valid).any())
    assert 0 < int((valid & ~made).sum()) <= 3 * 20 * 20


@pytest.mark.parametrize("left", [True, False])
def test_shadows_lie_beside_what_is_near_on_one_side(left):
    depth = flat(4.0, 30)
    depth[..., 10:20] = 1.0
    valid = torch.ones_like(depth, dtype=torch.bool)
    made = noise.lose_shadows(depth, valid, 4, left=left)
    lost = (~made).any(2)[0, 0].nonzero().flatten().tolist()
    assert lost == ([6, 7, 8, 9] if left else [20, 21, 22, 23])
    assert bool(noise.lose_shadows(flat(2.0), flat(1.0).bool(), 9).all())
