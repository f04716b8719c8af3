"""Metrics of surfaces away from edges."""

from __future__ import annotations

from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from dsdmsr.metrics.edges import edge_distance
from dsdmsr.metrics.tally import Tally, check_positive, check_shapes, tally

__all__ = ["SURFACE", "grain", "roughness", "roughness_squares", "smooth_surfaces"]

SURFACE = (6, 24)
"""Pixels from the nearest edge within which a pixel counts as on a surface beside it: nearer ones
see the edge, and further ones are mostly flat."""

_SMOOTH = 1 / 8
"""Share of a level by which a smooth truth differs from its mean over 3×3 pixels at most."""


def roughness_squares(
    pred: Tensor,
    target: Tensor,
    valid: Tensor,
    level: float,
    step: float,
    distance: Int[Tensor, "b 1 h w"] | None = None,
) -> Tally:
    """Return the tally of squared differences from surroundings; see `roughness`."""
    check_shapes(pred, target, valid)
    if distance is None:
        distance = edge_distance(target, valid, step, SURFACE[1] + 1)
    on_surface = smooth_surfaces(target, valid, level, distance) & (distance <= SURFACE[1])
    return tally(grain(pred)[on_surface].square())


def smooth_surfaces(
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    level: float,
    distance: Int[Tensor, "b 1 h w"],
) -> Bool[Tensor, "b 1 h w"]:
    """Return the pixels at least 6 from an edge that are on smooth surfaces; see `roughness`.

    Args:
        target: The ground truth.
        valid: Which of its pixels are valid.
        level: A grey level, or a 255th of the range of maps in other units.
        distance: `edge_distance` of the ground truth, with a limit of 6 or more.

    Raises:
        DepthError: If the level is not positive.

    Example:
        >>> import torch
        >>> target = torch.ones(1, 1, 3, 16)
        >>> target[..., 8:] = 5
        >>> valid = torch.ones_like(target, dtype=torch.bool)
        >>> distance = edge_distance(target, valid, step=1, limit=6)
        >>> smooth_surfaces(target, valid, 1, distance).sum(-1)[0, 0].tolist()
        [0, 2, 0]
    """
    check_positive("level", level)
    unknown = functional.pad((~valid).float(), (1, 1, 1, 1), value=1)
    whole = functional.max_pool2d(unknown, 3, 1) == 0
    smooth = grain(target).abs() <= _SMOOTH * level
    return whole & smooth & (distance >= SURFACE[0])


def grain(depth: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 1 h w"]:
    """Return each pixel less its mean over 3×3 pixels, which isn't one in the outermost pixels.

    Example:
        >>> import torch
        >>> depth = torch.tensor([[[[0.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 0.0]]]])
        >>> float(grain(depth)[0, 0, 1, 1])
        8.0
    """
    return depth - functional.avg_pool2d(depth, 3, 1, 1)


def roughness(
    pred: Float[Tensor, "b 1 h w"],
    target: Float[Tensor, "b 1 h w"],
    valid: Bool[Tensor, "b 1 h w"],
    level: float,
    step: float,
    distance: Int[Tensor, "b 1 h w"] | None = None,
) -> Float[Tensor, ""]:
    """Return the RMS of a prediction less its mean over 3×3 pixels, on smooth surfaces.

    Those are the pixels 6 to 24 pixels from an edge of the ground truth (`edge_distance`) whose
    3×3 pixels are all valid, and where the ground truth differs from its own mean over these by an
    eighth of a level at most. Planes have none, whatever their slope; grain, hatching and steps of
    whole levels have, though an RMSE, which edges rule, hardly shows them, and shaded pictures do.
    A prediction is as rough as its ground truth at best: give `target` as `pred` for that.

    Args:
        pred: The prediction.
        target: The ground truth.
        valid: Which pixels count.
        level: A grey level, or a 255th of the range of maps in other units.
        step: What the difference of two neighbours must exceed to be an edge, in the map's unit.
        distance: `edge_distance` of the same ground truth, with a limit of 25 or more, if it is
            computed already: that saves time.

    Returns:
        In the map's unit; NaN where no pixel is on a smooth surface.

    Raises:
        DepthError: If the shapes differ, or the level or the step is not positive.

    Source:
        Our own; the mean over 3×3 pixels is taken away as Immerkær takes a Laplacian's weights to
        estimate noise ("Fast noise variance estimation", Computer Vision and Image Understanding
        64(2), 1996).

    Example:
        >>> import torch
        >>> target = torch.ones(1, 1, 9, 40)
        >>> target[..., 20:] = 5
        >>> valid = torch.ones_like(target, dtype=torch.bool)
        >>> grain = (-1.0) ** torch.arange(40)
        >>> round(float(roughness(target + 0.03 * grain, target, valid, level=1, step=1)), 3)
        0.04
    """
    return roughness_squares(pred, target, valid, level, step, distance).mean().sqrt()
