from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage, optimize

from dsdmsr import DepthMap, Upscaler
from dsdmsr.degradation.degrade import degrade, downsampling_matrix
from dsdmsr.degradation.resample import resize
from dsdmsr.errors import ConfigError
from dsdmsr.upscaling import refine as refining
from dsdmsr.upscaling.operators import Downsampling
from dsdmsr.upscaling.refine import Refined, energy, refine, refined_prediction
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.window import Window


def downsampled(depth: np.ndarray, scale: int, kind: str = "bicubic") -> np.ndarray:
    result, _ = degrade(torch.from_numpy(depth.astype(np.float64))[None, None], scale, kind)
    return result[0, 0].numpy()


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
    target = steps(6, 6)
    lr_depth, _ = degrade(target[None, None], 2)
    generator = torch.Generator().manual_seed(1)
    lr_depth = lr_depth[0, 0] + noise * torch.randn(3, 3, generator=generator, dtype=torch.float64)
    pred = target + 0.05 * torch.randn(6, 6, generator=generator, dtype=torch.float64)
    monkeypatch.setattr(refining, "_MISSED_MAX", 0.0)
    monkeypatch.setattr(refining, "_CHANGE_MAX", 0.0)
    found = refine(pred, lr_depth, 2, noise=noise, trust=trust, most=most)
    trusted = moved_apart(pred, noise, trust)
    alpha = alpha_from_its_description(trusted, noise, trust)
    reduction = torch.kron(
        downsampling_matrix(6, 2, "bicubic"), downsampling_matrix(6, 2, "bicubic")
    )
    constraint = np.hstack([reduction.numpy(), np.zeros((9, 72))])
    slack = 6 * noise
    given = (trusted, alpha, trust)
    reference = optimize.minimize(
        energy_from_its_description,
        np.concatenate([pred.numpy().ravel(), np.zeros(72)]),
        args=given,
        jac=True,
        constraints=optimize.LinearConstraint(
            constraint, lr_depth.numpy().ravel() - slack, lr_depth.numpy().ravel() + slack
        ),
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-13},
    )
    assert reference.success
    x = np.concatenate([found.depth.numpy().ravel(), found.slopes.numpy().ravel()])
    expected, _ = energy_from_its_description(x, *given)
    computed = energy(found, pred, lr_depth, 2, noise=noise, trust=trust)
    assert computed == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(reference.fun, abs=1e-6)
    np.testing.assert_allclose(found.depth.numpy().ravel(), reference.x[:36], atol=1e-3)
    assert found.missed < 1e-9


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_the_energy_falls_below_that_of_the_nearest_prediction_that_agrees(scale):
    target = steps(48, 64)
    lr_depth, _ = degrade(target[None, None], scale)
    pred = resize(lr_depth, scale)[0, 0]
    part = Window(0, lr_depth.shape[2], 0, lr_depth.shape[3])
    reduction = Downsampling(pred, scale, "bicubic", part)
    whole = torch.kron(*(downsampling_matrix(n, scale, "bicubic") for n in pred.shape))
    lacking = (lr_depth[0, 0] - reduction(pred)).flatten()
    nearest = pred + (torch.linalg.pinv(whole) @ lacking).reshape(pred.shape)
    flat = torch.zeros(2, *pred.shape, dtype=torch.float64)
    solution = refine(pred, lr_depth[0, 0], scale)
    assert solution.iterations < 200
    assert solution.missed < 1e-9
    before = Refined(nearest, flat, 0, 0.0)
    assert energy(solution, pred, lr_depth[0, 0], scale) < energy(
        before, pred, lr_depth[0, 0], scale
    )


@pytest.mark.parametrize("scale", [2, 4])
def test_untrusted_predictions_are_replaced_by_total_generalised_variation(scale):
    """Planes come out exact, and steps sharper than bicubic's."""
    target = steps(32, 48)
    lr_depth, _ = degrade(target[None, None], scale)
    start = resize(lr_depth, scale)[0, 0]
    solution = refine(start, lr_depth[0, 0], scale, trust=0.0, most=2000)
    before, after = ((result - target).square().mean().sqrt() for result in (start, solution.depth))
    assert after < 0.7 * before
    plane = torch.linspace(0, 1, 24, dtype=torch.float64).expand(24, 24)
    lr_depth, _ = degrade(plane[None, None], scale)
    solution = refine(torch.zeros_like(plane), lr_depth[0, 0], scale, trust=0.0, most=4000)
    assert (solution.depth - plane)[6:-6, 6:-6].abs().max() < 0.01


@pytest.mark.parametrize("kind", ["bicubic", "area"])
@pytest.mark.parametrize("scale", [2, 8])
def test_a_refined_map_downsampled_is_the_input(scale, kind):
    lr_depth = downsampled(3 + 2 * steps(64, 96).numpy(), scale, kind)
    result = {}
    for name, refinement in (("plain", None), ("refined", Refinement(noise=0, degradation=kind))):
        upscaler = Upscaler.from_pretrained(scale=scale, device="cpu", refinement=refinement)
        result[name] = downsampled(upscaler(DepthMap(lr_depth)).values, scale, kind) - lr_depth
    assert np.abs(result["refined"]).max() < 1e-3 * np.ptp(lr_depth)
    assert np.abs(result["refined"]).max() < 0.5 * np.abs(result["plain"]).max()


def test_with_noise_the_input_is_missed_by_no_more_than_six_deviations(rng):
    lr_depth = downsampled(3 + 2 * steps(128, 128).numpy(), 4)
    noisy = lr_depth + 0.02 * rng.normal(size=lr_depth.shape)
    upscaler = Upscaler.from_pretrained(scale=4, device="cpu", refinement=Refinement(noise=0.02))
    missed = downsampled(upscaler(DepthMap(noisy)).values, 4) - noisy
    assert 0.03 < np.abs(missed).max() < 0.121
    assert Refinement().noise_of(DepthMap(noisy)) == pytest.approx(0.02, rel=0.3)
    assert Refinement().noise_of(DepthMap(noisy[:2])) == 0


def wobbling(target: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """What a network leaves: the target's edges, and surfaces that waver over some pixels."""
    waves = ndimage.gaussian_filter(rng.normal(size=target.shape), 2, mode="reflect")
    return target + torch.from_numpy(0.004 * waves / waves.std())


def test_under_noise_surfaces_become_even_and_edges_stay(rng):
    target = steps(192, 192)
    lr_depth, _ = degrade(target[None, None], 2)
    noisy = lr_depth[0, 0] + 0.05 * torch.from_numpy(rng.normal(size=(96, 96)))
    pred = wobbling(target, rng)
    result = refine(pred, noisy, 2, noise=0.05).depth
    before, after = ((x - target).abs() for x in (pred, result))
    assert after.square().mean() < 0.6 * before.square().mean()
    beside = torch.from_numpy(
        ndimage.binary_dilation((target.diff(dim=1, append=target[:, -1:]).abs() > 0.1).numpy())
    )
    assert (result - pred).abs()[beside].max() < 0.002


def test_noise_that_a_prediction_has_kept_is_removed(rng):
    target = torch.linspace(0, 1, 128, dtype=torch.float64).expand(128, 128)
    lr_depth, _ = degrade(target[None, None], 2)
    noisy = lr_depth[0, 0] + 0.02 * torch.from_numpy(rng.normal(size=(64, 64)))
    pred = resize(noisy[None, None], 2)[0, 0]
    result = refine(pred, noisy, 2, noise=0.02).depth
    assert (result - target).square().mean() < 0.5 * (pred - target).square().mean()


def test_where_noise_is_stronger_than_elsewhere_more_is_allowed_unless_it_is_said(rng):
    target = steps(128, 128)
    lr_depth, _ = degrade(target[None, None], 2)
    strength = torch.full((64, 64), 0.005, dtype=torch.float64)
    strength[:, 40:] = 0.05
    noisy = lr_depth[0, 0] + strength * torch.from_numpy(rng.normal(size=(64, 64)))
    errors = {
        uniform: float(
            (refine(target, noisy, 2, noise=0.005, uniform=uniform).depth - target).std()
        )
        for uniform in (True, False)
    }
    assert errors[False] < 0.2 * errors[True]


def test_parts_are_refined_as_the_whole_is():
    lr_depth = downsampled(steps(320, 320).numpy(), 2).astype(np.float32)[None, None]

    hr_depth = resize(torch.from_numpy(lr_depth), 2)

    def predict(window, *, errors=False):
        return window.scaled(2).of(hr_depth, Window(0, 320, 0, 320)).numpy()

    whole = refined_prediction(predict, lr_depth, 2, Window(0, 160, 0, 160), Refinement(), 0.0)
    for part in (Window(40, 80, 60, 110), Window(0, 50, 100, 160)):
        top, bottom, left, right = part.scaled(2)
        result = refined_prediction(predict, lr_depth, 2, part, Refinement(), 0.0)
        assert result.shape == (1, 1, bottom - top, right - left)
        assert np.abs(result - whole[..., top:bottom, left:right]).max() < 2e-3


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


@pytest.mark.parametrize("noise", [1e-40, 1e-60, 1e-300])
def test_noise_that_float32_cannot_divide_by_is_none(noise):
    values = np.where(np.arange(20) < 10, 1, np.ones((15, 1)) * 2).astype(np.float32)

    def refined(noise: float) -> np.ndarray:
        settings = Refinement(noise=noise)
        upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=2, refinement=settings)
        return upscaler(DepthMap(values)).values

    np.testing.assert_array_equal(refined(noise), refined(0))


@pytest.mark.parametrize("noise", [1e-7, 1e-20, 1e-29])
def test_tiny_noise_gives_finite_results(noise):
    values = np.where(np.arange(20) < 10, 1, np.ones((15, 1)) * 2).astype(np.float32)
    upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=2, refinement=Refinement(noise=noise))
    assert np.isfinite(upscaler(DepthMap(values)).values).all()
