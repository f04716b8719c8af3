from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.accuracy.sensor_scores import EDGE_STEP, Truth, root_mean, within
from dsdmsr import DepthMap
from dsdmsr.metrics.edges import edge_zone, flying_pixel_rate

HEIGHT, WIDTH = 8, 32


def wall() -> np.ndarray:
    target = np.ones((3, HEIGHT, WIDTH))
    target[..., 16:] = 2.0
    return target


def maps(values: np.ndarray, valid: np.ndarray | None = None) -> list[DepthMap]:
    known = np.ones(values.shape, dtype=bool) if valid is None else valid
    return [DepthMap(*frame, unit="m") for frame in zip(values, known, strict=True)]


def test_errors_count_where_the_sensor_and_every_method_have_a_depth():
    target, seen = wall(), np.ones((3, HEIGHT, WIDTH), dtype=bool)
    seen[:, 0] = False
    first, second, valid = target.copy(), target.copy(), seen.copy()
    first[:, :2] += 3.0
    first[:, 2] += 0.5
    second[:, 0] += 0.25
    valid[:, 0], valid[:, 1] = True, False
    scores = Truth(target, seen).scores({"first": maps(first), "second": maps(second, valid)})
    rows = HEIGHT - 2
    assert root_mean(scores["first"]["squares"]) == pytest.approx((0.25 / rows) ** 0.5)
    assert np.divide(*scores["first"]["absolute"]) == pytest.approx(0.5 / rows)
    assert root_mean(scores["second"]["squares"]) == 0
    assert root_mean(scores["first"]["filled_squares"]) == 3
    assert root_mean(scores["second"]["filled_squares"]) == 0.25
    assert np.divide(*scores["second"]["holes"]) == 1 / HEIGHT
    assert scores["first"]["holes"][0] == 0
    assert root_mean(np.zeros(2)) is None


def test_flicker_is_that_of_frames_that_both_count():
    target, seen = wall(), np.ones((3, HEIGHT, WIDTH), dtype=bool)
    pred = target.copy()
    pred[1] += 0.1
    pred[2, 0] += 5.0
    seen[2, 0] = False
    (scores,) = Truth(target, seen).scores({"one": maps(pred)}).values()
    assert np.divide(*scores["flicker"]) == pytest.approx(0.1)
    assert scores["flicker"][1] == (2 * HEIGHT - 1) * WIDTH


def test_flying_pixels_are_those_that_count_among_all_targets():
    target, seen = wall(), np.ones((3, HEIGHT, WIDTH), dtype=bool)
    pred = target.copy()
    pred[..., 15] = 1.5
    (scores,) = Truth(target, seen).scores({"one": maps(pred)}).values()
    whole = [torch.from_numpy(array[0])[None, None] for array in (pred, target, seen)]
    assert np.divide(*scores["flying"]) == pytest.approx(
        float(flying_pixel_rate(*whole, step=EDGE_STEP))
    )
    seen[..., 15] = False  # as in a shadow beside the edge: the other nine columns count
    (scores,) = Truth(target, seen).scores({"one": maps(pred)}).values()
    np.testing.assert_array_equal(scores["flying"], [0, 3 * HEIGHT * 9])
    zone = edge_zone(whole[1], whole[2], EDGE_STEP)
    none = within(zone, torch.zeros_like(whole[2]))
    assert not none.near.any()
    assert len(none.lowest) == len(none.places[0]) == 0
