from __future__ import annotations

import numpy as np
import pytest
import torch
from testing.backends import Repeating

from dsdmsr.degradation.resample import resize
from dsdmsr.errors import ConfigError
from dsdmsr.evaluation.methods import BASELINES, LowRes, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.upscaling.window import Window


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_interval_predictions_are_shifted_to_where_low_resolution_pixels_sit(scale):
    """A network that keeps slopes must hit one wherever its low-resolution pixels sit."""

    class Slopes(Repeating):
        border = 8

        def __init__(self, *_: object) -> None:
            pass

        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            top, bottom, left, right = window.scaled(scale)
            large = resize(torch.from_numpy(lr_depth), scale, "bilinear").numpy()
            return large[..., top:bottom, left:right]

    slope = np.add.outer(2.0 * np.arange(64), 3.0 * np.arange(64))
    inner = (slice(3 * scale, -4 * scale),) * 2
    for made in ("interval", "bicubic"):
        interval = made == "interval"
        at = slice(None, None, scale)
        values = slope[at, at] if interval else slope[at, at] + 5 * (scale - 1) / 2
        low_res = LowRes(values, np.ones(values.shape, bool), scale, made)
        for method in (BASELINES["bilinear"], BASELINES["bicubic"], Network(Slopes())):
            np.testing.assert_allclose(method(low_res).values[inner], slope[inner], atol=1e-3)
    nearest = BASELINES["nearest"](low_res._replace(degradation="interval")).values
    np.testing.assert_array_equal(nearest[at, at], low_res.values)


def test_unknown_methods_and_missing_opencv_are_named(monkeypatch):
    with pytest.raises(
        ConfigError, match="allowed are nearest, bilinear, bicubic, lanczos, tgv, rol"
    ):
        baseline("cubic")
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(ConfigError, match="pip install opencv-contrib"):
        baseline("weighted-median")


def test_a_depth_below_zero_goes_in_as_signed_values_and_others_keep_their_kind():
    valid = np.ones((2, 2), bool)
    for kind, values, expected in (
        ("depth", [[1.0, 2.0], [0.0, 3.0]], "depth"),
        ("depth", [[1.0, 2.0], [-0.1, 3.0]], "disparity"),
        ("inverse_depth", [[1.0, 2.0], [-0.1, 3.0]], "inverse_depth"),
    ):
        low_res = LowRes(np.array(values), valid, 2, "bicubic", kind)
        assert low_res.to_depth_map().kind == expected
    hole = np.array([[True, True], [False, True]])
    low_res = LowRes(np.array([[1.0, 2.0], [-0.1, 3.0]]), hole, 2, "bicubic", "depth")
    assert low_res.to_depth_map().kind == "depth"
