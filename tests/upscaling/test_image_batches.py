"""Upscaling of batches of grey images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dsdmsr import Upscaler
from dsdmsr.errors import ConfigError, DepthError, ScaleError
from dsdmsr.io.image_batches import maps_of
from dsdmsr.upscaling.image_batches import BatchOptions, _upscaler, upscale_batch

OPTIONS = {"scale": 2, "model": "dsdmsr-fast"}


def batch():
    """Return two images of 0…1 with an edge and a hole, the second of them without a value."""
    rows, columns = np.mgrid[:12, :16]
    grey = np.where(columns > 7, 1.0, (rows + columns) / 30).astype(np.float32)
    grey[0] = 0
    mask = np.zeros((2, 12, 16), np.float32)
    mask[0, 3:6, 2:5] = mask[1] = 1
    return np.broadcast_to(grey[None, ..., None], (2, 12, 16, 3)), mask


def test_images_are_those_of_the_upscaler_within_0_and_1():
    images, mask = batch()
    done: list[int] = []
    larger, holes = upscale_batch(images, mask, progress=done.append, **OPTIONS)
    assert done == [1, 2]
    expected = Upscaler.from_pretrained("dsdmsr-fast", scale=2)(maps_of(images, mask)[0])
    assert (larger.shape, larger.dtype) == ((2, 24, 32, 3), np.float32)
    for channel in range(3):
        np.testing.assert_array_equal(larger[0, ..., channel], expected.values)
    np.testing.assert_array_equal(holes[0] == 0, expected.valid)
    assert larger.min() == 0
    assert larger.max() <= 1
    assert not larger[1].any()
    assert holes[1].all()


def test_metres_are_not_clipped():
    images, mask = batch()
    larger, _ = upscale_batch(10 * images, mask, **OPTIONS)
    assert 9 < larger.max() < 11


def test_the_network_is_loaded_once():
    images, mask = batch()
    upscale_batch(images, mask, **OPTIONS)
    before = _upscaler.cache_info().misses
    upscale_batch(images, mask, **OPTIONS)
    assert _upscaler.cache_info().misses == before


def test_the_first_image_decides_for_all(rng):
    rows, columns = np.mgrid[:40, :40]
    clean = (rows + 2 * columns) / 200
    noisy = np.clip(clean + rng.normal(0, 0.03, clean.shape), 0, 1)
    both = np.repeat(np.float32([clean, noisy])[..., None], 3, axis=3)
    larger, _ = upscale_batch(both, scale=2, model="auto")
    base, _ = upscale_batch(both, scale=2)
    np.testing.assert_array_equal(larger, base)
    robust, _ = upscale_batch(both[1:], scale=2, model="auto")
    assert np.abs(robust[0] - base[1]).max() > 0.01


def test_inputs_are_those_of_the_options_with_their_defaults():
    inputs = BatchOptions.inputs()
    given = {name: about["default"] for name, (_, about) in inputs.items()}
    assert BatchOptions(**given) == BatchOptions()
    for name in ("model", "degradation", "edges"):
        choices, _ = inputs[name]
        assert isinstance(choices, list)
        for choice in choices:
            assert getattr(BatchOptions(**{name: choice}), name) == choice


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"scale": 1}, ScaleError, "scale is 1"),
        ({"degradation": "cubic"}, ConfigError, "degradation is 'cubic'"),
        ({"edges": "hard"}, ConfigError, "hard"),
    ],
)
def test_options_out_of_range_are_refused(options, error, says):
    with pytest.raises(error, match=says):
        upscale_batch(batch()[0], **options)


def test_colours_are_refused():
    images, _ = batch()
    with pytest.raises(DepthError, match="colours"):
        upscale_batch(images * np.float32([1, 0.5, 0]), **OPTIONS)


def test_the_documented_example_runs():
    page = Path(__file__).resolve().parents[2] / "docs" / "hosts.md"
    code = page.read_text(encoding="utf-8").split("```python\n")[2].split("```")[0]
    names = dict(zip(("images", "mask"), batch(), strict=True))
    exec(code, names)
    assert names["larger"].shape == (2, 48, 64, 3)
    assert names["holes"].shape == (2, 48, 64)
