from __future__ import annotations

import numpy as np
import pytest
from testing.backends import Repeating

from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.ensemble import SelfEnsemble, ensemble_of
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.window import Window


class Numbered(Repeating):
    """A backend whose k-th prediction repeats pixels, and adds k."""

    border = 2

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def predict(
        self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
    ) -> np.ndarray:
        self.seen.append(np.array(lr_depth))
        return super().predict(lr_depth, scale, window) + len(self.seen)


def test_it_is_the_mean_of_eight_different_views_turned_back(rng):
    backend = Numbered()
    lr_depth = rng.random((2, 1, 3, 5)).astype(np.float32)
    pred = SelfEnsemble(backend).predictor(lr_depth, 2, Window(0, 3, 0, 5))(Window(1, 3, 2, 5))
    assert pred.dtype == np.float32
    part = lr_depth[..., 1:3, 2:5]
    np.testing.assert_allclose(pred, part.repeat(2, 2).repeat(2, 3) + 4.5, rtol=1e-6)
    assert len({view.tobytes() + bytes(view.shape) for view in backend.seen}) == 8


def test_rotating_the_map_rotates_the_prediction(tiny_model, rng):
    plain = Upscaler(TorchBackend(tiny_model, "cpu"), scale=4)
    upscaler = Upscaler(SelfEnsemble(plain.backend), scale=4)
    values = rng.uniform(1, 2, (9, 7))
    for change in (np.rot90, np.fliplr, np.transpose):
        turned = upscaler(DepthMap(np.ascontiguousarray(change(values)))).values
        np.testing.assert_allclose(turned, change(upscaler(DepthMap(values)).values), atol=1e-6)
    turned = plain(DepthMap(np.rot90(values).copy())).values
    assert np.abs(turned - np.rot90(plain(DepthMap(values)).values)).max() > 1e-5


def test_one_is_the_backend_itself_and_other_numbers_are_refused():
    backend = Numbered()
    assert ensemble_of(backend, 1) is backend
    assert ensemble_of(backend, 8).border == 2
    assert ensemble_of(backend, 8).symmetric
    assert ensemble_of(ensemble_of(backend, 8), 8).backend is backend
    with pytest.raises(ConfigError, match="ensemble is 4: allowed are 1"):
        ensemble_of(backend, 4)
