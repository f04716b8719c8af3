"""Conversions between depth, disparity and inverse depth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.kinds import Kind, check_kind
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DepthError

__all__ = ["to_kind"]


def to_kind(depth: DepthMap, kind: Kind) -> DepthMap:
    """Return a map in another kind.

    ``Z = baseline·focal / (d + doffs)`` (Middlebury stereo datasets, 2014), with the map's
    `stereo`; inverse depth is ``1/Z``. Depth comes in metres and disparity in pixels where the
    stereo is used; between depth and inverse depth, the unit stays what it is. Pixels behind the
    camera become invalid; those infinitely far too, where depth is wanted, and stay otherwise.
    The expected error is left out: it belongs to the values of the old kind.

    Args:
        depth: The map.
        kind: The kind wanted.

    Raises:
        DepthError: If the kind is unknown, or one of both is height; or if to or from disparity no
            `stereo` is known, or the map's unit is another one than pixels or metres.
    """
    check_kind(kind)
    if kind == depth.kind:
        return depth
    if "height" in (kind, depth.kind):
        raise DepthError(f"{depth.kind} cannot become {kind}: heights have no camera")
    inverse = _inverse_depth(depth)
    unit = "m" if depth.kind == "disparity" else depth.unit
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        if kind == "inverse_depth":
            values, ahead = inverse, inverse >= 0
        elif kind == "depth":
            values, ahead = 1 / inverse, inverse > 0
        else:
            values, ahead, unit = _disparity(depth, inverse), inverse >= 0, "px"
    return DepthMap(
        values,
        depth.valid & ahead,
        kind=kind,
        unit=unit,
        intrinsics=depth.intrinsics,
        stereo=depth.stereo,
        metadata=depth.metadata,
    )


def _disparity(depth: DepthMap, inverse: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the disparity of a map's pixels, whose inverse depth is given."""
    stereo = depth.stereo
    if stereo is None or depth.unit not in ("m", None):
        raise DepthError(_lacking(depth, "disparity"))
    return stereo.baseline * stereo.focal * inverse - stereo.doffs


def _inverse_depth(depth: DepthMap) -> NDArray[np.float64]:
    """Return the inverse depth of a map's pixels."""
    values = depth.values.astype(np.float64)
    if depth.kind == "inverse_depth":
        return values
    if depth.kind == "depth":
        with np.errstate(divide="ignore"):
            return np.asarray(1 / values)
    if depth.stereo is None or depth.unit not in ("px", None):
        raise DepthError(_lacking(depth, "depth"))
    stereo = depth.stereo
    return (values + stereo.doffs) / (stereo.baseline * stereo.focal)


def _lacking(depth: DepthMap, kind: Kind) -> str:
    """Return why a map can't be converted."""
    if depth.stereo is None:
        return (
            f"no focal length and baseline are known, so that {depth.kind} cannot become {kind}: "
            "give them, or a map of this kind"
        )
    return (
        f"the map is in {depth.unit}: {depth.kind} in this unit cannot become {kind}; give "
        "disparity in pixels, or depth in metres"
    )
