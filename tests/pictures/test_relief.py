from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.pictures.reduce import Reduced, ReducedMap
from dsdmsr.pictures.relief import relief, slopes, steepness, towards_viewer

FLAT = np.sqrt(0.5)


def whole(values: np.ndarray, valid: np.ndarray | None = None) -> ReducedMap:
    valid = np.ones(values.shape, bool) if valid is None else valid
    return ReducedMap(values, valid, *(np.arange(n, dtype=float) for n in values.shape))


def shaded(values: np.ndarray, valid: np.ndarray | None = None) -> np.ndarray:
    return relief(slopes(whole(values, valid)), 1.0)


def plane(down: float, right: float) -> np.ndarray:
    rows, columns = np.indices((6, 8))
    return down * rows + right * columns


def test_the_relief_of_a_plane_is_even():
    for down, right in [(0, 0), (0.3, -0.2), (5, 5)]:
        bright = shaded(plane(down, right))
        np.testing.assert_allclose(bright, bright[0, 0], atol=1e-9)
    assert shaded(plane(0, 0))[2, 3] == pytest.approx(FLAT)


def test_the_light_comes_from_the_upper_left():
    # What rises to the right and downwards faces the upper left.
    lit, dark = shaded(plane(0.5, 0.5)), shaded(plane(-0.5, -0.5))
    assert lit[2, 3] > FLAT > dark[2, 3]
    assert shaded(plane(0, 0.5))[2, 3] == pytest.approx(shaded(plane(0.5, 0))[2, 3])


@pytest.mark.parametrize("size", [(4, 5), (6, 7), (2, 3)])
def test_the_relief_of_a_reduced_plane_is_even_too(size):
    reduced = Reduced((6, 8), size)
    reduced.add(plane(0.3, -0.2), np.ones((6, 8), bool))
    bright = relief(slopes(reduced.result()), 1.0)
    np.testing.assert_allclose(bright, shaded(plane(0.3, -0.2))[0, 0], atol=1e-6)


def test_nothing_is_seen_of_holes():
    values, valid = plane(0.3, 0.2), np.ones((6, 8), bool)
    valid[2, 3] = valid[:, 0] = False
    values[~valid] = 1e9
    bright = shaded(values, valid)[valid]
    np.testing.assert_allclose(bright, bright[0], atol=1e-9)


def test_a_single_pixel_is_flat():
    assert shaded(np.array([[4.0]]))[0, 0] == pytest.approx(FLAT)
    assert steepness(slopes(whole(np.array([[4.0]])))) == 1


def test_slopes_are_exaggerated_alike_in_any_unit():
    small, large = (steepness(slopes(whole(factor * plane(0.3, 0.2)))) for factor in (1, 1000))
    assert small == pytest.approx(1000 * large)


def test_what_is_near_is_high():
    signs = {kind: towards_viewer(kind) for kind in ("depth", "disparity", "height")}
    assert signs == {"depth": -1, "disparity": 1, "height": 1}
