from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from testing.backends import ErrorPredicting, Recorder, Repeating

from dsdmsr import DepthMap, Intrinsics, Stereo, Upscaler
from dsdmsr.depth.holes import enlarge_valid
from dsdmsr.errors import ConfigError, DepthError, ModelError, ScaleError
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.upscaling.ensemble import SelfEnsemble
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.upscaler import predict_everywhere
from dsdmsr.upscaling.window import Window


def _property_model() -> DSDMSR:
    torch.manual_seed(1)
    config = ModelConfig(
        scale=4, unit="residual", sharing="shared", width=(8,), depth=(1,), fusion="none"
    )
    return DSDMSR(config)


PROPERTY_MODEL = _property_model()
"""A small network with random weights, whose predictions are wild."""


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_what_is_not_shape_stays(recorder):
    camera = Intrinsics(fx=10, fy=10, cx=2, cy=2)
    stereo = Stereo(focal=10, baseline=0.1)
    depth = DepthMap(
        [[3.0, 4.0]],
        kind="disparity",
        unit="px",
        intrinsics=camera,
        stereo=stereo,
        encoding="disparity",
    )
    result = Upscaler(recorder, scale=2)(depth)
    assert (result.kind, result.unit, result.encoding) == ("disparity", "px", "disparity")
    assert result.intrinsics == camera.scaled(2)
    assert result.stereo == stereo


def test_holes_stay_holes_and_change_nothing(tiny_model, rng):
    upscaler = Upscaler(TorchBackend(tiny_model, "cpu"), scale=4)
    valid = rng.random((9, 11)) > 0.3
    values = rng.uniform(1, 2, (9, 11))
    result = [
        upscaler(DepthMap(np.where(valid, values, junk), valid)) for junk in (0.0, 1e9, np.nan)
    ]
    np.testing.assert_array_equal(result[0].valid, enlarge_valid(valid, 4))
    for other in result[1:]:
        np.testing.assert_array_equal(other.values, result[0].values)
    # A map that has its holes filled with the nearest values by hand gives the same valid pixels.
    assert result[0].values[result[0].valid].min() > 0


def test_small_holes_are_filled_and_marked(tiny_model, rng):
    valid = np.ones((12, 14), bool)
    valid[2:4, 2] = valid[6:10, 5:12] = False
    depth = DepthMap(rng.uniform(1, 2, (12, 14)), valid)
    upscaler = Upscaler(TorchBackend(tiny_model, "cpu"), scale=4, fill=2)
    result, marked = upscaler(depth), upscaler.filled(valid)
    kept = Upscaler(TorchBackend(tiny_model, "cpu"), scale=4)(depth)
    assert marked[8:16, 8:12].mean() > 0.6
    assert not marked[20:].any()
    np.testing.assert_array_equal(result.valid, kept.valid | marked)
    np.testing.assert_array_equal(result.values[kept.valid], kept.values[kept.valid])
    assert (result.values[marked] > 0).all()
    assert not Upscaler(TorchBackend(tiny_model, "cpu"), scale=4).filled(valid).any()
    with pytest.raises(ConfigError, match="fill is -1: give 0, or"):
        Upscaler(TorchBackend(tiny_model, "cpu"), scale=4, fill=-1)


@pytest.mark.parametrize("value", [0.0, 1e-30, 0.7312, 1e30])
def test_constant_maps_come_back_constant(tiny_model, value):
    result = Upscaler(TorchBackend(tiny_model, "cpu"), scale=8)(DepthMap(np.full((3, 2), value)))
    np.testing.assert_array_equal(result.values, np.full((24, 16), value, np.float32))


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    low=st.floats(0, 1e3),
    span=st.floats(1e-2, 1e3),
    holes=st.sampled_from([0.0, 0.3, 0.95]),
    seed=st.integers(0, 2**16),
)
def test_any_map_gives_one_of_the_right_size_near_its_range(height, width, low, span, holes, seed):
    rng = np.random.default_rng(seed)
    valid = rng.random((height, width)) >= holes
    valid.flat[0] = True
    depth = DepthMap(rng.uniform(low, low + span, (height, width)), valid)

    class Wild(Repeating):
        border = 2

        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            top, bottom, left, right = window.scaled(scale)
            shape = (1, 1, bottom - top, right - left)
            return rng.normal(0.5, 5, shape).astype(np.float32)

    result = Upscaler(Wild(), scale=2)(depth)
    assert result.shape == (2 * height, 2 * width)
    given_values, values = depth.values[depth.valid], result.values[result.valid]
    margin = 0.1001 * np.ptp(given_values)
    assert values.min() >= given_values.min() - margin - 1e-6 * given_values.max()
    assert values.max() <= given_values.max() + margin + 1e-6 * given_values.max()
    if given_values.min() > 0:
        assert values.min() > 0


def patterned(pattern: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Numbers of 0…1."""
    height, width = shape
    return {
        "constant": np.full(shape, 0.5),
        "ramp": np.linspace(0, 1, height * width).reshape(shape),
        "step": np.indices(shape)[1] >= width / 2,
        "noise": rng.random(shape),
    }[pattern].astype(float)


def punched(holes: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Which pixels are valid: at least one."""
    rows, columns = np.indices(shape)
    valid = {
        "none": np.ones(shape, bool),
        "1 %": rng.random(shape) > 0.01,
        "30 %": rng.random(shape) > 0.3,
        "95 %": rng.random(shape) > 0.95,
        "isolated": (rows % 5 == 0) & (columns % 7 == 0),
        "lidar": rows % 6 == 0,
    }[holes]
    valid[0, 0] = True
    return valid


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 97), st.integers(1, 131)),
    dtype=st.sampled_from(["u1", "u2", "f4", "f8"]),
    pattern=st.sampled_from(["constant", "ramp", "step", "noise"]),
    holes=st.sampled_from(["none", "1 %", "30 %", "95 %", "isolated", "lidar"]),
    exponent=st.integers(-30, 30),
    offset=st.sampled_from([0.0, 1.0, 100.0]),
    scale=st.sampled_from([2, 3, 4]),
    seed=st.integers(0, 2**16),
)
def test_whatever_the_map_the_result_is_whole_and_near_its_range(
    shape, dtype, pattern, holes, exponent, offset, scale, seed
):
    rng = np.random.default_rng(seed)
    valid = punched(holes, shape, rng)
    values = patterned(pattern, shape, rng) + offset
    values = values * (255 / (values.max() or 1) if dtype[0] == "u" else 10.0**exponent)
    depth = DepthMap(values.astype(dtype), valid, kind="disparity")
    upscaler = Upscaler(TorchBackend(PROPERTY_MODEL, "cpu"), scale=scale)
    result = upscaler(depth)
    assert result.shape == (scale * shape[0], scale * shape[1])
    held = depth.values[valid].astype(np.float64)
    low, high = held.min(), held.max()
    margin = 0.1 * (high - low) + 1e-6 * abs(high)
    given_back = result.values[result.valid].astype(np.float64)
    assert np.isfinite(result.values).all()
    assert low - margin <= given_back.min() <= given_back.max() <= high + margin
    # Each valid pixel keeps some of its high-resolution ones, each hole too, and nothing else does.
    blocks = result.valid.reshape(shape[0], scale, shape[1], scale).swapaxes(1, 2)
    assert blocks.any((2, 3))[valid].all()
    assert not blocks.all((2, 3))[~valid].any()
    junk = DepthMap(np.where(valid, depth.values, 7e29), valid, kind="disparity")
    np.testing.assert_array_equal(upscaler(junk).values, result.values)


@pytest.mark.parametrize(("factor", "offset"), [(2.0, 0.0), (1e-3, 5.0), (1e4, 30.0)])
def test_a_change_of_unit_commutes_with_upscaling(tiny_model, rng, factor, offset):
    upscaler = Upscaler(TorchBackend(tiny_model, "cpu"), scale=4)
    values = rng.uniform(1, 2, (8, 9)).astype(np.float32).astype(float)
    plain = upscaler(DepthMap(values, kind="disparity")).values.astype(float)
    changed = upscaler(DepthMap(factor * values + offset, kind="disparity")).values
    np.testing.assert_allclose(
        changed, factor * plain + offset, rtol=2e-6, atol=2e-4 * factor + 1e-6 * offset
    )


def test_nothing_valid_and_bad_scales_and_devices_are_refused(recorder):
    with pytest.raises(DepthError, match="no pixel of the map is valid"):
        Upscaler(recorder, scale=2)(DepthMap([[0.0]], [[False]]))
    for scale in (1, 0, -2, 17):
        with pytest.raises(
            ScaleError, match=r"scale is .*: allowed are whole numbers from 2 to 16"
        ):
            Upscaler(recorder, scale=scale)
    recorder.scales = (2, 4)
    with pytest.raises(ScaleError, match="from 2 to 4"):
        Upscaler(recorder, scale=8)
    for both in ({}, {"scale": 2, "size": (4, 4)}):
        with pytest.raises(ScaleError, match="give a scale or a size, one of them"):
            Upscaler(recorder, **both)
    for tile in (0, "large", -4):
        with pytest.raises(ConfigError, match=r"tile is .*: give auto, or 1 or more"):
            Upscaler(recorder, scale=2, tile=tile)
    with pytest.raises(ConfigError, match="device 'tpu9' is not there"):
        Upscaler.from_pretrained(scale=2, device="tpu9")


@pytest.mark.parametrize("edges", ["smooth", "sharp"])
@pytest.mark.parametrize("tile", ["auto", 3])
def test_expected_errors_come_in_the_maps_unit_with_its_holes(rng, tile, edges):
    values = rng.uniform(5, 9, (8, 10))
    valid = rng.random((8, 10)) < 0.8
    values[valid.argmax() // 10, valid.argmax() % 10] = 4.0
    depth = DepthMap(values, valid, unit="m", intrinsics=Intrinsics(fx=9, fy=9, cx=4, cy=3))
    upscaler = Upscaler(ErrorPredicting(), scale=4, tile=tile, edges=edges)
    large, plain = upscaler(depth, errors=True), upscaler(depth)
    errors = large.error
    assert plain.error is None
    np.testing.assert_array_equal(large.values, plain.values)
    assert large.intrinsics == plain.intrinsics
    assert errors.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(errors), ~large.valid)
    repeated = np.where(valid, values, np.nan).repeat(4, 0).repeat(4, 1)
    known = large.valid & np.isfinite(repeated)
    np.testing.assert_allclose(errors[known], (repeated[known] - 4.0) / 10, atol=1e-5)
    bands = [band.error for band in upscaler.bands(depth, errors=True)]
    np.testing.assert_array_equal(np.concatenate(bands), errors)
    # To another size, an error is one of those around.
    other = Upscaler(ErrorPredicting(), size=(27, 33), edges=edges)(depth, errors=True)
    assert other.error.shape == other.shape == (27, 33)
    assert np.nanmin(other.error) >= 0
    assert np.nanmax(other.error) <= np.nanmax(errors) + 1e-6


def test_nothing_is_wrong_with_a_flat_map():
    large = Upscaler(ErrorPredicting(), scale=2)(DepthMap(np.full((3, 4), 2.0)), errors=True)
    assert (large.values == 2).all()
    assert (large.error == 0).all()


def test_networks_that_predict_no_errors_are_refused(recorder):
    with pytest.raises(ModelError, match="doesn't predict the expected error"):
        Upscaler(recorder, scale=2)(DepthMap(np.ones((2, 2))), errors=True)


def test_rotated_predictions_and_errors_have_one_mean(rng):
    depth = DepthMap(rng.uniform(1, 2, (5, 6)))
    alone = Upscaler(ErrorPredicting(), scale=2)(depth, errors=True)
    together = Upscaler(SelfEnsemble(ErrorPredicting()), scale=2)(depth, errors=True)
    np.testing.assert_allclose(together.error, alone.error, atol=1e-6)


@pytest.mark.parametrize("asked", [{"scale": 4}, {"scale": 3}, {"size": (500, 41)}])
@pytest.mark.parametrize("edges", ["smooth", "sharp"])
@pytest.mark.parametrize("tile", ["auto", 30])
@pytest.mark.parametrize("flat", [False, True])
def test_the_whole_map_is_its_bands(rng, asked, edges, tile, flat):
    values = np.full((130, 12), 5.0) if flat else rng.uniform(5, 9, (130, 12))
    depth = DepthMap(values, rng.random((130, 12)) < 0.9)
    upscaler = Upscaler(ErrorPredicting(), tile=tile, edges=edges, fill=1, **asked)
    shares: list[float] = []
    whole = upscaler(depth, errors=True, progress=shares.append)
    bands_shares: list[float] = []
    bands = list(upscaler.bands(depth, errors=True, progress=bands_shares.append))
    assert len(bands) > 1
    assert shares == bands_shares
    for name in ("values", "valid", "error"):
        together = np.concatenate([getattr(band, name) for band in bands])
        np.testing.assert_array_equal(getattr(whole, name), together)
    # So are its values in holes.
    everywhere, errors = predict_everywhere(upscaler, depth)
    np.testing.assert_array_equal(everywhere[whole.valid], whole.values[whole.valid])
    np.testing.assert_array_equal(errors[whole.valid], whole.error[whole.valid])
    assert everywhere.min() >= 5


def test_what_a_backend_returns_is_left_as_it_is(rng):
    valid = rng.random((6, 7)) < 0.7
    kept: list[np.ndarray] = []

    class Keeping(ErrorPredicting):
        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            kept.append(super().predict(lr_depth, scale, window, errors=errors))
            return kept[-1]

    Upscaler(Keeping(), scale=2)(DepthMap(rng.uniform(5, 9, (6, 7)), valid), errors=True)
    assert kept[0].shape == (1, 2, 12, 14)
    assert kept[0].flags.writeable
    assert kept[0].min() == 0
    np.testing.assert_array_equal(kept[0][:, 1], kept[0][:, 0] / 10)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channel", [0, 1])
def test_predictions_that_are_not_finite_are_refused(rng, bad, channel):
    class Damaged(ErrorPredicting):
        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            pred = super().predict(lr_depth, scale, window, errors=errors)
            pred[0, channel, -1, 3] = bad
            return pred

    with pytest.raises(ModelError, match="values that are not finite"):
        Upscaler(Damaged(), scale=2)(DepthMap(rng.uniform(5, 9, (4, 4))), errors=True)


@pytest.mark.parametrize("wild", [0.0, 0.05, 3.0])
def test_only_predictions_beyond_the_allowed_range_are_clipped(rng, wild):
    values = rng.uniform(5, 9, (9, 11)).astype(np.float32)
    predicted: list[np.ndarray] = []

    class Noisy(Repeating):
        def predict(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            pred = super().predict(lr_depth, scale, window, errors=errors)
            predicted.append(pred + np.float32(wild) * rng.uniform(-1, 1, pred.shape))
            return predicted[-1].astype(np.float32)

    result = Upscaler(Noisy(), scale=4)(DepthMap(values))
    low, span = float(values.min()), float(values.max()) - float(values.min())
    exact = low + span * predicted[0][0, 0].astype(np.float32).astype(float)
    expected = np.clip(exact, low - 0.1 * span, low + span + 0.1 * span).astype(np.float32)
    np.testing.assert_array_equal(result.values, expected)
    assert (exact.max() > low + 1.2 * span) == (wild > 1)
