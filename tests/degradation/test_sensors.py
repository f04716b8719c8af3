from __future__ import annotations

import pytest
import torch

from dsdmsr.degradation import sensors


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flat(value: float, side: int = 200) -> torch.Tensor:
    return torch.full((1, 1, side, side), value)


@pytest.mark.parametrize(
    ("add", "deviation"),
    [
        (lambda d, g: sensors.add_gaussian_noise(d, g, 3.0), lambda d: 3),
        (sensors.add_disparity_noise, lambda d: 651 / d),
        (sensors.add_root_disparity_noise, lambda d: (651 / d) ** 0.5),
        (lambda d, g: sensors.add_time_of_flight_noise(d, g, shot=0.01), lambda d: 0.01 * d * d),
    ],
)
@pytest.mark.parametrize("value", [2.0, 20.0, 150.0])
def test_noise_is_as_strong_as_it_says_and_its_seed_alone_decides(add, deviation, value):
    depth = flat(value)
    noisy = add(depth, seeded())
    assert torch.equal(noisy, add(depth, seeded()))
    assert not torch.equal(noisy, add(depth, seeded(1)))
    assert float((noisy - depth).std()) == pytest.approx(deviation(value), rel=0.03)
    assert float((noisy - depth).mean()) == pytest.approx(0, abs=0.03 * deviation(value))


def test_strengths_may_differ_from_map_to_map():
    depth = flat(100.0).expand(2, 1, 200, 200)
    strength = torch.tensor([100.0, 1000.0]).reshape(2, 1, 1, 1)
    noisy = sensors.add_disparity_noise(depth, seeded(), strength) - depth
    assert noisy.std((1, 2, 3)).tolist() == pytest.approx([1, 10], rel=0.03)


def test_below_one_level_noise_grows_no_further():
    noisy = sensors.add_disparity_noise(flat(0.0), seeded(), 2.0)
    assert float(noisy.std()) == pytest.approx(2, rel=0.03)


def test_time_of_flight_flies_at_edges_and_leans_away_from_the_camera():
    depth = flat(1.0, 60)
    depth[..., 30:] = 3.0
    sure = sensors.add_time_of_flight_noise(depth, seeded(), shot=0, multipath=0, flying=1)
    beside = sure[..., 29:31]
    assert bool(((beside > 1) & (beside < 3)).all())
    assert float(beside.mean()) == pytest.approx(2, abs=0.15)
    untouched = torch.ones(60, dtype=torch.bool)
    untouched[29:31] = False
    assert torch.equal(sure[..., untouched], depth[..., untouched])
    rarely = sensors.add_time_of_flight_noise(depth, seeded(), shot=0, multipath=0, flying=0.25)
    changed = (rarely != depth)[..., 29:31].float().mean()
    assert 0.1 < float(changed) < 0.4
    biased = sensors.add_time_of_flight_noise(depth, seeded(), shot=0, multipath=0.01, flying=0)
    away = (biased - depth)[0, 0, 30]
    assert float(away.min()) == 0
    assert float(away.max()) == pytest.approx(0.01 * 2 * 4 / 5, rel=1e-3)
    assert bool((away[26:34] > 0).all())
    # A slope is no edge.
    slope = (1 + torch.arange(60) * 0.005).expand(1, 1, 60, 60)
    noisy = sensors.add_time_of_flight_noise(slope, seeded(), shot=0, multipath=0, flying=1)
    assert torch.equal(noisy, slope)


def test_structured_light_gives_whole_steps_of_disparity():
    depth = 1 + torch.rand((1, 1, 50, 50), generator=seeded(5))
    noisy = sensors.add_structured_light_noise(depth, seeded(), shift=0)
    steps = 351.3 / noisy
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    exact = sensors.add_structured_light_noise(depth, seeded(), shift=0, jitter=0)
    torch.testing.assert_close(exact, 351.3 / (351.3 / depth).round())
    # At 4 m a step is 4.6 cm: 16 times that at 1 m.
    errors = [
        float((sensors.add_structured_light_noise(flat(z), seeded()) - z).std()) for z in (1.0, 4.0)
    ]
    assert errors[1] > 4 * errors[0] > 0
    # Read beside, an edge is ragged.
    step = flat(1.0, 60)
    step[..., 30:] = 3.0
    noisy = sensors.add_structured_light_noise(step, seeded(), jitter=0)
    wrong = ((noisy > 2) != (step > 2)).float().mean((0, 1, 2))
    assert 0.05 < float(wrong[29:31].mean()) < 0.5
    assert float(wrong[:27].sum() + wrong[33:].sum()) == 0


def test_values_are_rounded_half_up_to_whole_steps():
    depth = torch.tensor([[[[0.0014, 0.0015, 2.3456]]]])
    torch.testing.assert_close(
        sensors.quantise(depth, 0.001), torch.tensor([[[[0.001, 0.002, 2.346]]]])
    )


@pytest.mark.parametrize("name", sensors.NOISES)
def test_every_noise_in_the_table_is_stronger_at_a_larger_strength(name):
    noise = sensors.NOISES[name]
    depth = flat(2.0 if noise.unit == "m" else 120.0)
    weak, strong = (
        float((noise.add(depth, seeded(), noise.parameter(s)) - depth).std()) for s in (0.25, 1.0)
    )
    assert 1.5 * weak < strong < 0.2 * float(depth.mean())


@pytest.mark.parametrize("name", sensors.NOISES)
def test_a_noise_takes_its_seed_and_number_type_from_what_it_is_given(name):
    noise = sensors.NOISES[name]
    values = 1 + torch.rand((2, 1, 30, 40), generator=seeded(3), dtype=torch.float64)
    depth = values if noise.unit == "m" else 100 * values
    noisy = noise.add(depth, seeded(), noise.parameter(1.0))
    assert noisy.dtype == torch.float64
    torch.manual_seed(7)
    assert torch.equal(noisy, noise.add(depth, seeded(), noise.parameter(1.0)))


@pytest.mark.parametrize(
    ("add", "documented"),
    [
        (sensors.add_disparity_noise, {"strength": 651.0}),
        (sensors.add_root_disparity_noise, {"strength": 651.0}),
        (sensors.add_time_of_flight_noise, {"shot": 0.002, "multipath": 0.01, "flying": 0.5}),
        (
            sensors.add_structured_light_noise,
            {"steps": 8 * 0.075 * 585.5, "shift": 0.5, "jitter": 1 / 6},
        ),
    ],
)
def test_strengths_that_are_not_given_are_those_of_the_sources(add, documented):
    depth = 1 + torch.rand((1, 1, 40, 40), generator=seeded(3))
    depth[..., 20:] += 2
    torch.testing.assert_close(add(depth, seeded()), add(depth, seeded(), **documented))


def test_far_and_dark_ends_of_sensors_ranges():
    # Nothing is farther than one step of disparity, and below one level noise grows no further.
    far = sensors.add_structured_light_noise(flat(1e6, 10), seeded(), 351.3, shift=0, jitter=0)
    torch.testing.assert_close(far, flat(351.3, 10))
    dark = sensors.add_root_disparity_noise(flat(0.5), seeded(), 4.0) - 0.5
    assert float(dark.std()) == pytest.approx(2, rel=0.03)
