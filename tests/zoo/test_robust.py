"""What is asked of the network for noisy maps, on surfaces whose depth is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from dsdmsr import DepthMap, Upscaler
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.degrade import degrade
from dsdmsr.upscaling.auto import DegradationChoice
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

HEIGHT, WIDTH, SIGMA = 48, 64, 2.0
SCENE = np.s_[160:320, 192:400]


@pytest.fixture(scope="module", params=product((2, 4), ("unknown", "bicubic")))
def upscaler(request) -> Upscaler:
    scale, known = request.param
    return Upscaler.from_pretrained(ROBUST_MODEL, scale=scale, device="cpu", degradation=known)


def grids(scale: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return rows and columns of both resolutions' pixels, in low-resolution pixels."""
    lr = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    hr = (np.mgrid[: HEIGHT * scale, : WIDTH * scale] + 0.5) / scale - 0.5
    return (lr[0], lr[1]), (hr[0], hr[1])


def enlarged(upscaler: Upscaler, clean: np.ndarray, seed: int) -> np.ndarray:
    noisy = clean + SIGMA * np.random.default_rng(seed).normal(size=clean.shape)
    return upscaler(DepthMap(noisy, kind="disparity", unit="level")).values.astype(float)


@pytest.mark.parametrize(("down", "right"), [(0.0, 0.0), (0.2, 0.5)])
def test_planes_come_out_with_a_quarter_of_the_noise_and_no_edges(upscaler, down, right):
    scale = upscaler.size.scale
    lr, hr = grids(scale)
    for seed in range(2):
        pred = enlarged(upscaler, 100 + down * lr[0] + right * lr[1], seed)
        error = pred - (100 + down * hr[0] + right * hr[1])
        assert error.std() <= SIGMA / 4
        # At the border a slope is mirrored, and becomes a ridge that is taken for noise.
        inner = error[4 * scale : -4 * scale, 4 * scale : -4 * scale]
        assert np.abs(inner).max() < 1.5 * SIGMA
        # An edge would be a step across much of the noise, over many pixels side by side.
        means = error.reshape(HEIGHT // 4, 4 * scale, WIDTH // 4, 4 * scale).mean((1, 3))
        assert np.abs(np.diff(means, axis=0)).max() < SIGMA
        assert np.abs(np.diff(means, axis=1)).max() < SIGMA


@pytest.mark.parametrize("height", [2, 5])
def test_steps_of_two_deviations_and_more_stay_steps(upscaler, height):
    lr, hr = grids(upscaler.size.scale)
    step = height * SIGMA
    columns = hr[1][0]
    for seed in range(2):
        pred = enlarged(upscaler, 100 + step * (lr[1] >= WIDTH // 2), seed).mean(0) - 100
        sides = columns < WIDTH / 2 - 2.5, columns > WIDTH / 2 + 1.5
        low, high = (pred[side].mean() for side in sides)
        assert high - low == pytest.approx(step, rel=0.1)
        # Two low-resolution pixels to either side of the edge, all of the step is there.
        assert pred[sides[0]][-1] < 0.15 * step
        assert pred[sides[1]][0] > 0.85 * step


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """A part of a rendered scene."""
    return render_sample(100)[0].values[SCENE].astype(np.float64)


@pytest.mark.parametrize("scale", [2, 4])
def test_clean_samples_are_no_stairs(scene, scale):
    target = torch.from_numpy(scene)[None, None]
    samples, _ = degrade(target, scale, "opencv_cubic")
    lr = DepthMap(samples[0, 0].numpy(), kind="disparity")  # it may overshoot below zero

    def error(model: str, known: DegradationChoice = "unknown") -> float:
        upscaler = Upscaler.from_pretrained(model, scale=scale, device="cpu", degradation=known)
        return float(np.sqrt(np.mean((upscaler(lr).values - scene) ** 2)))

    blind = error(ROBUST_MODEL)
    assert blind < 1.2 * error(DEFAULT_MODEL)
    # For those that take the samples for means, a known degradation.
    assert error(ROBUST_MODEL, "bicubic") > 1.5 * blind
