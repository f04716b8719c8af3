"""Metrics against their definitions in plain NumPy float64, pixel by pixel."""

from __future__ import annotations

import math
import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed, multiprocessing

from dsdmsr import metrics
from dsdmsr.errors import DepthError

STEP, THRESHOLD, RANGE = 0.8, 0.5, 3.0


def by_definition(pred: np.ndarray, target: np.ndarray, valid: np.ndarray) -> dict[str, float]:
    """Every metric over maps b×h×w, as the docstrings say it."""
    b, h, w = target.shape
    edges = np.zeros_like(valid)
    for k, i, j in np.ndindex(b, h, w):
        for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            y, x = i + di, j + dj
            if 0 <= y < h and 0 <= x < w and valid[k, i, j] and valid[k, y, x]:
                edges[k, i, j] |= abs(target[k, i, j] - target[k, y, x]) > STEP
    errors, near, flying, alike = [], [], [], []
    gauss = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    gauss = np.outer(gauss, gauss) / gauss.sum() ** 2
    for k, i, j in np.ndindex(b, h, w):
        if valid[k, i, j]:
            error = pred[k, i, j] - target[k, i, j]
            errors.append(error)
            window = np.s_[k, max(0, i - 4) : i + 5, max(0, j - 4) : j + 5]
            if edges[window].any():
                near.append(error)
                truths = target[window][valid[window]]
                value, jump = pred[k, i, j], np.ptp(truths)
                inside = truths.min() < value < truths.max()
                flying.append(inside and np.abs(truths - value).min() > 0.2 * jump)
        if 5 <= i < h - 5 and 5 <= j < w - 5:
            window = np.s_[k, i - 5 : i + 6, j - 5 : j + 6]
            if valid[window].all():
                x, y = pred[window], target[window]
                mx, my = (gauss * x).sum(), (gauss * y).sum()
                vx, vy = (gauss * (x - mx) ** 2).sum(), (gauss * (y - my) ** 2).sum()
                cov = (gauss * (x - mx) * (y - my)).sum()
                c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
                light = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
                alike.append(light * (2 * cov + c2) / (vx + vy + c2))
    e, n = np.array(errors), np.array(near)
    return {
        "rmse": np.sqrt(np.mean(e**2)),
        "mae": np.mean(np.abs(e)),
        "bad_pixel_rate": np.mean(np.abs(e) > THRESHOLD),
        "psnr": 10 * np.log10(RANGE**2 / np.mean(e**2)),
        "edge_rmse": np.sqrt(np.mean(n**2)),
        "flying_pixel_rate": np.mean(flying),
        "ssim": np.mean(alike),
    }


FUNCTIONS = {
    "rmse": (metrics.rmse, metrics.MaskedRMSE, ()),
    "mae": (metrics.mae, metrics.MaskedMAE, ()),
    "bad_pixel_rate": (metrics.bad_pixel_rate, metrics.MaskedBadPixelRate, (THRESHOLD,)),
    "psnr": (metrics.psnr, metrics.MaskedPSNR, (RANGE,)),
    "edge_rmse": (metrics.edge_rmse, metrics.EdgeRMSE, (STEP,)),
    "flying_pixel_rate": (metrics.flying_pixel_rate, metrics.FlyingPixelRate, (STEP,)),
    "ssim": (metrics.ssim, metrics.MaskedSSIM, (RANGE,)),
}


def made_maps(rng: np.random.Generator, count: int = 6) -> tuple[np.ndarray, ...]:
    """Smooth maps with a step, random holes, and predictions that are blurred and noisy."""
    y, x = np.mgrid[0:22, 0:25]
    target = np.stack([0.02 * x + (x + k * y > 20 + 3 * k) for k in range(count)]).astype(float)
    pred = (target + np.roll(target, 2, -1) + np.roll(target, -3, -2)) / 3
    pred += rng.normal(0, 0.05, pred.shape)
    valid = rng.random(target.shape) > 0.01
    valid[0, :9, :9] = False
    return pred, target, valid


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    return [torch.from_numpy(x)[:, None] for x in arrays]


def test_every_metric_is_its_definition_whatever_stands_under_invalid_pixels(rng):
    pred, target, valid = made_maps(rng)
    expected = by_definition(pred, target, valid)
    assert 0.05 < expected["flying_pixel_rate"] < 0.95
    pred[~valid], target[~valid] = np.nan, 1e30
    for name, (function, _, numbers) in FUNCTIONS.items():
        made = float(function(*tensors(pred, target, valid), *numbers))
        assert made == pytest.approx(expected[name], rel=1e-9), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_batches_of_any_size_give_the_figure_of_the_whole(rng, name):
    function, metric, numbers = FUNCTIONS[name]
    maps = tensors(*made_maps(rng))
    whole = float(function(*maps, *numbers))
    for cut in (1, 4, 5):
        state = metric(*numbers)
        state.update(*(x[:cut] for x in maps))
        state.update(*(x[cut:] for x in maps))
        assert float(state.compute()) == pytest.approx(whole, rel=1e-9)


def _one_of_two(rank: int, folder: Path) -> None:
    distributed.init_process_group(
        "gloo", f"file://{folder}/meet", timedelta(seconds=60), rank=rank, world_size=2
    )
    maps = tensors(*made_maps(np.random.default_rng(0)))
    mine = slice(0, 2) if rank == 0 else slice(2, None)
    made = {}
    for name, (_, metric, numbers) in FUNCTIONS.items():
        state = metric(*numbers)
        state.update(*(x[mine] for x in maps))
        made[name] = float(state.compute())
    torch.save(made, folder / f"{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_give_the_figure_of_the_whole(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "GLOO_SOCKET_IFNAME", "lo")
    # This process is the first of them.
    other = multiprocessing.get_context("spawn").Process(target=_one_of_two, args=(1, tmp_path))
    other.start()
    _one_of_two(0, tmp_path)
    other.join()
    assert other.exitcode == 0
    maps = tensors(*made_maps(np.random.default_rng(0)))
    for rank in range(2):
        made = torch.load(tmp_path / f"{rank}.pt")
        for name, (function, _, numbers) in FUNCTIONS.items():
            assert made[name] == pytest.approx(float(function(*maps, *numbers)), rel=1e-6)


def test_where_nothing_counts_the_figure_is_nan_and_bad_input_an_error():
    flat = torch.zeros(1, 1, 12, 12)
    nothing = torch.zeros(1, 1, 12, 12, dtype=torch.bool)
    for name, (function, metric, numbers) in FUNCTIONS.items():
        assert math.isnan(function(flat, flat, nothing, *numbers)), name
        state = metric(*numbers)
        state.update(flat, flat, nothing)
        assert math.isnan(state.compute()), name
        with pytest.raises(DepthError, match="differ in shape"):
            function(flat, flat[..., :-1], nothing, *numbers)
        for wrong in (0.0, -1.0, math.nan):
            if numbers:
                with pytest.raises(DepthError, match="give a positive number"):
                    function(flat, flat, nothing, wrong)
                with pytest.raises(DepthError, match="give a positive number"):
                    metric(wrong)
    # It says which number.
    named = {
        "level": lambda wrong: metrics.roughness(flat, flat, nothing, wrong, 1),
        "step": lambda wrong: metrics.edge_rmse(flat, flat, nothing, wrong),
        "threshold": lambda wrong: metrics.bad_pixel_rate(flat, flat, nothing, wrong),
        "data_range": lambda wrong: (
            metrics.psnr(flat, flat, nothing, wrong),
            metrics.ssim(flat, flat, nothing, wrong),
        ),
    }
    for name, function in named.items():
        with pytest.raises(DepthError, match=f"^{name} is -2.0: give a positive number"):
            function(-2.0)
    with pytest.raises(DepthError, match=r"^data_range is -2\.0"):
        metrics.ssim(flat, flat, nothing, -2.0)
    with pytest.raises(DepthError, match=r"^data_range is -2\.0"):
        metrics.MaskedPSNR(-2.0)
    # A flat truth has no edge; a map below 11×11 has no window.
    everywhere = ~nothing
    assert math.isnan(metrics.edge_rmse(flat, flat, everywhere, 1))
    assert math.isnan(metrics.flying_pixel_rate(flat, flat, everywhere, 1))
    small = flat[..., :10]
    assert math.isnan(metrics.ssim(small, small, everywhere[..., :10], 1))


def step_map(width: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Background at 0, foreground at 10 from the middle on."""
    target = torch.zeros(1, 1, 20, width, dtype=torch.float64)
    target[..., width // 2 :] = 10
    return target, torch.ones_like(target, dtype=torch.bool)


def test_distance_from_a_straight_edge():
    target, valid = step_map()
    distance = metrics.edge_distance(target, valid, 5, 6)[0, 0, 3].tolist()
    assert distance[12:28] == [6, 6, 5, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 6]
    assert metrics.edge_distance(target, valid, 10, 6).min() == 6
    # An unknown column on the edge hides it.
    valid[..., 20] = False
    assert metrics.edge_distance(target, valid, 5, 6).min() == 6


@pytest.mark.parametrize("shift", [-4, -1, 0, 3, 4])
def test_an_edge_that_is_sharp_but_off_has_no_flying_pixels(shift):
    target, valid = step_map()
    assert metrics.flying_pixel_rate(torch.roll(target, shift, -1), target, valid, 5) == 0


def test_a_ramp_between_two_surfaces_flies_but_for_its_ends():
    target, valid = step_map()
    pred = target.clone()
    pred[..., 18:22] = torch.tensor([1.9, 4.0, 6.0, 8.1], dtype=torch.float64)
    # 10 columns are near the edge; two of the ramp's four values are on neither surface.
    assert metrics.flying_pixel_rate(pred, target, valid, 5) == pytest.approx(2 / 10)
    # Overshoot lies beside the surfaces, not between them.
    pred[..., 18:22] = torch.tensor([-3.0, -3, 13, 13], dtype=torch.float64)
    assert metrics.flying_pixel_rate(pred, target, valid, 5) == 0


def test_a_slanted_surface_between_two_others_is_a_surface():
    target, valid = step_map()
    target[..., :20] = torch.linspace(0, 9, 20, dtype=torch.float64)
    target[..., 20:] = 20
    shifted = target.clone()
    shifted[..., :20] -= 0.4
    assert metrics.flying_pixel_rate(shifted, target, valid, 5) == 0
    blurred = shifted.clone()
    blurred[..., 20] = 14.5
    assert metrics.flying_pixel_rate(blurred, target, valid, 5) == pytest.approx(1 / 10)


def test_planes_are_not_rough_and_grain_is():
    rows, columns = (
        x.double() for x in torch.meshgrid(torch.arange(40), torch.arange(80), indexing="ij")
    )
    target = (0.3 * rows + 0.7 * columns)[None, None]
    target[..., 40:] += 200
    valid = torch.ones_like(target, dtype=torch.bool)
    measured = partial(metrics.roughness, target=target, valid=valid, level=1, step=4)
    assert measured(target) == pytest.approx(0, abs=1e-12)
    assert measured(7 - 3 * target) == pytest.approx(0, abs=1e-12)
    grain = (-1.0) ** (rows + columns)
    # The mean over 3×3 pixels of a chessboard is a ninth of its middle.
    assert measured(target + 0.9 * grain) == pytest.approx(0.8, abs=1e-9)
    near = (columns - 39.5).abs() < 5
    assert measured(target + 9 * near * grain) == pytest.approx(0, abs=1e-12)
    valid[..., 20, 20] = False
    spoilt = target.clone()
    spoilt[..., 20, 20] = 1e6
    assert measured(spoilt) == pytest.approx(0, abs=1e-12)
    assert math.isnan(metrics.roughness(target, 9 * target * grain, valid, 1, 4))
    with pytest.raises(DepthError, match="give a positive number"):
        measured(target, level=0)


def test_bad_pixels_differ_by_more_than_one_if_nothing_is_said():
    target = torch.zeros(1, 1, 1, 4)
    pred = torch.tensor([[[[0.0, 1.0, 1.001, -1.5]]]])
    valid = torch.ones_like(target, dtype=torch.bool)
    assert float(metrics.bad_pixel_rate(pred, target, valid)) == 0.5
    state = metrics.MaskedBadPixelRate()
    state.update(pred, target, valid)
    assert float(state.compute()) == 0.5
