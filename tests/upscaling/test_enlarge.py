from __future__ import annotations

import numpy as np
import pytest
from testing.backends import Recorder

from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import ModelError
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.window import Window


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.mark.parametrize("scale", [2, 4, 8, 16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (5, 3)])
def test_the_network_sees_the_map_normalised_and_mirrored(recorder, rng, scale, shape):
    values = rng.uniform(5, 9, shape)
    result = Upscaler(recorder, scale=scale)(DepthMap(values))
    np.testing.assert_allclose(result.values, values.repeat(scale, 0).repeat(scale, 1), rtol=1e-6)
    if values.size == 1:
        return
    (seen,) = recorder.seen
    single = values.astype(np.float32).astype(float)
    expected = (single - single.min()) / (single.max() - single.min())
    assert seen.shape == (1, 1, shape[0] + 6, shape[1] + 6)
    assert seen.dtype == np.float32
    for i in range(-3, shape[0] + 3):
        for j in range(-3, shape[1] + 3):
            # The edge pixel is repeated: … 2 1 0 | 0 1 2 …
            row = [*range(shape[0]), *reversed(range(shape[0]))][i % (2 * shape[0])]
            column = [*range(shape[1]), *reversed(range(shape[1]))][j % (2 * shape[1])]
            assert seen[0, 0, i + 3, j + 3] == pytest.approx(expected[row, column], abs=1e-6)


def test_the_border_is_treated_as_a_mirror(tiny_model, rng):
    """A map mirrored by hand comes out, in its middle, as the map alone does."""
    upscaler = Upscaler(TorchBackend(tiny_model, "cpu"), scale=2)
    values = rng.uniform(1, 2, (24, 20))
    alone = upscaler(DepthMap(values)).values
    mirrored = upscaler(DepthMap(np.pad(values, 12, mode="symmetric"))).values[24:-24, 24:-24]
    reach = max(0, tiny_model.receptive_radius(2) - tiny_model.config.border)
    inner = slice(2 * reach, -2 * reach or None)
    np.testing.assert_allclose(alone[inner, inner], mirrored[inner, inner], atol=1e-5)
    assert reach < 5


@pytest.mark.parametrize("scale", [2, 8])
@pytest.mark.parametrize("ensemble", [1, 8])
def test_tiles_do_not_show(tiny_model, rng, scale, ensemble):
    valid = rng.random((23, 31)) > 0.2
    depth = DepthMap(rng.uniform(1, 2, (23, 31)), valid)
    backend = ensemble_of(TorchBackend(tiny_model, "cpu"), ensemble)
    whole = Upscaler(backend, scale=scale)(depth)
    for tile in (1, 7, 16):
        if tile == 1 and ensemble == 8:
            continue
        shares: list[float] = []
        parts = Upscaler(backend, scale=scale, tile=tile)(depth, progress=shares.append)
        np.testing.assert_allclose(parts.values, whole.values, rtol=1e-5)
        np.testing.assert_array_equal(parts.valid, whole.valid)
        assert shares == sorted(shares)
        assert len(shares) == -(-23 // tile) * -(-31 // tile)
        assert shares[-1] == 1


def test_large_maps_are_tiled_unasked(rng):
    begun: list[Window] = []
    asked: list[Window] = []

    class Sized(Recorder):
        def predictor(self, lr_depth: np.ndarray, scale: int, block: Window) -> Predictor:
            begun.append(block)
            return super().predictor(lr_depth, scale, block)

        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            asked.append(window)
            return super().predict(lr_depth, scale, window)

    result = Upscaler(Sized(), scale=16)(DepthMap(rng.uniform(1, 2, (70, 100))))
    assert result.shape == (1120, 1600)
    # All of it is one block of two tiles, inside of its border.
    assert begun == [Window(3, 73, 3, 103)]
    assert asked == [Window(3, 73, 3, 53), Window(3, 73, 53, 103)]
    Upscaler(Sized(), scale=16, tile=50)(DepthMap(rng.uniform(1, 2, (70, 100))))
    assert begun[1:] == asked[2:]
    assert len(asked) == 6


def test_an_output_fits_the_encoding_that_the_input_came_in(rng):
    class Overshoot(Recorder):
        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            return 1.2 * super().predict(lr_depth, scale, window) - 0.1

    depth = DepthMap([[1.0, 255.0]], kind="disparity", unit="level", encoding="levels")
    result = Upscaler(Overshoot(), scale=2)(depth)
    assert result.values.min() >= 0.5
    assert result.values.max() == 255


def test_a_network_that_gives_nan_is_an_error_and_no_hole(rng):
    class Broken(Recorder):
        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            return np.full_like(super().predict(lr_depth, scale, window), np.nan)

    with pytest.raises(ModelError, match="not finite"):
        Upscaler(Broken(), scale=2)(DepthMap([[1.0, 2.0]]))
