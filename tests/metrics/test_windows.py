from __future__ import annotations

import numpy as np
import pytest
import torch

from dsdmsr.metrics.windows import window_extreme


@pytest.mark.parametrize("shape", [(9, 11), (3, 9, 11), (2, 1, 9, 11), (2, 1, 1, 1)])
@pytest.mark.parametrize("radius", [1, 2, 4])
def test_extremes_are_those_of_each_pixels_window(rng, shape, radius):
    values = rng.uniform(-5, 5, shape)
    least = window_extreme(torch.from_numpy(values), radius, "min").numpy()
    most = window_extreme(torch.from_numpy(values), radius, "max").numpy()
    for i in range(shape[-2]):
        for j in range(shape[-1]):
            top, left = max(i - radius, 0), max(j - radius, 0)
            window = values[..., top : i + radius + 1, left : j + radius + 1]
            np.testing.assert_array_equal(least[..., i, j], window.min((-2, -1)))
            np.testing.assert_array_equal(most[..., i, j], window.max((-2, -1)))


def test_infinite_values_do_not_count():
    values = torch.tensor([[1.0, torch.inf, 3.0]])
    assert window_extreme(values, 1, "min").tolist() == [[1, 1, 3]]
