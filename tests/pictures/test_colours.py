from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.pictures.colours import EVEN, GREYS, HEAT, NEARNESS, coloured, nearness


@pytest.mark.parametrize("colours", [EVEN, GREYS, HEAT, NEARNESS])
def test_colour_scales_keep_their_order_in_grey(colours):
    assert colours.shape == (255, 3)
    grey = colours @ [0.299, 0.587, 0.114]
    steps = np.diff(grey) * np.sign(grey[-1] - grey[0])
    assert (steps > -1).all()  # channels are rounded


def test_shares_are_clipped_and_invalid_pixels_have_a_colour_of_their_own():
    share = np.array([[-1.0, 0.0, 1.0, 2.0, np.nan]])
    picture = np.asarray(coloured(share, GREYS).convert("RGB"))[0]
    assert picture.tolist() == [[0] * 3, [0] * 3, [255] * 3, [255] * 3, [190, 205, 225]]
    hidden = coloured(share, GREYS, np.array([[False, True, True, True, True]]))
    assert hidden.convert("RGB").getpixel((0, 0)) == (190, 205, 225)


def test_nearness_is_even_in_inverse_depth():
    depth = np.array([1.0, 4 / 3, 2.0, 4.0, 8.0])
    np.testing.assert_allclose(nearness(depth, 1, 4), [1, 2 / 3, 1 / 3, 0, 0])


def test_the_even_scale_goes_on_in_lightness_all_the_way():
    """In CIE 1976 lightness, whatever space the scale is evenly spaced in."""
    light = EVEN / 255
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(light @ [0.2126, 0.7152, 0.0722]) - 16
    steps = np.diff(lightness[::16])
    assert steps.min() > 0.6 * steps.mean()
    assert lightness[-1] - lightness[0] > 80
    assert {tuple(colour) for colour in EVEN[[0, -1]]} == {tuple(c) for c in NEARNESS[[0, -1]]}
