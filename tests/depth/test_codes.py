from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from dsdmsr.depth.codes import CLEAR, USUAL, find_codes

Y, X = np.mgrid[:24, :32]
WALL = 2 + 0.01 * X + 0.005 * Y


def codes_in(numbers: np.ndarray) -> list[float]:
    usable = np.isfinite(numbers)
    return [code.number for code in find_codes(numbers, usable)]


@pytest.mark.parametrize("number", [*CLEAR, *USUAL])
@pytest.mark.parametrize("share", [0.03, 0.5])
def test_a_code_beside_a_wall_is_recognised(number, share):
    numbers = np.where(32 * share > X, number, WALL)
    assert codes_in(numbers) == [number]
    if abs(number) < 1e38:
        narrow = numbers.astype(np.float32)
        assert codes_in(narrow) == [np.float32(number)]


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(65504, np.float16), (65535, np.uint16), (65534, np.uint16), (-32768, np.int16)],
)
def test_codes_of_short_numbers(largest, dtype):
    numbers = np.where(X < 16, largest, 1000 * WALL).astype(dtype)
    assert codes_in(numbers) == [largest]


@pytest.mark.parametrize(("others", "found"), [(40_000, [65535]), (64_000, [])])
def test_a_full_number_needs_a_gap_alone(others, found):
    numbers = np.where(X < 16, 65535, others - 100 * X).astype(np.uint16)
    assert codes_in(numbers) == found


@pytest.mark.parametrize("far", [3e3, 8.5e5, 4.2e19])
def test_a_flat_background_a_thousand_times_as_far_is_a_code_of_any_value(far):
    (code,) = find_codes(np.where(X < 16, far, WALL), np.ones(X.shape, bool))
    assert (code.number, code.beyond) == (far, None)
    assert "times as large as any other" in code.meaning
    assert len(code.meaning) < 60


@pytest.mark.parametrize("power", [11, 12, 30])
def test_powers_of_ten_are_known_as_floats_of_32_bits(power):
    numbers = np.where(X < 16, 10.0**power, WALL).astype(np.float32)
    (code,) = find_codes(numbers, np.ones(X.shape, bool))
    assert code.meaning == "a power of ten"


@pytest.mark.parametrize(
    "numbers",
    [
        WALL,
        np.where(X < 16, 99.87, WALL),  # a background that is near no code
        np.where(X < 16, 1000.55, WALL),
        np.where((X == 3) & (Y == 4), 1e4, WALL),  # a single pixel
        np.where((X == 3) & (Y < 3), 1e10, WALL),
        np.where(X < 16, 1000.0, 700 + WALL),  # surfaces nearly as far
        np.where(X < 16, 65535.0, 30_000 + 1000 * X),
        np.where(X < 16, -1.0, WALL - 3),  # other negative values
        np.where(X < 16, -9999.0, -9000 + 10 * X),
        np.linspace(0, 65535, 24 * 32).reshape(24, 32),
        np.where(X < 16, 255, 3).astype(np.uint8),
        np.full((24, 32), 1000.0),
        np.zeros((24, 32)),
        1e-12 * WALL,
    ],
)
def test_what_may_be_a_surface_stays_one(numbers):
    assert codes_in(numbers) == []


def test_an_elevation_model_may_reach_far_and_have_one_code():
    numbers = np.where(X < 4, -9999.0, np.linspace(-400, 8848, 32)[X])
    assert codes_in(numbers) == [-9999]


def test_several_codes_and_their_blends():
    numbers = np.where(X < 8, 1e10, np.where(X < 12, -9999.0, WALL))
    numbers[:, 8] = 0.3e10 + 1e7 * Y[:, 8]  # antialiased
    first, second = find_codes(numbers, np.ones(X.shape, bool))
    assert (first.number, second.number) == (1e10, -9999)
    np.testing.assert_array_equal(first.matches(numbers), X < 9)
    np.testing.assert_array_equal(second.matches(numbers), (X >= 9) & (X < 12))


def test_a_map_of_nothing_but_a_code_has_it():
    assert codes_in(np.full((4, 4), 65535, np.uint16)) == [65535]
    assert codes_in(np.full((4, 4), -9999.0)) == [-9999]


def test_pixels_that_are_known_to_mean_nothing_are_not_looked_at():
    numbers = np.where(X < 16, np.nan, WALL)
    numbers[:, 20:24] = math.inf
    assert codes_in(numbers) == []
    assert find_codes(numbers, np.zeros(X.shape, bool)) == []


def test_real_maps_have_none(data_dir):
    """Of real and rendered maps of 16 bits, those alone have a code whose README declares it."""
    found = {}
    for path in sorted(data_dir.rglob("*.png")):
        with Image.open(path) as image:
            numbers = np.asarray(image)
        if numbers.ndim == 2 and numbers.dtype.itemsize > 1:
            found[path.relative_to(data_dir).parts[0], path.name] = codes_in(
                numbers.astype(np.uint16)
            )
    assert len(found) > 60
    assert {key[0] for key, codes in found.items() if codes} <= {"rendered"}
