"""Depth-field statistics: an answer that agrees with its input, and is smooth between edges.

The refined map u, and with it a field v of slopes, minimise::

    E(u, v) = t/2 Σ (u - f)²  +  Σ α h(|∇u - v|)  +  Σ 2α h(|𝓔v|)
    subject to  |D u - y| ≤ τ  at every pixel of the small map,

where y is the small map and f the network's answer, both scaled to 0…1; t is how far f is trusted
(1, or 0 for none); ∇ are forward differences, and 𝓔 their symmetric part, of slopes; h is the
absolute value, rounded off below a thousandth (Huber's function); D makes maps small as y was made.
The second and third term are total generalised variation: planes cost nothing, whatever their
slope, and a step costs its height, however sharp it is.
The answer is trusted alike everywhere. Trust that falls with the errors that the network expects
has been tried: it leaves edges, where they are expected, to the smoothness, which rounds them off.

Without noise, the slack τ is 0, so that D u is y, and α is 0.01. With noise of standard deviation
σ, τ is 6σ; or, where σ is an estimate, six times the root of the mean of (D f - y)² around the
pixel, if that is more, since sensors' noise isn't alike everywhere. Without trust α is then
0.01 + 4σ. With it, α is 4κ + σw at each pixel of the large map: κ is what D f has kept of the
noise, beyond a tenth; and w is exp(-(g / 0.08σ)²), g the largest |∇f| around, four small pixels
far. What the answer shows as an edge is left as it is, and what is even is made more so. And where
values of the answer hang between two surfaces, in the middle three fifths of what the 5×5 pixels
around span, and that is more than σ, f is the answer moved away from the middle of the span, by
1.2 % of its distance from there: the network gives the mean of what may be, which is often on
neither surface.

Source:
    Song, Dai, Qin (arXiv 1808.08688) end with "depth field statistics"; which, they leave open.
    Bredies, Kunisch, Pock: "Total generalized variation", SIAM J. Imaging Sciences 3(3), 2010;
    the algorithm: Chambolle and Pock, J. Mathematical Imaging and Vision 40, 2011, with the
    diagonal preconditioning of Pock and Chambolle, ICCV 2011.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dsdmsr.depth.estimate import estimate_noise
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.operators import (
    HALF_ROOT,
    Reduction,
    bending,
    bending_transposed,
    gradient,
    gradient_transposed,
)
from dsdmsr.upscaling.refinement import CONTEXT, Averaging, Refinement
from dsdmsr.upscaling.window import Window

__all__ = ["Refined", "energy", "refine", "refined_prediction"]

_SMOOTHNESS = 0.01
"""α without noise."""
_PER_NOISE = 4.0
"""What α grows by with each standard deviation of noise."""
_SLACK = 6.0
"""τ in standard deviations: of a map's pixels, hardly one misses the truth by more."""
_EVEN, _SLOPE = 1.0, 0.08
"""What α grows by where an answer is even, and what slopes it has there, in deviations."""
_HARDLY = 0.1
"""Share of the noise that an answer may keep without being smoothed for it."""
_BESIDE = 4
"""Small pixels beside an edge that are left as it is."""
_APART = 0.012
"""By how much of its distance from the middle between two surfaces a value is moved to one."""
_HANGING = 0.3
"""How far from that middle values hang, as a share of the span."""
_SPANNED = 2
"""Pixels around one that say what surfaces there are."""
_LIKE = 8
"""Small pixels around one of which the noise is taken to be as strong."""
_ROUNDED = 1e-3
"""Where h turns from a parabola to the absolute value."""
_BALANCE = 0.5
"""Size of primal steps relative to dual ones."""
_CLOSE = 2e-4
"""By how much the small map may be missed, beyond the slack, at the end."""
_STILL = 5e-6
"""Mean change of an iteration below which the map has come to rest."""
_EACH = 10
"""Iterations between two looks at that."""
_LEAST = 1e-4
"""Of w, which divides."""
_CUT = 2
"""How many small pixels at a cut, where D would look beyond it, are not heeded."""


class Refined(NamedTuple):
    """Hold a solution and how it was come by."""

    depth: Float[Tensor, "H W"]
    slopes: Float[Tensor, "2 H W"]
    iterations: int
    missed: float
    """The largest difference from the small map, beyond the slack."""


def refine(
    answer: Float[Tensor, "H W"],
    lr_depth: Float[Tensor, "h w"],
    scale: int,
    *,
    noise: float = 0.0,
    degradation: Averaging = "bicubic",
    trust: float = 1.0,
    uniform: bool = True,
    heeded: Window | None = None,
    most: int = 500,
) -> Refined:
    """Return the map that minimises the energy, by a primal-dual algorithm.

    Without noise, each iterate is moved to the nearest map that D makes y of; with noise, the
    constraint has dual variables. It ends when the small map is missed by no more than 2·10⁻⁴ of
    its range beyond the slack and the mean change of an iteration is below 5·10⁻⁶, or after `most`
    iterations.

    Args:
        answer: The large map to begin from, and to stay near to if it is trusted; the small map
            must have a range of about 0…1.
        lr_depth: The small map.
        scale: How many times larger `answer` is.
        noise: σ, the standard deviation of the small map's noise.
        degradation: How the small map was made from the large one.
        trust: The weight t of the answer.
        uniform: Whether the noise is that strong everywhere; else at least that.
        heeded: Which part of the small map counts. Default: all of it.
        most: Iterations at the most.
    """
    heeded = heeded or Window(0, lr_depth.shape[0], 0, lr_depth.shape[1])
    made = Reduction(answer, scale, degradation, heeded)
    answer = _apart(answer, noise, trust)
    lr_depth = lr_depth[heeded.top : heeded.bottom, heeded.left : heeded.right]
    again = made(answer)
    alpha, exact = _alpha(answer, again, scale, noise, trust), noise == 0
    slack = _slack(lr_depth - again, noise, uniform)
    low, high = lr_depth - slack, lr_depth + slack
    # Steps: one over the sums of a column's, or a row's, absolute weights.
    step_u = _BALANCE / (4 if exact else 4 + made.sums(0))
    step_v = _BALANCE / (3 + 2 * HALF_ROOT)
    step_p, step_q = 1 / (3 * _BALANCE), 1 / (4 * HALF_ROOT * _BALANCE)
    step_r = 1 / (made.sums(1) * _BALANCE)
    u, v = answer.clone(), answer.new_zeros(2, *answer.shape)
    p, q, r = torch.zeros_like(v), answer.new_zeros(3, *answer.shape), torch.zeros_like(lr_depth)
    missed = inf
    for iteration in range(1, most + 1):
        pull = gradient_transposed(p) if exact else gradient_transposed(p) + made.back(r)
        next_u = (u - step_u * (pull - trust * answer)) / (1 + step_u * trust)
        if exact:
            next_u = made.nearest(next_u, lr_depth)
        next_v = v - step_v * (bending_transposed(q) - p)
        ahead_u, ahead_v = 2 * next_u - u, 2 * next_v - v
        p = _within(p + step_p * (gradient(ahead_u) - ahead_v), alpha, step_p)
        q = _within(q + step_q * bending(ahead_v), 2 * alpha, step_q)
        if not exact:
            wanted = r / step_r + made(ahead_u)
            r = step_r * (wanted - wanted.clamp(low, high))
        u, last, v = next_u, u, next_v
        if iteration % _EACH == 0 or iteration == most:
            small = made(u)
            missed = float((small - small.clamp(low, high)).abs().max())
            if missed <= _CLOSE and float((u - last).abs().mean()) <= _STILL:
                break
    return Refined(u, v, iteration, missed)


def refined_prediction(
    predict: Predictor,
    lr_depth: NDArray[np.float32],
    scale: int,
    window: Window,
    refinement: Refinement,
    noise: float,
    *,
    errors: bool = False,
) -> NDArray[np.float32]:
    """Return the refined answer for a part of a map.

    It is solved with as much around it that the rest of the map hardly changes it.

    Args:
        predict: What predicts it, `CONTEXT` low-resolution pixels around the part, too.
        lr_depth: The whole small map, 1 1 h w, of range 0…1.
        scale: The factor.
        window: The part, in pixels of the small map.
        refinement: How it is refined.
        noise: Standard deviation of the small map's noise.
        errors: Whether to tell the errors expected, too.

    Returns:
        The part, 1 c H W, `scale` times as large; of its channels, the first is refined.
    """
    height, width = lr_depth.shape[-2:]
    outer = window.grown(CONTEXT, height, width)
    top, bottom, left, right = outer
    heeded = Window(
        _CUT * (top > 0),
        bottom - top - _CUT * (bottom < height),
        _CUT * (left > 0),
        right - left - _CUT * (right < width),
    )
    made = torch.from_numpy(predict(outer, errors=errors))
    solved = refine(
        made[0, 0],
        torch.from_numpy(np.ascontiguousarray(lr_depth[0, 0, top:bottom, left:right])),
        scale,
        noise=noise,
        degradation=refinement.degradation,
        uniform=refinement.noise is not None,
        heeded=heeded,
    )
    made[0, 0] = solved.depth
    return np.asarray(window.scaled(scale).of(made, outer.scaled(scale)).numpy())


def energy(
    refined: Refined,
    answer: Float[Tensor, "H W"],
    lr_depth: Float[Tensor, "h w"],
    scale: int,
    *,
    noise: float = 0.0,
    degradation: Averaging = "bicubic",
    trust: float = 1.0,
) -> float:
    """Return E of a solution; arguments as for `refine`."""
    whole = Window(0, lr_depth.shape[0], 0, lr_depth.shape[1])
    answer = _apart(answer, noise, trust)
    small = Reduction(answer, scale, degradation, whole)(answer)
    alpha = _alpha(answer, small, scale, noise, trust)
    u, v = refined.depth.double(), refined.slopes.double()
    near = trust / 2 * (u - answer).square().sum()
    first, second = _huber(gradient(u) - v), _huber(bending(v))
    return float(near + (alpha * (first + 2 * second)).sum())


def _apart(answer: Tensor, noise: float, trust: float) -> Tensor:
    """Return f: the answer; with noise, what hangs between two surfaces moved from their middle."""
    if not (noise and trust):
        return answer
    lowest, highest = -_largest_around(-answer, _SPANNED), _largest_around(answer, _SPANNED)
    span, off = highest - lowest, answer - (highest + lowest) / 2
    hanging = (span > noise) & (off.abs() < _HANGING * span)
    return torch.where(hanging, answer + _APART * off, answer)


def _largest_around(values: Tensor, radius: int) -> Tensor:
    """Return the largest value of the square around each pixel."""
    made, side = values[None, None], 2 * radius + 1
    made = functional.max_pool2d(made, (side, 1), 1, (radius, 0))
    return functional.max_pool2d(made, (1, side), 1, (0, radius))[0, 0]


def _alpha(answer: Tensor, small: Tensor, scale: int, noise: float, trust: float) -> Tensor:
    """Return α at each pixel of the answer, or for all of them.

    Args:
        answer: f.
        small: D f.
        scale: How many times larger f is.
        noise: σ.
        trust: t.
    """
    if not (noise and trust):
        return answer.new_tensor(_SMOOTHNESS + _PER_NOISE * noise)
    values = small.cpu().numpy()
    kept = estimate_noise(values, np.ones(values.shape, dtype=bool)) or 0.0
    kept = max(0.0, min(kept, noise) - _HARDLY * noise)
    steepest = _largest_around(gradient(answer).square().sum(0).sqrt(), _BESIDE * scale)
    even = torch.exp(-((steepest / (_SLOPE * noise)) ** 2)).clamp(min=_LEAST)
    return _PER_NOISE * kept + _EVEN * noise * even


def _slack(missed: Tensor, noise: float, uniform: bool) -> Tensor:
    """Return τ at each pixel of the small map; `missed` is how far the answer is from it."""
    if uniform or not noise:
        return missed.new_tensor(_SLACK * noise)
    around = functional.avg_pool2d(
        missed.square()[None, None],
        2 * _LIKE + 1,
        1,
        _LIKE,
        count_include_pad=False,
    )[0, 0].sqrt()
    return _SLACK * around.clamp(min=noise)


def _huber(field: Tensor) -> Tensor:
    length = field.square().sum(0).sqrt()
    return torch.where(length < _ROUNDED, length.square() / (2 * _ROUNDED), length - _ROUNDED / 2)


def _within(dual: Tensor, radius: Tensor, step: float) -> Tensor:
    """Return the proximal map of h's conjugate, scaled by `radius`."""
    dual = dual / (1 + step * _ROUNDED / radius)
    return dual / (dual.square().sum(0, keepdim=True).sqrt() / radius).clamp(min=1)
