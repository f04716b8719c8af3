from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from testing.backends import Repeating

from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import ConfigError, DepthError


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (np.ones((4, 5), np.float32), r"a numpy.ndarray of shape \(4, 5\)"),
        ([[1.0, 2.0]], "a list"),
        (Image.new("L", (5, 4)), "a PIL.Image"),
        (torch.ones(4, 5), r"a torch.Tensor of shape \(4, 5\)"),
        ("depth.png", "a str 'depth.png'"),
        (None, "a NoneType"),
    ],
)
def test_what_is_no_map_is_refused_with_what_to_give(given, named):
    upscaler = Upscaler(Repeating(), scale=2)
    for call in (upscaler, lambda depth: next(upscaler.bands(depth))):
        with pytest.raises(DepthError, match=rf"^this is {named}, not a DepthMap: .*'mm'"):
            call(given)
    with pytest.raises(ConfigError, match=rf"^the network is {named}: Upscaler.from_pretrained"):
        Upscaler(given, scale=2)
    if given is not None and not isinstance(given, str):
        with pytest.raises(ConfigError, match=rf"^the network is {named}: give a name"):
            Upscaler.from_pretrained(given, scale=2)


@pytest.mark.parametrize(
    "view",
    [lambda a: a.astype(">f8"), lambda a: a[::-1, ::2], lambda a: a.T, lambda a: a.astype("f2")],
    ids=["big-endian", "strided", "transposed", "half"],
)
@pytest.mark.parametrize("size", [{"scale": 2}, {"size": (37, 41)}], ids=["factor", "size"])
def test_what_comes_out_is_native_and_contiguous(rng, view, size):
    given = view(rng.uniform(1, 5, (20, 24)))
    upscaler = Upscaler.from_pretrained("dsdmsr-fast", **size, edges="sharp")
    upscaled = upscaler(DepthMap(given, unit="m"), errors=True)
    for array, dtype in ((upscaled.values, "=f4"), (upscaled.error, "=f4"), (upscaled.valid, "?")):
        assert array is not None
        assert array.flags.c_contiguous
        assert array.dtype == np.dtype(dtype)
        assert array.dtype.isnative
