"""Charts as SVG: bars of methods, errors by distance from an edge, sparsification curves."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from dsdmsr.evaluation.report import TableRow
from dsdmsr.evaluation.templating import render

__all__ = ["bars", "profiles", "sparsifications", "style_of"]

_WIDTH = 360
_BAR, _GAP, _TOP = 16, 6, 8
_NAMES = 128
"""Width that is kept for the methods' names."""
_COLOURS = ("#0b5cad", "#b3400e", "#3d6b21", "#6a3d9a", "#8a6100", "#444444", "#00716b", "#a3195b")
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "12 4", "4 2", "1 2", "10 2 2 2")
_DOTS = "1 4"


class _Bar(NamedTuple):
    method: str
    value: float
    y: int
    length: float
    kind: str
    """Class that gives its colour."""
    highlighted: bool


class _Curve(NamedTuple):
    points: str
    """As SVG has them: x,y x,y …"""
    colour: str
    dash: str


class _Plot(NamedTuple):
    """The area of curves."""

    width: int = _WIDTH
    height: int = 220
    left: int = 40
    right: int = _WIDTH - 14
    top: int = 8
    bottom: int = 220 - 34

    @property
    def middle(self) -> float:
        """Of the horizontal axis."""
        return (self.left + self.right) / 2

    def x(self, share: float) -> float:
        """Return where a share of the horizontal axis is."""
        return self.left + (self.right - self.left) * share

    def y(self, share: float) -> float:
        """Return where a share of the vertical axis, from the top, is."""
        return self.top + (self.bottom - self.top) * share


_PLOT = _Plot()


def bars(rows: Sequence[TableRow], scale: int, *, highlight: Collection[str], what: str) -> str:
    """Return horizontal bars of the methods' figures at a scale, the best first.

    Args:
        rows: The methods; those without a figure at this scale are left out.
        scale: The scale.
        highlight: The methods that stand out.
        what: What the figures are, for those who cannot see them.
    """
    known = [(value, row) for row in rows if (value := row.values.get(scale)) is not None]
    known.sort(key=lambda pair: pair[0])
    longest = max((value for value, _ in known), default=0.0) or 1.0
    room = _WIDTH - _NAMES - 48
    order = ", ".join(f"{row.method} {value:.3f}" for value, row in known)
    return render(
        "bars.svg.j2",
        width=_WIDTH,
        height=_TOP + len(known) * (_BAR + _GAP),
        left=_NAMES,
        bar_height=_BAR,
        label=f"{what} at ×{scale}, best first: {order}",
        bars=[
            _Bar(
                method=row.method,
                value=value,
                y=_TOP + k * (_BAR + _GAP),
                length=max(1.0, room * value / longest),
                kind=_bar_kind(row, highlight),
                highlighted=row.method in highlight,
            )
            for k, (value, row) in enumerate(known)
        ],
    )


def _bar_kind(row: TableRow, highlight: Collection[str]) -> str:
    if row.sees != "depth":
        return "colour"
    return "ours" if row.method in highlight else "plain"


def profiles(
    curves: Mapping[str, Sequence[float | None]], *, what: str, order: Sequence[str]
) -> str:
    """Return curves of errors over the distance from an edge, on a logarithmic scale.

    Args:
        curves: Method → its errors at 0, 1, … pixels; the last is for all that is further away.
        what: What the figures are, for those who cannot see them.
        order: All methods of the page, so that each has its colour everywhere.
    """
    values = [v for curve in curves.values() for v in curve if v]
    if not values:
        return ""
    low, high = _quarter_decades(min(values), max(values))
    last = max(1, max(len(curve) for curve in curves.values()) - 1)

    def y(value: float) -> float:
        return _PLOT.y((high - math.log10(value)) / (high - low))

    ends = "; ".join(
        f"{name} {curve[0]:.2f} on an edge, {curve[-1]:.2f} far away"
        for name, curve in curves.items()
        if curve[0] is not None and curve[-1] is not None
    )
    return render(
        "curves.svg.j2",
        plot=_PLOT,
        label=f"{what}: {ends}",
        axis="pixels from the nearest edge",
        rows=[(y(tick), f"{tick:g}") for tick in _ticks(low, high)],
        columns=[
            (_PLOT.x(k / last), f"{k}+" if k == last else str(k)) for k in range(0, last + 1, 4)
        ],
        curves=[
            _Curve(
                _points((k / last, y(v)) for k, v in enumerate(curve) if v), *style_of(name, order)
            )
            for name, curve in curves.items()
        ],
    )


def sparsifications(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    what: str,
    order: Sequence[str],
) -> str:
    """Return sparsification curves, which fall from 1 over the share of pixels left out.

    Args:
        curves: Method → the share of the error left at equal steps, and the same at best, dotted.
        what: What the figures are, for those who cannot see them.
        order: See `profiles`.
    """
    half = {name: [curve[len(curve) // 2] for curve in pair] for name, pair in curves.items()}
    ends = "; ".join(
        f"{name} {left:.0%} without half of the pixels, {best:.0%} at best"
        for name, (left, best) in half.items()
    )
    percents = (0, 25, 50, 75, 100)
    return render(
        "curves.svg.j2",
        plot=_PLOT,
        label=f"{what}: {ends}",
        axis="pixels left out",
        rows=[(_PLOT.y(1 - percent / 100), f"{percent} %") for percent in percents],
        columns=[(_PLOT.x(percent / 100), f"{percent} %") for percent in percents],
        curves=[
            curve
            for name, pair in curves.items()
            for curve in _falling(*pair, *style_of(name, order))
        ],
    )


def _falling(
    left: Sequence[float], at_best: Sequence[float], colour: str, dash: str
) -> list[_Curve]:
    return [
        _Curve(
            _points((k / len(curve), _PLOT.y(1 - v)) for k, v in enumerate(curve)), colour, dashes
        )
        for curve, dashes in ((left, dash), (at_best, _DOTS))
    ]


def _points(places: Iterable[tuple[float, float]]) -> str:
    """Return the points of a curve, from shares of the horizontal axis and vertical places."""
    return " ".join(f"{_PLOT.x(share):.1f},{y:.1f}" for share, y in places)


def style_of(method: str, order: Sequence[str]) -> tuple[str, str]:
    """Return a method's colour and dashes."""
    place = list(order).index(method)
    return _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]


def _quarter_decades(least: float, most: float) -> tuple[float, float]:
    """Return the logarithms of an axis's ends, whole quarters of a decade."""
    low = math.floor(4 * math.log10(least)) / 4
    return low, max(math.ceil(4 * math.log10(most)) / 4, low + 0.25)


def _ticks(low: float, high: float) -> list[float]:
    ticks = [m * 10.0**e for e in range(math.floor(low), math.ceil(high) + 1) for m in (1, 2, 5)]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]
