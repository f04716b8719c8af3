from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dsdmsr.degradation.resample import resize as resize_in_torch
from dsdmsr.depth.resize import CORRECTION_RADIUS, back_project, cubic, resize, resize_matrix
from dsdmsr.nn import model

KERNELS = ["bilinear", "bicubic", "lanczos"]
SCALES = [1 / 16, 1 / 4, 1 / 3, 1 / 2, 1.5, 2, 4, 16]


def kernel_at(kernel: str, x: float) -> float:
    x = abs(x)
    if kernel == "bilinear":
        return max(0.0, 1 - x)
    if kernel == "lanczos":
        if x == 0 or x >= 3:
            return float(x == 0)
        return 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (math.pi * x) ** 2
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def pixel(size: int, place: int, scale: float, kernel: str, interval: bool) -> np.ndarray:
    """What each input pixel contributes to one output pixel, from MATLAB's description."""
    centre = place / scale if interval else (place + 0.5) / scale - 0.5
    wider = max(1.0, 1 / scale)
    weights = np.zeros(size)
    for j in range(math.floor(centre - 3 * wider) - 1, math.ceil(centre + 3 * wider) + 2):
        folded = j
        while not 0 <= folded < size:
            folded = -1 - folded if folded < 0 else 2 * size - 1 - folded
        weights[folded] += kernel_at(kernel, (centre - j) / wider)
    return weights / weights.sum()


@pytest.mark.parametrize("interval", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("scale", SCALES)
def test_each_row_weighs_pixels_by_the_kernel_around_its_place(scale, kernel, interval):
    for size in (1, 2, 5, 16):
        matrix = resize_matrix(size, scale, kernel, interval)
        assert matrix.shape == (math.ceil(size * scale), size)
        assert matrix.dtype == np.float64
        np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-12)
        for place, row in enumerate(matrix):
            np.testing.assert_allclose(row, pixel(size, place, scale, kernel, interval), atol=1e-12)


def test_a_matrix_that_is_kept_cannot_be_written_to():
    matrix = resize_matrix(5, 2)
    assert resize_matrix(5, 2) is matrix
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("scale", SCALES)
def test_it_resizes_as_torch_does(rng, scale, kernel):
    for shape in ((1, 1), (2, 7), (12, 9)):
        depth = rng.random((2, 1, *shape), dtype=np.float32)
        given = resize(depth, scale, kernel)
        expected = resize_in_torch(torch.from_numpy(depth), scale, kernel).numpy()
        assert given.dtype == np.float32
        assert given.shape == expected.shape
        np.testing.assert_allclose(given, expected, rtol=0, atol=2e-6)


def test_maps_without_leading_axes_are_resized_alike(rng):
    depth = rng.random((4, 6), dtype=np.float32)
    np.testing.assert_array_equal(resize(depth, 2), resize(depth[None, None], 2)[0, 0])


@pytest.mark.parametrize("scale", [2, 4, 8, 16])
@pytest.mark.parametrize("shape", [(1, 1), (3, 10)])
def test_predictions_are_corrected_as_the_network_does_it(rng, scale, shape):
    lr_depth = rng.random((2, 1, *shape), dtype=np.float32)
    pred = rng.random((2, 1, *(scale * side for side in shape)), dtype=np.float32)
    given = back_project(pred, lr_depth, scale)
    expected = model.back_project(torch.from_numpy(pred), torch.from_numpy(lr_depth), scale)
    assert given.dtype == np.float32
    np.testing.assert_allclose(given, expected.numpy(), rtol=0, atol=5e-6)
    assert np.abs(given - pred).max() > 0.1
    before, after = (np.abs(resize(each, 1 / scale) - lr_depth).max() for each in (pred, given))
    assert after < before


@pytest.mark.parametrize("scale", [2, 4, 16])
def test_a_correction_reaches_no_further_than_declared(scale):
    size, middle = 4 * CORRECTION_RADIUS + 1, 2 * CORRECTION_RADIUS
    pred, lr_depth = np.zeros((size * scale, size * scale), np.float32), np.zeros((size, size))
    changed = pred.copy()
    changed[middle * scale : (middle + 1) * scale, middle * scale : (middle + 1) * scale] = 1
    moved = back_project(changed, lr_depth.astype(np.float32), scale) != 0
    rows = np.flatnonzero(moved.any(1)) // scale
    assert abs(rows - middle).max() in (CORRECTION_RADIUS - 1, CORRECTION_RADIUS)


def test_resizing_is_bicubic_around_the_middle_unless_said_otherwise(rng):
    np.testing.assert_array_equal(resize_matrix(7, 2), resize_matrix(7, 2, "bicubic", False))
    depth = rng.random((4, 6), dtype=np.float32)
    np.testing.assert_array_equal(resize(depth, 2), resize(depth, 2, "bicubic"))


def test_the_cubic_kernel_by_hand():
    places = np.array([0, 0.5, 1, 1.5, 2, 2.5, 9])
    expected = [1, 9 / 16, 0, -1 / 16, 0, 0, 0]
    np.testing.assert_allclose(cubic(places), expected, atol=1e-15)
    np.testing.assert_allclose(cubic(-places), expected, atol=1e-15)
