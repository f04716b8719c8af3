"""Depth-field statistics: a prediction that agrees with its input, and is smooth between edges.

The refined map u, and with it a field v of slopes, minimise::

    E(u, v) = t/2 Σ (u - f)²  +  Σ α h(|∇u - v|)  +  Σ 2α h(|𝓔v|)
    subject to  |D u - y| ≤ τ  at every pixel of the low-resolution map,

where y is the low-resolution map and f the network's prediction, both scaled to 0…1; t is how far f
is trusted (1, or 0 for none); ∇ are forward differences, and 𝓔 their symmetric part, of slopes; h
is the absolute value, rounded off below a thousandth (Huber's function); D is the degradation by
which y came. The second and third term are total generalised variation: planes cost nothing,
whatever their slope, and a step costs its height, however sharp it is. The prediction is trusted
alike everywhere. Trust that falls with the error that the network expects has been tried: it leaves
edges, where errors are expected, to the smoothness, which rounds them off.

Without noise, the slack τ is 0, so that D u is y, and α is 0.01. With noise of standard deviation
σ, τ is 6σ; or, where σ is an estimate, six times the root of the mean of (D f - y)² around the
pixel, if that is more, since sensors' noise isn't alike everywhere. Without trust α is then
0.01 + 4σ. With it, α is 4κ + σw at each high-resolution pixel: κ is what D f has kept of the noise,
beyond a tenth; and w is exp(-(g / 0.08σ)²), g the largest |∇f| within four low-resolution pixels.
Edges in the prediction are left as they are, and what is even becomes more so. And where predicted
values lie between two surfaces, in the middle three fifths of what the 5×5 pixels around span, and
that is more than σ, f is the prediction moved away from the middle of the span, by 1.2 % of its
distance from there: the network predicts the mean of what may be, which is often on neither
surface.

Source:
    Song, Dai, Qin (arXiv 1808.08688) end with "depth field statistics"; which, they leave open.
    Bredies, Kunisch, Pock: "Total generalized variation", SIAM J. Imaging Sciences 3(3), 2010;
    the algorithm: Chambolle and Pock, J. Mathematical Imaging and Vision 40, 2011, with the
    diagonal preconditioning of Pock and Chambolle, ICCV 2011.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dsdmsr.depth.estimate import estimate_noise
from dsdmsr.metrics.windows import window_extreme
from dsdmsr.upscaling import operators as ops
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.refinement import CONTEXT, Averaging, Refinement
from dsdmsr.upscaling.window import Window

__all__ = ["Refined", "energy", "refine", "refined_prediction"]

_SMOOTHNESS = 0.01
"""α without noise."""
_PER_NOISE = 4.0
"""What α grows by with each standard deviation of noise."""
_SLACK = 6.0
"""τ in standard deviations: hardly a pixel of a map is off by more."""
_EVEN, _EVEN_SLOPE = 1.0, 0.08
"""What α grows by where a prediction is even, and what slopes it has there, in deviations."""
_KEPT_FREE = 0.1
"""Share of the noise that a prediction may keep without being smoothed for it."""
_EDGE_RADIUS = 4
"""Low-resolution pixels beside an edge that are left as they are."""
_MOVE = 0.012
"""By how much of its distance from the middle between two surfaces a value is moved to one."""
_BETWEEN = 0.3
"""How far from that middle values between surfaces lie, as a share of the span."""
_SPAN_RADIUS = 2
"""Pixels around one that show what surfaces there are."""
_NOISE_RADIUS = 8
"""Low-resolution pixels around one of which the noise is taken to be as strong."""
_BALANCE = 0.5
"""Size of primal steps relative to dual ones."""
_LEAST_NOISE = 1e-30  # of the range
_MISSED_MAX = 2e-4
"""By how much the low-resolution map may be missed, beyond the slack, at the end."""
_CHANGE_MAX = 5e-6
"""Mean change of an iteration below which the map has come to rest."""
_CHECK_EVERY = 10
"""Iterations between two checks of that."""
_EVEN_MIN = 1e-4  # of w, which divides
_CUT = 2
"""Low-resolution pixels at a cut, where D would look beyond it, that don't count."""


class Refined(NamedTuple):
    """Hold a solution and how it was reached."""

    depth: Float[Tensor, "H W"]
    slopes: Float[Tensor, "2 H W"]
    iterations: int
    missed: float
    """The largest difference from the low-resolution map, beyond the slack."""


def refine(
    pred: Float[Tensor, "H W"],
    lr_depth: Float[Tensor, "h w"],
    scale: int,
    *,
    noise: float = 0.0,
    degradation: Averaging = "bicubic",
    trust: float = 1.0,
    uniform: bool = True,
    region: Window | None = None,
    most: int = 500,
) -> Refined:
    """Return the map that minimises the energy, by a primal-dual algorithm.

    It ends when the low-resolution map is missed by no more than 2·10⁻⁴ of its range beyond the
    slack and the mean change of an iteration is below 5·10⁻⁶, or after `most` iterations.

    Args:
        pred: The prediction: the start, and what the result stays near to if it is trusted.
        lr_depth: The low-resolution map, of a range of about 0…1.
        scale: How many times larger `pred` is.
        noise: σ, the standard deviation of the low-resolution map's noise.
        degradation: The degradation by which it came.
        trust: The weight t of the prediction.
        uniform: Whether the noise is that strong everywhere; else at least that.
        region: The part of the low-resolution map that counts. Default: all of it.
        most: Iterations at the most.
    """
    solver = _Solver(pred, lr_depth, scale, noise, degradation, trust, uniform, region)
    for iteration in range(1, most + 1):
        before = solver.step()
        if iteration % _CHECK_EVERY == 0 or iteration == most:
            missed = solver.missed()
            if missed <= _MISSED_MAX and float((solver.u - before).abs().mean()) <= _CHANGE_MAX:
                break
    return Refined(solver.u, solver.v, iteration, missed)


class _Solver:
    """The primal-dual iteration; arguments as for `refine`.

    Without noise, each iterate is moved to the nearest map whose degradation is y; with noise, the
    constraint has dual variables.
    """

    def __init__(
        self,
        pred: Tensor,
        lr_depth: Tensor,
        scale: int,
        noise: float,
        degradation: Averaging,
        trust: float,
        uniform: bool,
        region: Window | None,
    ) -> None:
        whole = Window(0, lr_depth.shape[0], 0, lr_depth.shape[1])
        region = region or whole
        self._down = down = ops.Downsampling(pred, scale, degradation, region)
        self._f = f = _moved_to_surfaces(pred, noise, trust)
        self._y = y = region.of(lr_depth, whole)
        degraded = down(f)
        self._trust, self._exact = trust, noise == 0
        self._alpha = _alpha(f, degraded, scale, noise, trust)
        slack = _slack(y - degraded, noise, uniform)
        self._low, self._high = y - slack, y + slack
        # Steps: one over the sums of a column's, or a row's, absolute weights.
        self._step_u = _BALANCE / (4 if self._exact else 4 + down.sums(0))
        self._step_v = _BALANCE / (3 + 2 * ops.HALF_ROOT)
        self._step_p, self._step_q = 1 / (3 * _BALANCE), 1 / (4 * ops.HALF_ROOT * _BALANCE)
        self._step_r = 1 / (down.sums(1) * _BALANCE)
        self.u, self.v = f.clone(), f.new_zeros(2, *f.shape)
        self._p, self._q = torch.zeros_like(self.v), f.new_zeros(3, *f.shape)
        self._r = torch.zeros_like(y)

    def step(self) -> Tensor:
        """Do an iteration; return the map before it."""
        u, v, p, q = self.u, self.v, self._p, self._q
        pull = ops.gradient_transposed(p)
        if not self._exact:
            pull = pull + self._down.transposed(self._r)
        next_u = u - self._step_u * (pull - self._trust * self._f)
        next_u = next_u / (1 + self._step_u * self._trust)
        if self._exact:
            next_u = self._down.nearest(next_u, self._y)
        next_v = v - self._step_v * (ops.bending_transposed(q) - p)
        ahead_u, ahead_v = 2 * next_u - u, 2 * next_v - v
        p = p + self._step_p * (ops.gradient(ahead_u) - ahead_v)
        self._p = ops.nearest_dual(p, self._alpha, self._step_p)
        q = q + self._step_q * ops.bending(ahead_v)
        self._q = ops.nearest_dual(q, 2 * self._alpha, self._step_q)
        if not self._exact:
            wanted = self._r / self._step_r + self._down(ahead_u)
            self._r = self._step_r * (wanted - wanted.clamp(self._low, self._high))
        self.u, self.v = next_u, next_v
        return u

    def missed(self) -> float:
        """Return the largest difference from the low-resolution map, beyond the slack."""
        degraded = self._down(self.u)
        return float((degraded - degraded.clamp(self._low, self._high)).abs().max())


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
    """Return the refined prediction for a window of a map: 1 c H W, its first channel refined.

    The rest of the map changes it a little: each window ends when it has come to rest by itself.

    Args:
        predict: What predicts it, `CONTEXT` low-resolution pixels around the window, too.
        lr_depth: The whole low-resolution map, 1 1 h w, of range 0…1.
        scale: The factor.
        window: The window, in low-resolution pixels.
        refinement: How it is refined.
        noise: Standard deviation of the low-resolution map's noise.
        errors: Whether to return the expected errors, too.
    """
    outer = window.grown(CONTEXT, *lr_depth.shape[-2:])
    pred = torch.from_numpy(predict(outer, errors=errors))
    part = lr_depth[0, 0, outer.top : outer.bottom, outer.left : outer.right]
    solved = refine(
        pred[0, 0],
        torch.from_numpy(np.ascontiguousarray(part)),
        scale,
        noise=noise if noise >= _LEAST_NOISE else 0.0,
        degradation=refinement.degradation,
        uniform=refinement.noise is not None,
        region=_uncut(outer, *lr_depth.shape[-2:]),
    )
    pred[0, 0] = solved.depth
    return np.asarray(window.scaled(scale).of(pred, outer.scaled(scale)).numpy())


def _uncut(part: Window, height: int, width: int) -> Window:
    """Return what counts of a part of a map, as a window of the part: not what is beside cuts."""
    top, bottom, left, right = part
    return Window(
        _CUT * (top > 0),
        bottom - top - _CUT * (bottom < height),
        _CUT * (left > 0),
        right - left - _CUT * (right < width),
    )


def energy(
    refined: Refined,
    pred: Float[Tensor, "H W"],
    lr_depth: Float[Tensor, "h w"],
    scale: int,
    *,
    noise: float = 0.0,
    degradation: Averaging = "bicubic",
    trust: float = 1.0,
) -> float:
    """Return E of a solution; arguments as for `refine`."""
    whole = Window(0, lr_depth.shape[0], 0, lr_depth.shape[1])
    f = _moved_to_surfaces(pred, noise, trust)
    degraded = ops.Downsampling(f, scale, degradation, whole)(f)
    alpha = _alpha(f, degraded, scale, noise, trust)
    u, v = refined.depth.double(), refined.slopes.double()
    near = trust / 2 * (u - f).square().sum()
    smoothness = ops.huber(ops.gradient(u) - v) + 2 * ops.huber(ops.bending(v))
    return float(near + (alpha * smoothness).sum())


def _moved_to_surfaces(pred: Tensor, noise: float, trust: float) -> Tensor:
    """Return f: the prediction; with noise, values between two surfaces moved from the middle."""
    if not (noise and trust):
        return pred
    lowest = window_extreme(pred, _SPAN_RADIUS, "min")
    highest = window_extreme(pred, _SPAN_RADIUS, "max")
    span, off = highest - lowest, pred - (highest + lowest) / 2
    between = (span > noise) & (off.abs() < _BETWEEN * span)
    return torch.where(between, pred + _MOVE * off, pred)


def _alpha(f: Tensor, degraded: Tensor, scale: int, noise: float, trust: float) -> Tensor:
    """Return α at each pixel of the prediction f, whose degradation is given; or one for all."""
    if not (noise and trust):
        return f.new_tensor(_SMOOTHNESS + _PER_NOISE * noise)
    kept = estimate_noise(degraded.cpu().numpy(), np.ones(degraded.shape, dtype=bool)) or 0.0
    kept = max(0.0, min(kept, noise) - _KEPT_FREE * noise)
    slope = ops.gradient(f).square().sum(0).sqrt()
    steepest = window_extreme(slope, _EDGE_RADIUS * scale, "max")
    even = torch.exp(-((steepest / (_EVEN_SLOPE * noise)) ** 2)).clamp(min=_EVEN_MIN)
    return _PER_NOISE * kept + _EVEN * noise * even


def _slack(missed: Tensor, noise: float, uniform: bool) -> Tensor:
    """Return τ at each low-resolution pixel; `missed` is how far the degraded f is from y."""
    if uniform or not noise:
        return missed.new_tensor(_SLACK * noise)
    squares, side = missed.square()[None, None], 2 * _NOISE_RADIUS + 1
    mean = functional.avg_pool2d(squares, side, 1, _NOISE_RADIUS, count_include_pad=False)[0, 0]
    return _SLACK * mean.sqrt().clamp(min=noise)
