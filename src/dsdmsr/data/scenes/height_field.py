"""Intersections of rays with a height field of sine waves."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dsdmsr.data.scenes.rays import Rays, within_cube
from dsdmsr.data.scenes.solids import WAVES

__all__ = ["hit_height_field"]

_STEPS = (4, 8, 16, 32, 64, 128)
_FALSE_POSITION_STEPS = 8
_TAYLOR = [(-1.0) ** k / math.factorial(2 * k + 1) for k in range(9, -1, -1)]


def hit_height_field(rays: Rays) -> Tensor:
    """Return where rays hit the surface z = Σ aₖ·sin(uₖ·x + vₖ·y + φₖ), Σ|aₖ| ≤ 1.

    The shape holds (a, u, v, φ) of each wave. The first change of sign between equal steps, in
    which no wave turns by more than half a radian (or that are 128), is narrowed by false
    position down to the last digits.
    """

    def hit(rays: Rays, entry: Tensor, leave: Tensor) -> Tensor:
        rates = torch.stack([rate.abs() for _, _, rate in _waves(rays)])
        turn = rates.amax(0) * (leave - entry)
        result = torch.full_like(entry, torch.inf)
        least = 0.0
        for count in _STEPS:
            most = count / 2 if count < _STEPS[-1] else torch.inf
            places = torch.nonzero((turn >= least) & (turn < most)).squeeze(1)
            least = most
            if len(places):
                result[places] = _first_crossing(
                    rays.select(places), entry[places], leave[places], count
                )
        return result

    return within_cube(rays, hit)


def _first_crossing(rays: Rays, entry: Tensor, leave: Tensor, count: int) -> Tensor:
    """Return where rays first meet a height field, looked for in `count` equal steps."""
    step = (leave - entry) / count
    # Along a ray a wave's argument grows by equal steps: turn (sine, cosine) instead.
    turning = []
    for strength, begin, rate in _waves(rays):
        angle, turn = begin + rate * entry, rate * step
        turning.append(
            [
                strength * _sine(angle),
                strength * _sine(angle + math.pi / 2),
                _sine(turn),
                _sine(turn + math.pi / 2),
            ]
        )
    height = rays.origin[2] + entry * rays.direction[2]
    rise = step * rays.direction[2]
    before = height - sum(wave[0] for wave in turning)
    low, at_low, at_high = entry, before, before
    met = torch.zeros_like(entry, dtype=torch.bool)
    for k in range(1, count + 1):
        height = height + rise
        for wave in turning:
            sine, cosine, turn_sine, turn_cosine = wave
            wave[0] = sine * turn_cosine + cosine * turn_sine
            wave[1] = cosine * turn_cosine - sine * turn_sine
        after = height - sum(wave[0] for wave in turning)
        crossed = ~met & ((before > 0) != (after > 0))
        low = torch.where(crossed, entry + (k - 1) * step, low)
        at_low = torch.where(crossed, before, at_low)
        at_high = torch.where(crossed, after, at_high)
        met = met | crossed
        before = after
    result = torch.full_like(entry, torch.inf)
    places = torch.nonzero(met).squeeze(1)
    low = low[places]
    result[places] = _false_position(
        rays.select(places), low, low + step[places], at_low[places], at_high[places]
    )
    return result


def _sine(x: Tensor) -> Tensor:
    """Return sin x by correctly rounded operations alone, so that it is the same everywhere.

    Whole half turns are taken off, π in two parts; what is left goes through the Taylor series.
    """
    turns = torch.round(x * (1 / math.pi))
    rest = (x - turns * 3.140625) - turns * 9.676535897932385e-4
    square = rest * rest
    series = torch.full_like(square, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        series = series * square + coefficient
    return torch.where(turns.remainder(2) == 0, rest * series, -rest * series)


def _waves(rays: Rays) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Return strength, beginning and rate of each wave along the rays."""
    (x, y, _), (p, q, _) = rays.origin, rays.direction
    waves = []
    for k in range(WAVES):
        strength, u, v, phase = (rays.shape(4 * k + j) for j in range(4))
        waves.append((strength, u * x + v * y + phase, u * p + v * q))
    return waves


def _false_position(
    rays: Rays, low: Tensor, high: Tensor, at_low: Tensor, at_high: Tensor
) -> Tensor:
    """Return where rays meet a height field, between `low` and `high` on its two sides.

    Source:
        The Illinois rule: Dowell, Jarratt: "A modified regula falsi method", BIT 1971.
    """
    z, r = rays.origin[2], rays.direction[2]
    side = torch.where(at_low > 0, 1.0, -1.0)
    at_low, at_high = at_low * side, at_high * side
    waves = _waves(rays)
    for _ in range(_FALSE_POSITION_STEPS):
        t = (low * at_high - high * at_low) / (at_high - at_low)
        t = torch.where((t >= low) & (t <= high), t, (low + high) / 2)
        height = z + t * r - sum(a * _sine(begin + rate * t) for a, begin, rate in waves)
        value = height * side
        above = value > 0
        low, high = torch.where(above, t, low), torch.where(above, high, t)
        at_low = torch.where(above, value, at_low / 2)
        at_high = torch.where(above, at_high / 2, value)
    return high
