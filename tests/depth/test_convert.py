from __future__ import annotations

import re

import numpy as np
import pytest

from dsdmsr import DepthMap, Intrinsics, Stereo
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.metadata import Metadata
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


@pytest.mark.parametrize(
    ("depth", "kind", "says"),
    [
        (
            DepthMap([[1.0]], kind="disparity", unit="px"),
            "inverse_depth",
            "no focal length and baseline are known, so that disparity cannot become depth: give "
            "them, or a map of this kind",
        ),
        (
            DepthMap([[1.0]], unit="m"),
            "disparity",
            "no focal length and baseline are known, so that depth cannot become disparity: give "
            "them, or a map of this kind",
        ),
        (
            DepthMap([[1.0]], kind="inverse_depth", unit="px", stereo=STEREO),
            "disparity",
            "the map is in px: inverse_depth in this unit cannot become disparity; give "
            "disparity in pixels, or depth in metres",
        ),
        (
            DepthMap([[1.0]], kind="disparity", unit="m", stereo=STEREO),
            "depth",
            "the map is in m: disparity in this unit cannot become depth; give disparity in "
            "pixels, or depth in metres",
        ),
        (
            DepthMap([[1.0]], kind="height", unit="m"),
            "depth",
            "height cannot become depth: heights have no camera",
        ),
        (DepthMap([[1.0]]), "height", "depth cannot become height: heights have no camera"),
        (
            DepthMap([[1.0]]),
            "disparty",
            "kind is 'disparty' (did you mean disparity?): allowed are depth, disparity, "
            "inverse_depth, height",
        ),
    ],
)
def test_errors_say_what_is_missing(depth, kind, says):
    with pytest.raises(DepthError, match=f"^{re.escape(says)}$"):
        to_kind(depth, kind)


@pytest.mark.parametrize("unit", ["m", "px", None])
def test_maps_without_a_unit_are_taken_to_have_the_one_that_is_needed(unit):
    values = [[50.0, 150]]
    if unit != "m":
        depth = to_kind(DepthMap(values, kind="disparity", unit=unit, stereo=STEREO), "depth")
        assert depth.unit == "m"
        np.testing.assert_allclose(depth.values, [[2, 1]])
    if unit != "px":
        disparity = to_kind(DepthMap([[2.0, 1]], unit=unit, stereo=STEREO), "disparity")
        assert disparity.unit == "px"
        np.testing.assert_allclose(disparity.values, values)


def test_what_a_map_knows_beside_its_values_goes_along():
    camera, metadata = Intrinsics(fx=1, fy=2, cx=3, cy=4), Metadata(entry="z")
    depth = DepthMap(
        [[2.0, 4]],
        unit="level",
        intrinsics=camera,
        stereo=STEREO,
        metadata=metadata,
        error=[[0.1, 0.2]],
        encoding="float",
    )
    inverse = to_kind(depth, "inverse_depth")
    assert (inverse.kind, inverse.unit) == ("inverse_depth", "level")
    assert (inverse.intrinsics, inverse.stereo, inverse.metadata) == (camera, STEREO, metadata)
    assert (inverse.error, inverse.encoding) == (None, None)


def test_what_is_infinitely_far_has_no_depth_but_a_disparity():
    far = DepthMap([[0.0, 0.5]], kind="inverse_depth", stereo=STEREO)
    np.testing.assert_array_equal(to_kind(far, "depth").valid, [[False, True]])
    disparity = to_kind(far, "disparity")
    np.testing.assert_array_equal(disparity.valid, [[True, True]])
    np.testing.assert_allclose(disparity.values, [[-50, 50]])
    behind = DepthMap([[-0.5, 0.5]], kind="inverse_depth", stereo=STEREO)
    for kind in ("depth", "disparity"):
        np.testing.assert_array_equal(to_kind(behind, kind).valid, [[False, True]])


def test_what_is_too_near_or_too_far_for_floats_is_invalid():
    tiny = DepthMap([[1e-44, 1.0]])
    np.testing.assert_array_equal(to_kind(tiny, "inverse_depth").valid, [[False, True]])
    tiny = DepthMap([[1e-44, 1.0]], kind="inverse_depth")
    np.testing.assert_array_equal(to_kind(tiny, "depth").valid, [[False, True]])
