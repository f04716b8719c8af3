from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from dsdmsr.errors import DepthError
from dsdmsr.upscaling.holes import fill_nearest


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (23, 31), (60, 45)])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 0.98, 1.0])
def test_each_pixel_gets_the_value_of_a_nearest_valid_one(rng, shape, share):
    valid = rng.random(shape) >= share
    valid.flat[rng.integers(valid.size)] = True
    values = rng.normal(size=shape)
    filled = fill_nearest(np.where(valid, values, np.nan), valid)
    distance = distance_transform_edt(~valid)
    np.testing.assert_array_equal(filled[valid], values[valid])
    where = {v: np.argwhere(values == v)[0] for v in values[valid]}
    for index in np.argwhere(~valid):
        source = where[filled[tuple(index)]]
        assert valid[tuple(source)]
        assert np.hypot(*(source - index)) == pytest.approx(distance[tuple(index)])


def test_nothing_to_go_by():
    with pytest.raises(DepthError, match="no pixel of the map is valid"):
        fill_nearest(np.ones((3, 3)), np.zeros((3, 3), bool))
