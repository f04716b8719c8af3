from __future__ import annotations

import numpy as np
import pytest
from testing.backends import Repeating

from dsdmsr import DepthMap, Intrinsics, Upscaler
from dsdmsr.errors import ScaleError
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.sizes import Goal, Size
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.window import Window


@pytest.mark.parametrize(
    ("size", "goal"),
    [
        (Size(scale=2), Goal(2, 20, 28)),
        (Size(scale=3), Goal(4, 30, 42)),
        (Size(scale=6), Goal(8, 60, 84)),
        (Size(scale=16), Goal(16, 160, 224)),
        (Size(pixels=(11, 14)), Goal(2, 11, 14)),
        (Size(pixels=(20, 29)), Goal(4, 20, 29)),
        (Size(pixels=(160, 14)), Goal(16, 160, 14)),
        (Size(pixels=(40, 56), factors=(2, 4)), Goal(4, 40, 56)),
    ],
)
def test_the_network_serves_the_next_larger_factor(size, goal):
    assert size.goal(10, 14) == goal


@pytest.mark.parametrize("pixels", [(10, 14), (9, 40), (40, 13), (161, 20), (20, 225), (0, 0)])
def test_sizes_that_are_not_larger_or_too_large_are_refused(pixels):
    with pytest.raises(
        ScaleError, match="for a map of 14x10: allowed is what is larger, up to 224x"
    ):
        Size(pixels=pixels).goal(10, 14)


@pytest.mark.parametrize(
    "bad",
    [
        {"scale": 2.5},
        {"scale": "4"},
        {"pixels": 24},
        {"pixels": (24, 12, 1)},
        {"pixels": (20.5, 9)},
    ],
)
def test_what_is_not_whole_is_no_size(bad):
    with pytest.raises(ScaleError, match=r"allowed are whole numbers|give height and width"):
        Size(**bad)


@pytest.mark.parametrize("scale", [4, 4.0, np.float32(4), np.int64(4)])
def test_a_whole_number_is_one_in_any_type(scale):
    size = Size(scale=scale)
    assert (size.scale, type(size.scale)) == (4, int)


@pytest.mark.parametrize("scale", [2.5, 1.5, 15.999])
def test_factors_that_are_not_whole_are_reached_by_a_size(scale):
    said = r"allowed are whole numbers from 2 to 16; a size reaches what is between$"
    with pytest.raises(ScaleError, match=f"scale is {scale}: {said}"):
        Upscaler(Repeating(), scale=scale)


@pytest.mark.parametrize("scale", [0, -2, 1, 17, 100.5, float("nan"), float("inf"), True])
def test_factors_out_of_range_are_refused(scale):
    with pytest.raises(ScaleError, match=r"allowed are whole numbers from 2 to 16$"):
        Upscaler(Repeating(), scale=scale)


@pytest.mark.parametrize("tile", [1, 3, 12])
def test_tiles_do_not_show_where_one_side_shrinks_far_more(tiny_model, rng, tile):
    depth = DepthMap(rng.uniform(1, 2, (12, 6)))
    backend = TorchBackend(tiny_model, "cpu")
    result = [Upscaler(backend, size=(24, 48), tile=t)(depth).values for t in (tile, "auto")]
    np.testing.assert_allclose(*result, rtol=1e-5)


@pytest.mark.parametrize("asked", [{"scale": 3}, {"size": (30, 50)}, {"scale": 4}])
def test_other_sizes_come_out_with_holes_and_camera(tiny_model, rng, asked):
    valid = rng.random((12, 17)) > 0.1
    valid[3:8, 5:9] = False
    depth = DepthMap(
        rng.uniform(1, 2, (12, 17)),
        valid,
        unit="m",
        intrinsics=Intrinsics(fx=10, fy=11, cx=8, cy=6),
    )
    upscaler = Upscaler(TorchBackend(tiny_model, "cpu"), fill=3, tile=5, **asked)
    result = upscaler(depth)
    height, width = asked.get("size", (12 * asked.get("scale", 0), 17 * asked.get("scale", 0)))
    assert result.shape == (height, width)
    assert result.intrinsics == depth.intrinsics.scaled(width / 17, height / 12)
    centre = int(5.5 * height / 12), int(7 * width / 17)
    assert not result.valid[centre]
    marked = upscaler.filled(valid)
    assert marked.shape == result.shape
    assert result.valid[marked].all()
    assert marked.any()
    kept = Upscaler(TorchBackend(tiny_model, "cpu"), **asked)(depth)
    np.testing.assert_array_equal(result.valid, kept.valid | marked)
    # Band by band it is the same.
    bands = list(upscaler.bands(depth))
    assert len(bands) >= 3
    np.testing.assert_array_equal(np.concatenate([b.values for b in bands]), result.values)
    np.testing.assert_array_equal(np.concatenate([b.valid for b in bands]), result.valid)


def test_a_network_of_few_factors_is_asked_for_no_others():
    class Strict(Repeating):
        scales = (4,)

        def predictor(self, lr_depth: np.ndarray, scale: int, block: Window) -> Predictor:
            assert scale == 4
            return super().predictor(lr_depth, scale, block)

    result = Upscaler(Strict(), size=(9, 9))(DepthMap(np.eye(8) + 1))
    assert result.shape == (9, 9)
