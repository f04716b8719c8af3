from __future__ import annotations

import numpy as np
import pytest

from dsdmsr import DepthMap, Stereo
from dsdmsr.depth.convert import to_kind
from dsdmsr.errors import DepthError

STEREO = Stereo(focal=1000, baseline=0.2, doffs=50)


def test_disparity_becomes_depth_by_the_middlebury_formula():
    disparity = DepthMap(
        [[0.0, 50, 150, -50, -60, 7]],
        [[True, True, True, True, True, False]],
        kind="disparity",
        unit="px",
        stereo=STEREO,
    )
    depth = to_kind(disparity, "depth")
    assert (depth.kind, depth.unit, depth.stereo) == ("depth", "m", STEREO)
    # At -50 it is infinitely far, at -60 behind the camera.
    np.testing.assert_array_equal(depth.valid, [[True, True, True, False, False, False]])
    np.testing.assert_allclose(depth.values[0, :3], [200 / 50, 200 / 100, 200 / 200])
    inverse = to_kind(disparity, "inverse_depth")
    np.testing.assert_array_equal(inverse.valid, [[True, True, True, True, False, False]])
    np.testing.assert_allclose(inverse.values[0, :4], [0.25, 0.5, 1, 0])
    for other in (depth, inverse):
        back = to_kind(other, "disparity")
        assert (back.kind, back.unit) == ("disparity", "px")
        np.testing.assert_allclose(back.values[0, :3], [0, 50, 150], atol=1e-4)
    assert to_kind(disparity, "disparity") is disparity


@pytest.mark.parametrize("unit", ["m", None])
def test_depth_and_inverse_depth_need_no_stereo(unit):
    depth = DepthMap([[0.5, 4, 0, 9]], [[True, True, True, False]], unit=unit, encoding="float")
    inverse = to_kind(depth, "inverse_depth")
    assert (inverse.kind, inverse.unit, inverse.encoding) == ("inverse_depth", unit, None)
    np.testing.assert_array_equal(inverse.valid, [[True, True, False, False]])
    np.testing.assert_array_equal(inverse.values, [[2, 0.25, 0, 0]])
    back = to_kind(inverse, "depth")
    np.testing.assert_array_equal(back.values, [[0.5, 4, 0, 0]])
    np.testing.assert_array_equal(back.valid, inverse.valid)
    np.testing.assert_array_equal(
        to_kind(DepthMap([[-1.0, 0, 2]], kind="inverse_depth"), "depth").valid,
        [[False, False, True]],
    )


def test_what_is_not_known_is_asked_for():
    with pytest.raises(DepthError, match="no focal length and baseline are known"):
        to_kind(DepthMap([[1.0]], kind="disparity", unit="px"), "depth")
    with pytest.raises(DepthError, match="no focal length and baseline are known"):
        to_kind(DepthMap([[1.0]], unit="m"), "disparity")
    with pytest.raises(DepthError, match="the map is in level: disparity in this unit"):
        to_kind(DepthMap([[1.0]], kind="disparity", unit="level", stereo=STEREO), "depth")
    for wrong in ({"baseline": 0}, {"focal": -1}, {"doffs": float("nan")}):
        with pytest.raises(DepthError, match="are no two cameras"):
            Stereo(**{"focal": 1000, "baseline": 0.2, **wrong})
    with pytest.raises(DepthError, match="kind is 'width': allowed are depth, disparity, inv"):
        to_kind(DepthMap([[1.0]]), "width")
    with pytest.raises(DepthError, match="height cannot become depth"):
        to_kind(DepthMap([[-1.0]], kind="height"), "depth")
