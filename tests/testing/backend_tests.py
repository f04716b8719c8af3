"""What every backend must do: a class of tests that those of each backend inherit."""

from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.scales import SCALES
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.window import Window

HEIGHT, WIDTH = 26, 33


class BackendTests:
    """Tests of a backend, which subclasses give as the fixture `backend`.

    Its network must serve ×2 and ×4.
    """

    tolerance = 1e-5
    """Of the range 0…1, what the order of sums may change."""

    @pytest.fixture
    def backend(self) -> Backend:
        raise NotImplementedError("give the backend")

    @pytest.fixture
    def lr_depth(self, rng) -> np.ndarray:
        blocks = rng.random((1, 1, 9, 11)).repeat(3, 2).repeat(3, 3)
        return blocks[..., :HEIGHT, :WIDTH].astype(np.float32)

    def predict(
        self, backend: Backend, lr_depth: np.ndarray, scale: int, window: Window
    ) -> np.ndarray:
        return backend.predictor(lr_depth, scale, window)(window)

    def test_it_says_what_it_serves(self, backend):
        assert set(backend.scales) <= set(SCALES)
        assert {2, 4} <= set(backend.scales)
        assert backend.border >= 0
        assert isinstance(backend.symmetric, bool)
        assert isinstance(backend.predicts_error, bool)
        for scale in backend.scales:
            assert scale <= backend.largest_scale(scale) <= 2 * max(SCALES)

    @pytest.mark.parametrize("scale", [2, 4])
    @pytest.mark.parametrize("batch", [1, 2])
    def test_predictions_are_float32_and_as_much_larger(self, backend, lr_depth, scale, batch):
        maps = np.concatenate([lr_depth] * batch)
        pred = self.predict(backend, maps, scale, Window(3, 9, 0, WIDTH))
        assert pred.shape == (batch, 1, 6 * scale, WIDTH * scale)
        assert pred.dtype == np.float32
        np.testing.assert_allclose(pred[:1], pred[-1:], atol=self.tolerance)

    @pytest.mark.parametrize("scale", [2, 4])
    def test_a_tile_is_as_the_whole_has_it_whatever_its_block(self, backend, lr_depth, scale):
        everything = Window(0, HEIGHT, 0, WIDTH)
        predict = backend.predictor(lr_depth, scale, everything)
        whole = predict(everything)
        for tile in (Window(0, 7, 0, 5), Window(11, 14, 20, WIDTH), Window(9, 10, 9, 10)):
            expected = tile.scaled(scale).of(whole, everything.scaled(scale))
            atol = self.tolerance * max(1, np.abs(whole).max())
            for pred in (predict(tile), self.predict(backend, lr_depth, scale, tile)):
                np.testing.assert_allclose(pred, expected, atol=atol)
            if tile != everything:
                larger = tile.grown(3, HEIGHT, WIDTH)
                pred = backend.predictor(lr_depth, scale, larger)(tile)
                np.testing.assert_allclose(pred, expected, atol=atol)

    def test_the_input_is_left_as_it_is(self, backend, lr_depth):
        before = lr_depth.copy()
        self.predict(backend, lr_depth, 2, Window(0, HEIGHT, 0, WIDTH))
        np.testing.assert_array_equal(lr_depth, before)

    def test_expected_errors_are_a_second_channel_and_change_no_prediction(self, backend, lr_depth):
        window = Window(2, 12, 3, 15)
        predict = backend.predictor(lr_depth, 4, window)
        plain, both = predict(window), predict(window, errors=True)
        assert both.shape == (1, 1 + backend.predicts_error, 40, 48)
        np.testing.assert_allclose(both[:, :1], plain, atol=self.tolerance)
        if backend.predicts_error:
            assert (both[:, 1] >= 0).all()
            assert np.isfinite(both).all()

    def test_a_symmetric_backend_predicts_the_rotated_map_of_a_rotated_one(self, backend, lr_depth):
        if not backend.symmetric:
            pytest.skip("it isn't symmetric")
        whole = self.predict(backend, lr_depth, 2, Window(0, HEIGHT, 0, WIDTH))
        rotated = np.rot90(lr_depth, 1, (2, 3))
        pred = self.predict(backend, rotated, 2, Window(0, WIDTH, 0, HEIGHT))
        np.testing.assert_allclose(pred, np.rot90(whole, 1, (2, 3)), atol=10 * self.tolerance)
