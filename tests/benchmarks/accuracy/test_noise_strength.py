from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy.noise_strength import after_median
from benchmarks.common.held_out import add_noise
from dsdmsr.evaluation.methods import LowRes, baseline


def test_noise_is_as_strong_as_the_curve_says():
    values = np.where(np.arange(80) < 40, 3.0, 7.0) * np.ones((60, 1))
    low_res = LowRes(values, np.ones(values.shape, dtype=bool), 2, "bicubic")
    noisy, span = add_noise(low_res, 0.05)
    assert span == 4
    assert (noisy.values - values).std() == pytest.approx(0.2, rel=0.1)
    assert add_noise(low_res, 0.0)[0].values == pytest.approx(values)
    plain = baseline("bicubic")(noisy).values
    quiet = after_median(noisy).values
    target = values.repeat(2, 0).repeat(2, 1)
    away = np.abs(np.arange(160) - 79.5) > 12
    assert (quiet - target)[:, away].std() < 0.7 * (plain - target)[:, away].std()
