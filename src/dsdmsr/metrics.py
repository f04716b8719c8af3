"""Errors over valid pixels: functions, and torchmetrics classes that add up sums and counts.

Every metric is a mean over the pixels that count for it: of squared errors, of yes or no, of a
similarity. A `Tally` holds that mean as a sum and a count, so that batches and processes add up to
the figure of the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional
from torchmetrics import Metric

from dsdmsr.errors import DepthError

__all__ = [
    "EDGE_RADIUS",
    "EdgeRMSE",
    "EdgeZone",
    "FlyingPixelRate",
    "MaskedBadPixelRate",
    "MaskedMAE",
    "MaskedPSNR",
    "MaskedRMSE",
    "MaskedSSIM",
    "Tally",
    "bad_pixel_rate",
    "edge_distance",
    "edge_rmse",
    "edge_zone",
    "flying_pixel_rate",
    "mae",
    "psnr",
    "rmse",
    "ssim",
]

EDGE_RADIUS = 4
"""Pixels within which a pixel counts as near an edge."""

_ON_A_SURFACE = 0.2
"""Share of a jump's height within which a prediction counts as lying on a surface."""
_SSIM_RADIUS = 5
_SSIM_DEVIATION = 1.5
_SSIM_CONSTANTS = 0.01, 0.03
"""The 11×11 window, its Gaussian and the constants of Wang et al. 2004."""


class Tally(NamedTuple):
    """Hold a mean that is not taken yet."""

    total: Float[Tensor, ""]
    """Sum over the pixels that count, float64."""
    pixels: Int[Tensor, ""]
    """Number of the pixels that count."""

    def mean(self) -> Tensor:
        """Return the mean; NaN where no pixel counts."""
        return self.total / self.pixels


def _check(pred: Tensor, target: Tensor, valid: Tensor) -> None:
    if pred.shape != target.shape or pred.shape != valid.shape:
        raise DepthError(
            f"pred {tuple(pred.shape)}, target {tuple(target.shape)} and valid "
            f"{tuple(valid.shape)} differ in shape"
        )


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise DepthError(f"{name} is {value}: give a positive number, in the map's unit")


def _tally(values: Tensor) -> Tally:
    return Tally(values.double().sum(), torch.tensor(values.numel(), device=values.device))


def _errors(pred: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Return the errors at the valid pixels, in float64."""
    _check(pred, target, valid)
    if not bool(valid.all()):
        pred, target = pred[valid], target[valid]
    return pred.double() - target.double()


def _squares(pred: Tensor, target: Tensor, valid: Tensor) -> Tally:
    return _tally(_errors(pred, target, valid).square())


def _sizes(pred: Tensor, target: Tensor, valid: Tensor) -> Tally:
    return _tally(_errors(pred, target, valid).abs())


def _bad(pred: Tensor, target: Tensor, valid: Tensor, threshold: float) -> Tally:
    _check_positive("threshold", threshold)
    return _tally(_errors(pred, target, valid).abs() > threshold)


def rmse(
    pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the root of the mean squared error over valid pixels; NaN where none is valid.

    Raises:
        DepthError: If the shapes differ.
    """
    return _squares(pred, target, valid).mean().sqrt()


def mae(
    pred: Float[Tensor, "*shape"], target: Float[Tensor, "*shape"], valid: Bool[Tensor, "*shape"]
) -> Float[Tensor, ""]:
    """Return the mean absolute error (MAD in this literature) over valid pixels; NaN for none.

    Raises:
        DepthError: If the shapes differ.
    """
    return _sizes(pred, target, valid).mean()


def bad_pixel_rate(
    pred: Float[Tensor, "*shape"],
    target: Float[Tensor, "*shape"],
    valid: Bool[Tensor, "*shape"],
    threshold: float = 1.0,
) -> Float[Tensor, ""]:
    """Return the share of valid pixels whose error exceeds `threshold` (PE in this literature).

    Raises:
        DepthError: If the shapes differ, or the threshold is not positive.
    """
    return _bad(pred, target, valid, threshold).mean()


def psnr(
    pred: Float[Tensor, "*shape"],
    target: Float[Tensor, "*shape"],
    valid: Bool[Tensor, "*shape"],
    data_range: float,
) -> Float[Tensor, ""]:
    """Return the peak signal-to-noise ratio in dB, ``20·log10(data_range / rmse)``.

    Raises:
        DepthError: If the shapes differ, or the range is not positive.
    """
    _check_positive("data_range", data_range)
    return 20 * torch.log10(data_range / rmse(pred, target, valid))


def edge_distance(
    target: Float[Tensor, "b 1 h w"], valid: Bool[Tensor, "b 1 h w"], step: float, limit: int
) -> Int[Tensor, "b 1 h w"]:
    """Return how many pixels each pixel is away from the truth's edges.

    Two valid neighbours, above each other or side by side, whose values differ by more than `step`
    make an edge; both are at distance 0. The distance is the larger of that in rows and columns.

    Args:
        target: The truth.
        valid: Which of its pixels are known; no edge is seen beside the others.
        step: What a difference must exceed, in the map's unit.
        limit: The distance from which on nothing is told apart.

    Returns:
        0…limit.
    """
    _check_positive("step", step)
    on_edge = torch.zeros_like(valid)
    for axis in (-2, -1):
        length = target.shape[axis] - 1
        first, second = (target.narrow(axis, k, length) for k in (0, 1))
        known = valid.narrow(axis, 0, length) & valid.narrow(axis, 1, length)
        jump = known & ((first - second).abs() > step)
        for k in (0, 1):
            on_edge.narrow(axis, k, length).logical_or_(jump)
    distance = torch.zeros(target.shape, dtype=torch.int64, device=target.device)
    near = on_edge
    for _ in range(limit):
        distance += ~near
        for axis in (-2, -1):
            length, grown = target.shape[axis] - 1, near.clone()
            for here, there in ((0, 1), (1, 0)):
                grown.narrow(axis, here, length).logical_or_(near.narrow(axis, there, length))
            near = grown
    return distance


class EdgeZone(NamedTuple):
    """Hold what of a truth the metrics near edges look at."""

    distance: Int[Tensor, "b 1 h w"]
    """From the nearest edge; see `edge_distance`."""
    near: Bool[Tensor, "b 1 h w"]
    """The valid pixels within `EDGE_RADIUS` of an edge."""
    places: tuple[Tensor, ...]
    """Where these are: picture, 0, row and column of each."""
    lowest: Float[Tensor, " n"]
    """The least valid truth of the window around each of these."""
    highest: Float[Tensor, " n"]
    """The greatest."""
    known: Float[Tensor, "b 1 H W"]
    """The truth, `EDGE_RADIUS` wider on all sides; NaN where nothing is known."""


def edge_zone(
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    step: float,
    limit: int = EDGE_RADIUS + 1,
) -> EdgeZone:
    """Return what `edge_rmse` and `flying_pixel_rate` need to know of a truth.

    Args:
        target: The truth.
        valid: Which of its pixels count.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit.
        limit: From which distance on nothing is told apart, at least 5.
    """
    distance = edge_distance(target, valid, step, limit)
    near = valid & (distance <= EDGE_RADIUS)
    places = near.nonzero(as_tuple=True)
    ends = []
    for sign in (-1, 1):
        most = (sign * target).masked_fill(~valid, -torch.inf)
        for side in ((2 * EDGE_RADIUS + 1, 1), (1, 2 * EDGE_RADIUS + 1)):
            most = functional.max_pool2d(most, side, 1, (side[0] // 2, side[1] // 2))
        ends.append(sign * most[places])
    known = functional.pad(
        target.masked_fill(~valid, torch.nan), [EDGE_RADIUS] * 4, value=torch.nan
    )
    return EdgeZone(distance, near, places, ends[0], ends[1], known)


def _edge_squares(
    pred: Tensor, target: Tensor, valid: Tensor, step: float, zone: EdgeZone | None = None
) -> Tally:
    _check(pred, target, valid)
    return _squares(pred, target, (zone or edge_zone(target, valid, step)).near)


def edge_rmse(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    step: float,
    zone: EdgeZone | None = None,
) -> Float[Tensor, ""]:
    """Return the RMSE over the valid pixels within 4 pixels of the truth's edges; NaN for none.

    Args:
        pred: The prediction.
        target: The truth.
        valid: Which pixels count.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit;
            see `edge_distance`.
        zone: `edge_zone` of the same truth, where it is there already: that saves time.

    Raises:
        DepthError: If the shapes differ, or the step is not positive.
    """
    return _edge_squares(pred, target, valid, step, zone).mean().sqrt()


def _flying(
    pred: Tensor, target: Tensor, valid: Tensor, step: float, zone: EdgeZone | None = None
) -> Tally:
    _check(pred, target, valid)
    zone = zone or edge_zone(target, valid, step)
    lowest, highest, value = zone.lowest, zone.highest, pred[zone.places]
    margin = _ON_A_SURFACE * (highest - lowest)
    flying = (value - lowest > margin) & (highest - value > margin)
    # Only these may be far from all truths of their window.
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
    return _tally(flying)


def flying_pixel_rate(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    step: float,
    zone: EdgeZone | None = None,
) -> Float[Tensor, ""]:
    """Return the share of predictions near edges that hang between two surfaces, on neither.

    Of the valid pixels within 4 pixels of an edge of the truth (`edge_distance`), those count
    whose prediction lies between the lowest and the highest valid truth of the 9×9 pixels around,
    and further than a fifth of their difference from each of those 81 truths. So an edge that is
    sharp but a few pixels off has none, a value on a slanted surface between the two is on a
    surface, and blurred edges have as many as their ramps are long. A point cloud shows such
    pixels as veils between objects; the name is that of time-of-flight sensing, where pixels
    that see two surfaces do the same (Reynolds et al., CVPR 2011). That the neighbourhood's own
    truths say what a surface is, and its own range the scale, is our choice: it needs no camera
    and no threshold in metres.

    Args:
        pred: The prediction.
        target: The truth.
        valid: Which pixels count.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit.
        zone: `edge_zone` of the same truth, where it is there already: that saves time.

    Returns:
        0…1; NaN where no pixel is near an edge.

    Raises:
        DepthError: If the shapes differ, or the step is not positive.
    """
    return _flying(pred, target, valid, step, zone).mean()


def _similarities(pred: Tensor, target: Tensor, valid: Tensor, data_range: float) -> Tally:
    _check(pred, target, valid)
    _check_positive("data_range", data_range)
    size = 2 * _SSIM_RADIUS + 1
    if min(pred.shape[-2:]) < size:
        return _tally(pred[:0])
    x, y = (torch.where(valid, z, 0).double() for z in (pred, target))
    low, high = (k * data_range for k in _SSIM_CONSTANTS)
    x_mean, y_mean, x_square, y_square, product = map(_window_means, (x, y, x * x, y * y, x * y))
    variances = x_square - x_mean**2 + y_square - y_mean**2
    covariance = product - x_mean * y_mean
    alike = (2 * x_mean * y_mean + low**2) / (x_mean**2 + y_mean**2 + low**2)
    alike = alike * (2 * covariance + high**2) / (variances + high**2)
    whole = -functional.max_pool2d(-valid.float(), size, 1) > 0
    return _tally(alike[whole])


def _window_means(values: Tensor) -> Tensor:
    """Return the Gaussian mean of every whole window.

    Sums of shifted maps: torch's convolution takes a hundred times as long in float64.
    """
    places = torch.arange(-_SSIM_RADIUS, _SSIM_RADIUS + 1, dtype=torch.float64)
    weights = torch.exp(-((places / _SSIM_DEVIATION) ** 2) / 2)
    for axis in (-2, -1):
        length = values.shape[axis] - 2 * _SSIM_RADIUS
        means = torch.zeros_like(values.narrow(axis, 0, length))
        for k, weight in enumerate((weights / weights.sum()).tolist()):
            means.add_(values.narrow(axis, k, length), alpha=weight)
        values = means
    return values


def ssim(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    data_range: float,
) -> Float[Tensor, ""]:
    """Return the structural similarity, averaged over the 11×11 windows that are wholly valid.

    Returns:
        At most 1; NaN where no window is wholly valid.

    Raises:
        DepthError: If the shapes differ, or the range is not positive.

    Source:
        Wang et al., TIP 2004.
    """
    return _similarities(pred, target, valid, data_range).mean()


class _Tallied(Metric):
    """Keep a tally over batches and processes."""

    is_differentiable = False
    higher_is_better = False
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, tally: Callable[..., Tally], numbers: dict[str, float], **options: Any):
        super().__init__(**options)
        for name, number in numbers.items():
            _check_positive(name, number)
        self._of, self._numbers = tally, numbers
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, pred: Tensor, target: Tensor, valid: Tensor) -> None:
        """Add a batch, b 1 h w."""
        tally = self._of(pred, target, valid, **self._numbers)
        self.total += tally.total
        self.count += tally.pixels

    def compute(self) -> Tensor:
        """Return the mean; NaN before the first pixel that counts."""
        return Tally(self.total, self.count).mean()


class MaskedRMSE(_Tallied):
    """`rmse` over all batches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(_squares, {}, **options)

    def compute(self) -> Tensor:
        """Return the error; NaN before the first valid pixel."""
        return super().compute().sqrt()


class MaskedMAE(_Tallied):
    """`mae` over all batches."""

    def __init__(self, **options: Any) -> None:
        super().__init__(_sizes, {}, **options)


class MaskedBadPixelRate(_Tallied):
    """`bad_pixel_rate` over all batches."""

    def __init__(self, threshold: float = 1.0, **options: Any) -> None:
        super().__init__(_bad, {"threshold": threshold}, **options)


class MaskedPSNR(_Tallied):
    """`psnr` of the error over all batches."""

    higher_is_better = True

    def __init__(self, data_range: float, **options: Any) -> None:
        super().__init__(_squares, {}, **options)
        _check_positive("data_range", data_range)
        self.data_range = data_range

    def compute(self) -> Tensor:
        """Return the ratio in dB; NaN before the first valid pixel."""
        return 20 * torch.log10(self.data_range / super().compute().sqrt())


class EdgeRMSE(_Tallied):
    """`edge_rmse` over all batches."""

    def __init__(self, step: float, **options: Any) -> None:
        super().__init__(_edge_squares, {"step": step}, **options)

    def compute(self) -> Tensor:
        """Return the error; NaN before the first pixel near an edge."""
        return super().compute().sqrt()


class FlyingPixelRate(_Tallied):
    """`flying_pixel_rate` over all batches."""

    def __init__(self, step: float, **options: Any) -> None:
        super().__init__(_flying, {"step": step}, **options)


class MaskedSSIM(_Tallied):
    """`ssim` over all batches."""

    higher_is_better = True

    def __init__(self, data_range: float, **options: Any) -> None:
        super().__init__(_similarities, {"data_range": data_range}, **options)
