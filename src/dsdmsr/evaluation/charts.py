"""Charts as SVG: bars against peers, and errors against the distance from an edge."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from html import escape

from dsdmsr.evaluation.report import Line

__all__ = ["bars", "falls", "profiles", "style_of"]

_WIDTH = 360
_BAR, _GAP, _TOP = 16, 6, 8
_NAMES = 128
"""Width that is kept for the methods' names."""
_COLOURS = ("#0b5cad", "#b3400e", "#3d6b21", "#6a3d9a", "#8a6100", "#444444", "#00716b", "#a3195b")
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "12 4", "4 2", "1 2", "10 2 2 2")


def _svg(height: float, label: str, inside: Sequence[str]) -> str:
    body = "\n".join(inside)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="{escape(label)}">\n'
        f"{body}\n</svg>"
    )


def bars(lines: Sequence[Line], scale: int, *, highlight: Collection[str], what: str) -> str:
    """Return horizontal bars of the methods' figures at a factor, the best first.

    Args:
        lines: The methods; those without a figure at this factor are left out.
        scale: The factor.
        highlight: The methods that stand out.
        what: What the figures are, for those who cannot see them.
    """
    found = [(value, line) for line in lines if (value := line.values.get(scale)) is not None]
    found.sort(key=lambda pair: pair[0])
    longest = max((value for value, _ in found), default=0.0) or 1.0
    room = _WIDTH - _NAMES - 48
    drawn = []
    for k, (value, line) in enumerate(found):
        y = _TOP + k * (_BAR + _GAP)
        kind = "ours" if line.method in highlight else "plain"
        if line.sees != "depth":
            kind = "colour"
        weight = ' class="strong"' if line.method in highlight else ""
        length = max(1.0, room * value / longest)
        drawn.append(
            f'<text x="{_NAMES - 6}" y="{y + 12}" text-anchor="end"{weight}>'
            f"{escape(line.method)}</text>"
            f'<rect x="{_NAMES}" y="{y}" width="{length:.1f}" height="{_BAR}" class="{kind}"/>'
            f'<text x="{_NAMES + length + 5:.1f}" y="{y + 12}"{weight}>{value:.3f}</text>'
        )
    order = ", ".join(f"{line.method} {value:.3f}" for value, line in found)
    label = f"{what} at ×{scale}, best first: {order}"
    return _svg(_TOP + len(found) * (_BAR + _GAP), label, drawn)


def profiles(
    curves: Mapping[str, Sequence[float | None]], *, what: str, order: Sequence[str]
) -> str:
    """Return curves of errors over the distance from an edge, on a logarithmic scale.

    Args:
        curves: Method → its errors at 0, 1, … pixels; the last is for all that is further away.
        what: What the figures are, for those who cannot see them.
        order: All methods of the page, so that each has its colour everywhere; the first is drawn
            solid.
    """
    left, right, top, bottom = 40, 14, 8, 34
    values = [v for curve in curves.values() for v in curve if v]
    if not values:
        return ""
    low, high = math.log10(min(values)), math.log10(max(values))
    low, high = math.floor(4 * low) / 4, max(math.ceil(4 * high) / 4, low + 0.25)
    height = 220
    count = max(len(curve) for curve in curves.values())

    def x(place: int) -> float:
        return left + (_WIDTH - left - right) * place / max(1, count - 1)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (high - math.log10(value)) / (high - low)

    drawn = []
    for tick in _ticks(low, high):
        drawn.append(
            f'<line x1="{left}" x2="{_WIDTH - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
            f'class="grid"/><text x="{left - 5}" y="{y(tick) + 4:.1f}" text-anchor="end">'
            f"{tick:g}</text>"
        )
    for place in range(0, count, 4):
        name = f"{place}+" if place == count - 1 else str(place)
        drawn.append(
            f'<text x="{x(place):.1f}" y="{height - bottom + 15}" text-anchor="middle">'
            f"{name}</text>"
        )
    drawn.append(
        f'<text x="{(left + _WIDTH - right) / 2}" y="{height - 4}" text-anchor="middle">'
        "pixels from the nearest edge</text>"
    )
    for name, curve in curves.items():
        colour, dash = style_of(name, order)
        points = " ".join(f"{x(k):.1f},{y(v):.1f}" for k, v in enumerate(curve) if v)
        drawn.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}"/>'
        )
    ends = "; ".join(
        f"{name} {curve[0]:.2f} on an edge, {curve[-1]:.2f} far away"
        for name, curve in curves.items()
        if curve[0] is not None and curve[-1] is not None
    )
    return _svg(height, f"{what}: {ends}", drawn)


def falls(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    what: str,
    order: Sequence[str],
) -> str:
    """Return curves that begin at 1 over the share of what has been left out.

    Args:
        curves: Method → what is left at equal steps, and the same at best, which is dotted.
        what: What the figures are, for those who cannot see them.
        order: See `profiles`.
    """
    start, right, top, bottom, height = 40, 14, 8, 34, 220

    def points(curve: Sequence[float]) -> str:
        width, tall = _WIDTH - start - right, height - top - bottom
        return " ".join(
            f"{start + width * k / len(curve):.1f},{top + tall * (1 - value):.1f}"
            for k, value in enumerate(curve)
        )

    drawn = []
    for percent in (0, 25, 50, 75, 100):
        y = top + (height - top - bottom) * (1 - percent / 100)
        x = start + (_WIDTH - start - right) * percent / 100
        drawn.append(
            f'<line x1="{start}" x2="{_WIDTH - right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            f'<text x="{start - 5}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>'
            f'<text x="{x:.1f}" y="{height - bottom + 15}" text-anchor="middle">{percent} %</text>'
        )
    drawn.append(
        f'<text x="{(start + _WIDTH - right) / 2}" y="{height - 4}" text-anchor="middle">'
        "pixels left out</text>"
    )
    for name, pair in curves.items():
        colour, dash = style_of(name, order)
        for curve, dashes in zip(pair, (dash, "1 4"), strict=True):
            drawn.append(
                f'<polyline points="{points(curve)}" fill="none" stroke="{colour}" '
                f'stroke-width="2" stroke-dasharray="{dashes}"/>'
            )
    half = {name: [curve[len(curve) // 2] for curve in pair] for name, pair in curves.items()}
    ends = "; ".join(
        f"{name} {left:.0%} without half of the pixels, {best:.0%} at best"
        for name, (left, best) in half.items()
    )
    return _svg(height, f"{what}: {ends}", drawn)


def style_of(method: str, order: Sequence[str]) -> tuple[str, str]:
    """Return a method's colour and dashes."""
    place = list(order).index(method)
    return _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]


def _ticks(low: float, high: float) -> list[float]:
    ticks = [m * 10.0**e for e in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]
