from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.pictures.colours import GREYS, HEAT, NEARNESS, coloured, nearness


@pytest.mark.parametrize("colours", [GREYS, HEAT, NEARNESS])
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
