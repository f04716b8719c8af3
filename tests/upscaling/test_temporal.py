from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap, TemporalFilter
from dsdmsr.errors import DepthError

HEIGHT, WIDTH, FRAMES, ERROR = 60, 80, 8, 0.004


def slope() -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return 1 + 0.01 * columns + 0.005 * rows


def steadied(
    frames: list[np.ndarray], errors: np.ndarray | float = ERROR, *, noisy: bool = False
) -> list[np.ndarray]:
    steady = TemporalFilter()
    expected = np.broadcast_to(np.float32(errors), frames[0].shape)
    return [steady(DepthMap(frame, error=expected), noisy=noisy).values for frame in frames]


def flickering(rng: np.random.Generator, surfaces: list[np.ndarray]) -> list[np.ndarray]:
    return [surface + ERROR * rng.normal(size=surface.shape) for surface in surfaces]


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("speed", [0.0, 0.003])
def test_surfaces_hold_still_and_move_without_a_drag(rng, speed, noisy):
    targets = [slope() + speed * k for k in range(FRAMES)]
    frames = flickering(rng, targets)
    filtered = steadied(frames, noisy=noisy)
    np.testing.assert_allclose(filtered[0], frames[0], rtol=1e-6)
    rmse = [
        np.sqrt(np.mean((np.array(x[3:]) - np.array(targets[3:])) ** 2)) for x in (frames, filtered)
    ]
    assert rmse[1] < 0.8 * rmse[0]
    missed = [np.array(x) - np.array(targets) for x in (frames, filtered)]
    changes = [np.abs(np.diff(x, axis=0)).mean() for x in missed]
    assert changes[1] < 0.7 * changes[0]
    assert abs(np.mean(filtered[-1] - targets[-1])) < 0.1 * ERROR


def test_frames_stay_where_errors_are_expected_near_edges(rng):
    frames = flickering(rng, [slope()] * FRAMES)
    errors = np.full((HEIGHT, WIDTH), ERROR)
    errors[:, 40] = 0.1
    filtered = steadied(frames, errors)
    near = slice(37, 44)
    np.testing.assert_allclose(filtered[-1][:, near], frames[-1][:, near], rtol=1e-6)
    assert not np.allclose(filtered[-1][:, :37], frames[-1][:, :37], rtol=1e-6)


def test_what_errors_do_not_explain_is_a_change(rng):
    frames = flickering(rng, [slope()] * FRAMES)
    frames[-1][20:40, 20:40] += 10 * ERROR
    filtered = steadied(frames)
    np.testing.assert_allclose(filtered[-1][20:40, 20:40], frames[-1][20:40, 20:40], rtol=1e-6)
    assert not np.allclose(filtered[-1][:20], frames[-1][:20], rtol=1e-6)


def test_holes_stay_holes_and_come_and_go(rng):
    steady = TemporalFilter()
    frames = flickering(rng, [slope()] * 3)
    errors = np.full((HEIGHT, WIDTH), ERROR, np.float32)
    whole = np.ones((HEIGHT, WIDTH), dtype=bool)
    torn = whole.copy()
    torn[10:20, 10:20] = False
    filtered = [
        steady(DepthMap(frame, valid, error=errors))
        for frame, valid in zip(frames, (whole, torn, whole), strict=True)
    ]
    for depth, valid in zip(filtered, (whole, torn, whole), strict=True):
        np.testing.assert_array_equal(depth.valid, valid)
        assert np.isfinite(depth.values[valid]).all()
    np.testing.assert_allclose(filtered[2].values[torn == 0], frames[2][torn == 0], rtol=1e-6)


def test_another_size_begins_anew_and_maps_keep_what_they_are(rng):
    steady = TemporalFilter()
    errors = np.full((HEIGHT, WIDTH), ERROR, np.float32)
    steady(DepthMap(slope(), kind="disparity", unit="px", error=errors))
    cropped = DepthMap(slope()[:30], kind="disparity", unit="px", error=errors[:30])
    filtered = steady(cropped)
    np.testing.assert_allclose(filtered.values, cropped.values)
    np.testing.assert_array_equal(filtered.error, cropped.error)
    assert (filtered.kind, filtered.unit) == ("disparity", "px")
    nothing = np.zeros((30, WIDTH), dtype=bool)
    assert not steady(DepthMap(np.ones((30, WIDTH)), nothing, error=errors[:30])).valid.any()


def test_a_map_without_its_expected_error_is_refused():
    with pytest.raises(DepthError, match="upscaled with errors=True"):
        TemporalFilter()(DepthMap(slope()))
