from __future__ import annotations

import numpy as np
import pytest
import torch

from dsdmsr.errors import DepthError
from dsdmsr.metrics import MaskedMAE, MaskedRMSE, mae, rmse


def test_errors_are_those_of_numpy_whatever_stands_under_invalid_pixels(rng):
    pred, target = rng.normal(size=(2, 1, 9, 7)), rng.normal(size=(2, 1, 9, 7))
    valid = rng.random((2, 1, 9, 7)) > 0.4
    error = (pred - target)[valid]
    pred[~valid], target[~valid] = np.nan, 1e30
    tensors = [torch.from_numpy(x) for x in (pred, target, valid)]
    assert float(rmse(*tensors)) == pytest.approx(np.sqrt((error**2).mean()), rel=1e-12)
    assert float(mae(*tensors)) == pytest.approx(np.abs(error).mean(), rel=1e-12)


@pytest.mark.parametrize(("metric", "function"), [(MaskedRMSE, rmse), (MaskedMAE, mae)])
def test_batches_of_any_size_give_the_figure_of_the_whole(rng, metric, function):
    pred, target = (torch.from_numpy(rng.normal(size=(10, 1, 6, 5))) for _ in range(2))
    valid = torch.from_numpy(rng.random((10, 1, 6, 5)) > 0.5)
    whole = function(pred, target, valid)
    for cut in (1, 4, 9):
        state = metric()
        state.update(pred[:cut], target[:cut], valid[:cut])
        state.update(pred[cut:], target[cut:], valid[cut:])
        torch.testing.assert_close(state.compute(), whole)


def test_no_valid_pixel_is_nan_and_other_shapes_an_error():
    nothing = torch.zeros(1, 1, 2, 2, dtype=torch.bool)
    assert torch.isnan(rmse(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), nothing))
    with pytest.raises(DepthError, match="differ in shape"):
        mae(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 3), nothing)
