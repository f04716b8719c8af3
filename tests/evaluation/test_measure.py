from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from testing.evaluations import example_protocol

from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import own_ground_truth, protocol_ground_truth
from dsdmsr.evaluation.measure import PROFILE, measure_case
from dsdmsr.evaluation.methods import HighRes, LowRes
from dsdmsr.evaluation.metrics import METRICS


def test_rounding_dropping_cropping_and_the_level_that_counts(map_folder):
    seen = []

    def method(low_res: LowRes) -> HighRes:
        seen.append(low_res.values)
        pred = np.full((4, 6), 21.5)  # becomes 22
        pred[-1], pred[:, -1], pred[0, 0] = 90, 90, 90  # none of which counts
        pred[0, 1] = 300  # becomes 255
        return HighRes(pred)

    protocol = example_protocol()
    (file,) = protocol_ground_truth(protocol, map_folder)
    (case,) = cases(protocol, file, (2,))
    ((score,), preds) = measure_case(protocol, case, {"m": method}, with_ssim=True)
    assert preds["m"][0, 1] == 255
    assert seen[0].shape == (2, 3)
    assert seen[0][1, 1] == 20
    counted = 3 * 5 - 1
    unknown = {"coverage", "ause", "normal_error"}  # it expects no errors, and has no camera
    assert score.metrics.keys() == set(METRICS) - unknown
    assert score.metrics["mae"] == pytest.approx((2 * (counted - 1) + 235) / counted)
    assert score.metrics["rmse"] == pytest.approx(np.sqrt((4 * (counted - 1) + 235**2) / counted))
    assert score.metrics["bad_pixel_rate"] == 1
    assert np.isnan(score.metrics["edge_rmse"])  # the pixel at 9 does not count
    # All of it is further from an edge than is told apart.
    assert score.profile[PROFILE] == (pytest.approx(4 * (counted - 1) + 235**2), counted)
    assert sum(count for _, count in score.profile) == counted


@pytest.mark.parametrize("degradation", ["bicubic", "area", "interval"])
def test_the_input_error_is_measured_on_the_degraded_prediction(tmp_path, degradation):
    truth = np.random.default_rng(3).uniform(1, 9, (12, 16))
    truth[:5, :6] = 0  # unknown: one small pixel has nothing to be made from
    np.save(tmp_path / "m.npy", truth)
    protocol = example_protocol(degradation=degradation)
    (file,) = own_ground_truth([tmp_path / "m.npy"], "metres")
    (case,) = cases(protocol, file, (4,))
    offsets = np.where(case.valid, 0.25, 90)
    methods = {
        "exact": lambda _: HighRes(case.target),
        "off": lambda _: HighRes(case.target + offsets),
    }
    exact, off = measure_case(protocol, case, methods).measurements
    assert exact.metrics["input_rmse"] == pytest.approx(0, abs=1e-9)
    assert off.metrics["input_rmse"] == pytest.approx(0.25)


@pytest.mark.parametrize(("noise", "covered"), [(None, 0.75), ("gaussian", 1.0)])
def test_noisy_maps_are_allowed_more_of_the_errors_that_are_expected(map_folder, noise, covered):
    def sure(_: LowRes) -> HighRes:
        # A quarter of the pixels is off by 1.8 times what is expected, the others by as much.
        off = np.where(np.arange(6) % 2 & (np.arange(4) % 2)[:, None], 1.8, 1.0)
        return HighRes(case.target + off, np.ones((4, 6)))

    protocol = example_protocol(noise=noise, noise_parameter=5.0, rounded=False, dropped=0)
    (file,) = protocol_ground_truth(protocol, map_folder)
    (case,) = cases(protocol, file, (2,))
    case = dataclasses.replace(case, counted=np.ones((4, 6), dtype=bool))
    (score,) = measure_case(protocol, case, {"sure": sure}).measurements
    assert score.metrics["coverage"] == pytest.approx(covered)
