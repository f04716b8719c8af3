"""Metrics near edges of the ground truth."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from dsdmsr.metrics.pixels import squares
from dsdmsr.metrics.tally import Tally, check_positive, check_shapes, tally
from dsdmsr.metrics.windows import window_extreme

__all__ = [
    "EDGE_RADIUS",
    "EdgeZone",
    "edge_distance",
    "edge_rmse",
    "edge_squares",
    "edge_zone",
    "flying_pixel_rate",
    "flying_pixels",
]

EDGE_RADIUS = 4
"""Pixels within which a pixel counts as near an edge."""

_ON_A_SURFACE = 0.2
"""Share of a jump's height within which a prediction counts as lying on a surface."""


def edge_distance(
    target: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"], step: float, limit: int
) -> Int[Tensor, "b 1 h w"]:
    """Return each pixel's distance from the nearest edge of the ground truth, in pixels.

    Two valid neighbours, above each other or side by side, whose values differ by more than `step`
    make an edge; both are at distance 0. The distance is the larger of that in rows and columns.

    Args:
        target: The ground truth.
        valid: Which of its pixels are valid; edges are between these only.
        step: What a difference must exceed, in the map's unit.
        limit: The distance at which larger ones are clipped.

    Returns:
        0…limit.

    Example:
        >>> target = torch.tensor([[[[1.0, 1.0, 1.0, 5.0, 5.0, 5.0]]]])
        >>> valid = torch.ones_like(target, dtype=torch.bool)
        >>> edge_distance(target, valid, step=1, limit=8)[0, 0, 0].tolist()
        [2, 1, 0, 0, 1, 2]
    """
    check_positive("step", step)
    on_edge = torch.zeros_like(valid)
    for axis in (-2, -1):
        length = target.shape[axis] - 1
        first, second = (target.narrow(axis, k, length) for k in (0, 1))
        known = valid.narrow(axis, 0, length) & valid.narrow(axis, 1, length)
        jump = known & ((first - second).abs() > step)
        for k in (0, 1):
            on_edge.narrow(axis, k, length).logical_or_(jump)
    return _distance(on_edge, limit)


def _distance(near: Bool[Tensor, "b 1 h w"], limit: int) -> Int[Tensor, "b 1 h w"]:
    """Return each pixel's distance from those that are given, at most `limit`."""
    distance = torch.zeros(near.shape, dtype=torch.int64, device=near.device)
    for _ in range(limit):
        distance += ~near
        for axis in (-2, -1):
            length, grown = near.shape[axis] - 1, near.clone()
            for here, there in ((0, 1), (1, 0)):
                grown.narrow(axis, here, length).logical_or_(near.narrow(axis, there, length))
            near = grown
    return distance


class EdgeZone(NamedTuple):
    """Hold what the metrics near edges need of a ground truth."""

    distance: Int[Tensor, "b 1 h w"]
    """From the nearest edge; see `edge_distance`."""
    near: Bool[Tensor, "b 1 h w"]
    """The valid pixels within `EDGE_RADIUS` of an edge."""
    places: tuple[Tensor, ...]
    """Where these are: index in the batch, 0, row and column of each."""
    lowest: Float[Tensor, " n"]
    """The least valid value of the window around each of these."""
    highest: Float[Tensor, " n"]
    """The greatest."""
    known: Float[Tensor, "b 1 H W"]
    """The ground truth, `EDGE_RADIUS` wider on all sides; NaN where invalid."""


def edge_zone(
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    step: float,
    limit: int = EDGE_RADIUS + 1,
) -> EdgeZone:
    """Return what `edge_rmse` and `flying_pixel_rate` need of a ground truth, to compute it once.

    Args:
        target: The ground truth.
        valid: Which of its pixels count.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit.
        limit: See `edge_distance`; at least 5.

    Example:
        >>> target = torch.ones(1, 1, 8, 32)
        >>> target[..., 16:] = 5
        >>> zone = edge_zone(target, torch.ones_like(target, dtype=torch.bool), step=1)
        >>> int(zone.near.sum()) // 8  # columns within 4 pixels of the two beside the edge
        10
    """
    distance = edge_distance(target, valid, step, limit)
    near = valid & (distance <= EDGE_RADIUS)
    places = near.nonzero(as_tuple=True)
    lowest = window_extreme(target.masked_fill(~valid, torch.inf), EDGE_RADIUS, "min")
    highest = window_extreme(target.masked_fill(~valid, -torch.inf), EDGE_RADIUS, "max")
    known = functional.pad(
        target.masked_fill(~valid, torch.nan), [EDGE_RADIUS] * 4, value=torch.nan
    )
    return EdgeZone(distance, near, places, lowest[places], highest[places], known)


def edge_squares(
    pred: Tensor, target: Tensor, valid: Tensor, step: float, zone: EdgeZone | None = None
) -> Tally:
    """Return the tally of squared errors near edges; see `edge_rmse`."""
    check_shapes(pred, target, valid)
    return squares(pred, target, (zone or edge_zone(target, valid, step)).near)


def edge_rmse(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    step: float,
    zone: EdgeZone | None = None,
) -> Float[Tensor, ""]:
    """Return the RMSE over valid pixels within 4 pixels of the ground truth's edges; NaN for none.

    Args:
        pred: The prediction.
        target: The ground truth.
        valid: Which pixels count.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit;
            see `edge_distance`.
        zone: `edge_zone` of the same ground truth, if it is computed already: that saves time.

    Raises:
        DepthError: If the shapes differ, or the step is not positive.

    Example:
        >>> target = torch.ones(1, 1, 8, 32)
        >>> target[..., 16:] = 5
        >>> pred, valid = target + 0.5, torch.ones_like(target, dtype=torch.bool)
        >>> pred[..., :4] = 9  # far from the edge
        >>> float(edge_rmse(pred, target, valid, step=1))
        0.5
    """
    return edge_squares(pred, target, valid, step, zone).mean().sqrt()


def flying_pixels(
    pred: Tensor, target: Tensor, valid: Tensor, step: float, zone: EdgeZone | None = None
) -> Tally:
    """Return the tally of flying pixels; see `flying_pixel_rate`."""
    check_shapes(pred, target, valid)
    zone = zone or edge_zone(target, valid, step)
    lowest, highest, value = zone.lowest, zone.highest, pred[zone.places]
    margin = _ON_A_SURFACE * (highest - lowest)
    flying = (value - lowest > margin) & (highest - value > margin)
    # Only these may be far from all targets of their window.
    picture, _, rows, columns = (index[flying] for index in zone.places)
    value, margin = value[flying], margin[flying]
    height, width = zone.known.shape[-2:]
    flat, corner = zone.known.flatten(), (picture * height + rows) * width + columns
    nearest = torch.full_like(value, torch.inf)
    for row in range(2 * EDGE_RADIUS + 1):
        for column in range(2 * EDGE_RADIUS + 1):
            beside = flat[corner + (row * width + column)]
            nearest = torch.fmin(nearest, (beside - value).abs())
    flying[flying.clone()] = nearest > margin
    return tally(flying)


def flying_pixel_rate(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    step: float,
    zone: EdgeZone | None = None,
) -> Float[Tensor, ""]:
    """Return the share of predictions near edges that hang between two surfaces, on neither.

    Of the valid pixels within 4 pixels of an edge of the ground truth (`edge_distance`), those
    count whose prediction lies between the lowest and the highest valid target of the 9×9 pixels
    around, and further than a fifth of their difference from each of those 81 targets. So an edge
    that is sharp but a few pixels off has none, a value on a slanted surface between the two is on
    a surface, and blurred edges have as many as their ramps are long. A point cloud shows such
    pixels as veils between objects; the name is that of time-of-flight sensing, where pixels that
    see two surfaces do the same (Reynolds et al., CVPR 2011). That targets nearby define surfaces
    and scale is our choice: it needs no camera and no threshold in metres.

    Args:
        pred: The prediction.
        target: The ground truth.
        valid: Which pixels count.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit.
        zone: See `edge_rmse`.

    Returns:
        0…1; NaN where no pixel is near an edge.

    Raises:
        DepthError: If the shapes differ, or the step is not positive.

    Example:
        >>> target = torch.ones(1, 1, 8, 32)
        >>> target[..., 16:] = 5
        >>> pred, valid = target.clone(), torch.ones_like(target, dtype=torch.bool)
        >>> pred[..., 15] = 3  # one of the ten columns near the edge
        >>> float(flying_pixel_rate(pred, target, valid, step=1))
        0.1
    """
    return flying_pixels(pred, target, valid, step, zone).mean()
