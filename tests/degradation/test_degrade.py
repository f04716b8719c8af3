from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from dsdmsr.degradation.degrade import degrade, stage_targets
from dsdmsr.degradation.resample import resize, resize_nearest
from dsdmsr.errors import ConfigError, DepthError


def bicubic_by_loops(line: np.ndarray, scale: float) -> np.ndarray:
    """MATLAB's imresize along one axis, from its description, in plain loops."""

    def kernel(x: float) -> float:
        x = abs(x)
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x <= 2 else 0.0

    n, shrink = len(line), min(scale, 1.0)
    made = []
    for k in range(math.ceil(n * scale)):
        centre = (k + 0.5) / scale - 0.5
        total = weight_sum = 0.0
        for j in range(math.floor(centre - 2 / shrink) - 1, math.ceil(centre + 2 / shrink) + 2):
            weight = shrink * kernel(shrink * (centre - j))
            folded = j
            while not 0 <= folded < n:
                folded = -1 - folded if folded < 0 else 2 * n - 1 - folded
            total += weight * line[folded]
            weight_sum += weight
        made.append(total / weight_sum)
    return np.array(made)


@pytest.mark.parametrize("scale", [1 / 2, 1 / 4, 1 / 8, 1 / 16, 2, 4, 16])
@pytest.mark.parametrize("size", [(16, 48), (32, 16)])
def test_bicubic_is_matlabs_borders_included(rng, scale, size):
    depth = rng.uniform(0, 255, size)
    expected = np.apply_along_axis(bicubic_by_loops, 0, depth, scale)
    expected = np.apply_along_axis(bicubic_by_loops, 1, expected, scale)
    for dtype, tolerance in ((torch.float64, 1e-9), (torch.float32, 1e-4)):
        made = resize(torch.from_numpy(depth)[None, None].to(dtype), scale)
        assert made.dtype == dtype
        assert np.abs(made[0, 0].numpy() - expected).max() < tolerance


def test_maps_are_resized_in_their_own_dtype_under_autocast():
    depth = 1000 + torch.arange(64.0).reshape(1, 1, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(resize(depth, 0.5), resize(depth.double(), 0.5).float())


def test_area_and_interval_take_what_they_say(rng):
    depth = rng.uniform(0, 9, (12, 20))
    tensor = torch.from_numpy(depth)[None, None]
    area, _ = degrade(tensor, 4, "area")
    interval, _ = degrade(tensor, 4, "interval")
    for i in range(3):
        for j in range(5):
            block = depth[4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
            assert area[0, 0, i, j] == pytest.approx(block.mean())
            assert interval[0, 0, i, j] == block[0, 0]


@pytest.mark.parametrize("kind", ["bicubic", "area", "interval", "opencv_cubic", "pil_bicubic"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_invalid_pixels_are_never_mixed_in(rng, kind, share):
    valid = torch.from_numpy(rng.random((1, 1, 32, 48)) > share)
    depth = torch.from_numpy(rng.uniform(1, 2, (1, 1, 32, 48)))
    results = []
    for junk in (0.0, 1e6, float("nan")):
        results.append(degrade(torch.where(valid, depth, junk), 4, kind, valid))
    for small, small_valid in results:
        torch.testing.assert_close(small, results[0][0], rtol=0, atol=0)
        assert torch.equal(small_valid, results[0][1])
        assert bool((small[~small_valid] == 0).all())
        if kind == "area":
            assert bool(((small[small_valid] >= 1) & (small[small_valid] <= 2)).all())
    blocks = valid.unfold(2, 4, 4).unfold(3, 4, 4)
    expected = blocks[..., 0, 0] if kind == "interval" else blocks.any(-1).any(-1)
    assert torch.equal(results[0][1], expected)


def test_masked_bicubic_is_plain_bicubic_away_from_holes(rng):
    depth = torch.from_numpy(rng.uniform(1, 2, (1, 1, 64, 64)))
    valid = torch.ones_like(depth, dtype=torch.bool)
    valid[..., :3, :3] = False
    masked, _ = degrade(depth, 2, "bicubic", valid)
    plain, _ = degrade(depth, 2, "bicubic")
    far = masked[..., 4:, 4:] - plain[..., 4:, 4:]
    assert far.abs().max() < 1e-12
    known = [depth[0, 0, 2, 3], depth[0, 0, 3, 2], depth[0, 0, 3, 3]]
    assert masked[0, 0, 1, 1] == pytest.approx(sum(map(float, known)) / 3)


def test_bad_kinds_and_sizes_are_refused():
    with pytest.raises(
        ConfigError, match="allowed are bicubic, area, interval, opencv_cubic, pil_bicubic"
    ):
        degrade(torch.zeros(1, 1, 4, 4), 2, "nearest")  # type: ignore[arg-type]
    with pytest.raises(DepthError, match="multiple of 4"):
        degrade(torch.zeros(1, 1, 6, 8), 4)


@pytest.mark.parametrize("scale", [2, 4, 8, 16])
@pytest.mark.parametrize("kind", ["opencv_cubic", "pil_bicubic"])
def test_libraries_resizes_are_reproduced_borders_included(rng, scale, kind):
    depth = rng.integers(0, 256, (64, 96)).astype(np.float32)
    small, _ = degrade(torch.from_numpy(depth)[None, None], scale, kind)
    size = (96 // scale, 64 // scale)
    if kind == "pil_bicubic":
        expected = np.asarray(Image.fromarray(depth).resize(size, Image.Resampling.BICUBIC))
    else:
        expected = cv2.resize(depth, size, interpolation=cv2.INTER_CUBIC)
    np.testing.assert_allclose(small[0, 0].numpy(), expected, atol=2e-3)


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("scale", [2, 4, 8])
def test_resizes_by_every_kernel_keep_to_the_small_pixels_places(rng, kernel, scale):
    small = torch.from_numpy(rng.uniform(0, 9, (1, 1, 12, 14)))
    on_grid = resize(small, scale, kernel, interval=True)
    torch.testing.assert_close(on_grid[..., ::scale, ::scale], small, rtol=0, atol=1e-12)
    # A straight slope stays one, at the places where the small pixels are.
    slope = torch.arange(12.0, dtype=torch.float64).reshape(1, 1, 1, 12).expand(1, 1, 4, 12)
    inner = slice(4 * scale, -4 * scale)
    places = torch.arange(12 * scale, dtype=torch.float64)[inner]
    for interval, expected in ((True, places / scale), (False, (places + 0.5) / scale - 0.5)):
        made = resize(slope, scale, kernel, interval=interval)[0, 0, 2 * scale, inner]
        # Three lobes of a windowed sinc do not reproduce a slope exactly.
        torch.testing.assert_close(
            made, expected, atol=0.02 if kernel == "lanczos" else 1e-9, rtol=0
        )


def test_bilinear_and_lanczos_are_those_of_other_libraries_away_from_the_border(rng):
    depth = rng.uniform(0, 9, (12, 14)).astype(np.float32)
    tensor = torch.from_numpy(depth)[None, None]
    inner = (slice(16, -16), slice(16, -16))
    for kernel, theirs in (
        ("bilinear", Image.Resampling.BILINEAR),
        ("lanczos", Image.Resampling.LANCZOS),
    ):
        expected = np.asarray(Image.fromarray(depth).resize((56, 48), theirs))
        np.testing.assert_allclose(
            resize(tensor, 4, kernel)[0, 0].numpy()[inner], expected[inner], atol=1e-4
        )


@pytest.mark.parametrize("scale", [2, 4, 16])
def test_nearest_is_nearest(rng, scale):
    small = torch.from_numpy(rng.uniform(0, 9, (1, 1, 3, 5)))
    for interval in (False, True):
        made = resize_nearest(small, scale, interval=interval)
        for place in range(5 * scale):
            at = place / scale if interval else (place + 0.5) / scale - 0.5
            nearest = min(range(5), key=lambda j: (round(abs(j - at), 9), -j))
            assert made[0, 0, 0, place] == small[0, 0, 0, nearest]


@pytest.mark.parametrize(
    ("kind", "smooth"),
    [
        ("bicubic", "bicubic"),
        ("area", "area"),
        ("interval", "interval"),
        ("opencv_cubic", "bicubic"),
        ("pil_bicubic", "bicubic"),
    ],
)
@pytest.mark.parametrize("scale", [2, 4, 16])
def test_stages_learn_from_antialiased_maps_where_the_input_has_its_pixels(
    rng, kind, smooth, scale
):
    hr_depth = torch.from_numpy(rng.uniform(1, 5, (2, 1, 32, 48)))
    valid = torch.from_numpy(rng.random(hr_depth.shape) < 0.9)
    targets = stage_targets(hr_depth, valid, scale, kind)
    factors = {2: [1], 4: [2, 1], 16: [8, 4, 2, 1]}[scale]
    assert len(targets) == len(factors)
    for (target, known), factor in zip(targets, factors, strict=True):
        expected = degrade(hr_depth, factor, smooth, valid) if factor > 1 else (hr_depth, valid)
        assert torch.equal(target, expected[0])
        assert torch.equal(known, expected[1])
