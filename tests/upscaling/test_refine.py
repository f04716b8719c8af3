from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage, optimize

from dsdmsr import DepthMap, Upscaler
from dsdmsr.degradation.degrade import degrade, reduction_matrix
from dsdmsr.degradation.resample import resize
from dsdmsr.errors import ConfigError
from dsdmsr.upscaling import refine as refining
from dsdmsr.upscaling.operators import Downsampling
from dsdmsr.upscaling.refine import Refined, energy, refine, refined_prediction
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.window import Window


def small_again(depth: np.ndarray, scale: int, kind: str = "bicubic") -> np.ndarray:
    made, _ = degrade(torch.from_numpy(depth.astype(np.float64))[None, None], scale, kind)
    return made[0, 0].numpy()


def steps(height: int, width: int) -> torch.Tensor:
    """A slope with a nearer, tilted thing before it."""
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=torch.float64),
        torch.arange(width, dtype=torch.float64),
        indexing="ij",
    )
    near = (columns + 0.4 * rows > 0.5 * width) & (rows > height / 4)
    return torch.where(near, 0.9 - 0.1 * rows / height, 0.1 + 0.2 * columns / width)


def down(z: torch.Tensor) -> torch.Tensor:
    return z.diff(dim=0, append=z[-1:])


def across(z: torch.Tensor) -> torch.Tensor:
    return z.diff(dim=1, append=z[:, -1:])


def alpha_from_its_description(pred: torch.Tensor, noise: float, trust: float) -> torch.Tensor:
    """The weight of smoothness, where too little is left of the map to see noise in it."""
    if not (noise and trust):
        return torch.full_like(pred, 0.01 + 4 * noise)
    slopes = down(pred).hypot(across(pred)).numpy()
    steepest = ndimage.maximum_filter(slopes, 4 * 2 * 2 + 1)
    return torch.from_numpy(noise * np.maximum(np.exp(-((steepest / (0.08 * noise)) ** 2)), 1e-4))


def moved_apart(pred: torch.Tensor, noise: float, trust: float) -> torch.Tensor:
    """What the solution stays near to: the prediction, but for what hangs between two surfaces."""
    if not (noise and trust):
        return pred
    values = pred.numpy()
    highest, lowest = ndimage.maximum_filter(values, 5), ndimage.minimum_filter(values, 5)
    share = (values - lowest) / (highest - lowest)
    hangs = (highest - lowest > noise) & (share > 0.2) & (share < 0.8)
    moved = np.where(hangs, 1.012 * values - 0.012 * (highest + lowest) / 2, values)
    return torch.from_numpy(moved)


def energy_from_its_description(
    x: np.ndarray, pred: torch.Tensor, alpha: torch.Tensor, trust: float
) -> tuple[float, np.ndarray]:
    """E, from the module's formula, of a vector that holds u and then v; and its gradient."""
    variables = torch.from_numpy(x).requires_grad_()
    u, *v = variables.reshape(3, *pred.shape)

    def huber(*parts: torch.Tensor) -> torch.Tensor:
        square = sum(part**2 for part in parts)
        # A root of 0 has no gradient.
        return torch.where(square < 1e-6, square / 2e-3, square.clamp(min=1e-6).sqrt() - 5e-4)

    mixed = (across(v[0]) + down(v[1])) / 2
    first = huber(down(u) - v[0], across(u) - v[1])
    second = huber(down(v[0]), across(v[1]), mixed, mixed)
    found = trust * ((u - pred) ** 2).sum() / 2 + (alpha * (first + 2 * second)).sum()
    found.backward()
    return float(found.detach()), variables.grad.numpy()


@pytest.mark.parametrize(
    ("noise", "trust", "most"),
    [(0.0, 1.0, 3000), (0.01, 0.0, 3000), (0.01, 1.0, 3000), (1.0, 1.0, 15000)],
)
def test_the_solution_is_that_of_a_general_solver(monkeypatch, noise, trust, most):
    truth = steps(6, 6)
    small, _ = degrade(truth[None, None], 2)
    generator = torch.Generator().manual_seed(1)
    small = small[0, 0] + noise * torch.randn(3, 3, generator=generator, dtype=torch.float64)
    answer = truth + 0.05 * torch.randn(6, 6, generator=generator, dtype=torch.float64)
    monkeypatch.setattr(refining, "_MISSED_MAX", 0.0)
    monkeypatch.setattr(refining, "_CHANGE_MAX", 0.0)
    found = refine(answer, small, 2, noise=noise, trust=trust, most=most)
    trusted = moved_apart(answer, noise, trust)
    alpha = alpha_from_its_description(trusted, noise, trust)
    reduction = torch.kron(reduction_matrix(6, 2, "bicubic"), reduction_matrix(6, 2, "bicubic"))
    constraint = np.hstack([reduction.numpy(), np.zeros((9, 72))])
    slack = 6 * noise
    given = (trusted, alpha, trust)
    reference = optimize.minimize(
        energy_from_its_description,
        np.concatenate([answer.numpy().ravel(), np.zeros(72)]),
        args=given,
        jac=True,
        constraints=optimize.LinearConstraint(
            constraint, small.numpy().ravel() - slack, small.numpy().ravel() + slack
        ),
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-13},
    )
    assert reference.success
    x = np.concatenate([found.depth.numpy().ravel(), found.slopes.numpy().ravel()])
    made, _ = energy_from_its_description(x, *given)
    told = energy(found, answer, small, 2, noise=noise, trust=trust)
    assert told == pytest.approx(made, rel=1e-9)
    assert made == pytest.approx(reference.fun, abs=1e-6)
    np.testing.assert_allclose(found.depth.numpy().ravel(), reference.x[:36], atol=1e-3)
    assert found.missed < 1e-9


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_the_energy_falls_below_that_of_the_answer_made_to_agree(scale):
    truth = steps(48, 64)
    small, _ = degrade(truth[None, None], scale)
    answer = resize(small, scale)[0, 0]
    part = Window(0, small.shape[2], 0, small.shape[3])
    reduction = Downsampling(answer, scale, "bicubic", part)
    whole = torch.kron(*(reduction_matrix(n, scale, "bicubic") for n in answer.shape))
    lacking = (small[0, 0] - reduction(answer)).flatten()
    nearest = answer + (torch.linalg.pinv(whole) @ lacking).reshape(answer.shape)
    flat = torch.zeros(2, *answer.shape, dtype=torch.float64)
    found = refine(answer, small[0, 0], scale)
    assert found.iterations < 200
    assert found.missed < 1e-9
    before = Refined(nearest, flat, 0, 0.0)
    assert energy(found, answer, small[0, 0], scale) < energy(before, answer, small[0, 0], scale)


@pytest.mark.parametrize("scale", [2, 4])
def test_untrusted_answers_are_replaced_by_total_generalised_variation(scale):
    """Planes come out exact, and steps sharper than bicubic's."""
    truth = steps(32, 48)
    small, _ = degrade(truth[None, None], scale)
    start = resize(small, scale)[0, 0]
    found = refine(start, small[0, 0], scale, trust=0.0, most=2000)
    before, after = ((made - truth).square().mean().sqrt() for made in (start, found.depth))
    assert after < 0.7 * before
    plane = torch.linspace(0, 1, 24, dtype=torch.float64).expand(24, 24)
    small, _ = degrade(plane[None, None], scale)
    found = refine(torch.zeros_like(plane), small[0, 0], scale, trust=0.0, most=4000)
    assert (found.depth - plane)[6:-6, 6:-6].abs().max() < 0.01


@pytest.mark.parametrize("kind", ["bicubic", "area"])
@pytest.mark.parametrize("scale", [2, 8])
def test_a_refined_map_made_small_again_is_the_input(scale, kind):
    small = small_again(3 + 2 * steps(64, 96).numpy(), scale, kind)
    made = {}
    for name, refinement in (("plain", None), ("refined", Refinement(noise=0, degradation=kind))):
        upscaler = Upscaler.from_pretrained(scale=scale, device="cpu", refinement=refinement)
        made[name] = small_again(upscaler(DepthMap(small)).values, scale, kind) - small
    assert np.abs(made["refined"]).max() < 1e-3 * np.ptp(small)
    assert np.abs(made["refined"]).max() < 0.5 * np.abs(made["plain"]).max()


def test_with_noise_the_input_is_missed_by_no_more_than_six_deviations(rng):
    small = small_again(3 + 2 * steps(128, 128).numpy(), 4)
    noisy = small + 0.02 * rng.normal(size=small.shape)
    upscaler = Upscaler.from_pretrained(scale=4, device="cpu", refinement=Refinement(noise=0.02))
    missed = small_again(upscaler(DepthMap(noisy)).values, 4) - noisy
    assert 0.03 < np.abs(missed).max() < 0.121
    assert Refinement().noise_of(DepthMap(noisy)) == pytest.approx(0.02, rel=0.3)
    assert Refinement().noise_of(DepthMap(noisy[:2])) == 0


def wobbling(truth: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """What a network leaves: the truth's edges, and surfaces that waver over some pixels."""
    waves = ndimage.gaussian_filter(rng.normal(size=truth.shape), 2, mode="reflect")
    return truth + torch.from_numpy(0.004 * waves / waves.std())


def test_under_noise_surfaces_are_made_even_and_edges_stay(rng):
    truth = steps(192, 192)
    small, _ = degrade(truth[None, None], 2)
    noisy = small[0, 0] + 0.05 * torch.from_numpy(rng.normal(size=(96, 96)))
    answer = wobbling(truth, rng)
    made = refine(answer, noisy, 2, noise=0.05).depth
    before, after = ((x - truth).abs() for x in (answer, made))
    assert after.square().mean() < 0.6 * before.square().mean()
    beside = torch.from_numpy(
        ndimage.binary_dilation((truth.diff(dim=1, append=truth[:, -1:]).abs() > 0.1).numpy())
    )
    assert (made - answer).abs()[beside].max() < 0.002


def test_noise_that_an_answer_has_kept_is_removed(rng):
    truth = torch.linspace(0, 1, 128, dtype=torch.float64).expand(128, 128)
    small, _ = degrade(truth[None, None], 2)
    noisy = small[0, 0] + 0.02 * torch.from_numpy(rng.normal(size=(64, 64)))
    answer = resize(noisy[None, None], 2)[0, 0]
    made = refine(answer, noisy, 2, noise=0.02).depth
    assert (made - truth).square().mean() < 0.5 * (answer - truth).square().mean()


def test_where_noise_is_stronger_than_elsewhere_more_is_allowed_unless_it_is_said(rng):
    truth = steps(128, 128)
    small, _ = degrade(truth[None, None], 2)
    strength = torch.full((64, 64), 0.005, dtype=torch.float64)
    strength[:, 40:] = 0.05
    noisy = small[0, 0] + strength * torch.from_numpy(rng.normal(size=(64, 64)))
    errors = {
        uniform: float((refine(truth, noisy, 2, noise=0.005, uniform=uniform).depth - truth).std())
        for uniform in (True, False)
    }
    assert errors[False] < 0.2 * errors[True]


def test_parts_are_refined_as_the_whole_is():
    small = small_again(steps(320, 320).numpy(), 2).astype(np.float32)[None, None]

    large = resize(torch.from_numpy(small), 2)

    def answers(window, *, errors=False):
        return window.scaled(2).of(large, Window(0, 320, 0, 320)).numpy()

    whole = refined_prediction(answers, small, 2, Window(0, 160, 0, 160), Refinement(), 0.0)
    for part in (Window(40, 80, 60, 110), Window(0, 50, 100, 160)):
        top, bottom, left, right = part.scaled(2)
        made = refined_prediction(answers, small, 2, part, Refinement(), 0.0)
        assert made.shape == (1, 1, bottom - top, right - left)
        assert np.abs(made - whole[..., top:bottom, left:right]).max() < 2e-3


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"noise": -1.0}, "noise is -1.0: give 0 or more"),
        ({"noise": float("nan")}, "noise is nan"),
        ({"degradation": "interval"}, "degradation is 'interval'"),
        ({"degradation": "lanczos"}, "'lanczos': allowed for refinement are"),
    ],
)
def test_what_makes_no_sense_is_refused(values, says):
    with pytest.raises(ConfigError, match=says):
        Refinement(**values)
