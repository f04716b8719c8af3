"""The HTML page of results, one self-contained file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from dsdmsr.evaluation.charts import bars, profiles, sparsifications, style_of
from dsdmsr.evaluation.metrics import METRICS
from dsdmsr.evaluation.records import Mean, SetSummary
from dsdmsr.evaluation.report import (
    INTERVALS,
    TableRow,
    intervals,
    shown_metrics,
    table_rows,
    title_of,
)
from dsdmsr.evaluation.results import ProtocolResults, Results
from dsdmsr.evaluation.templating import render

__all__ = ["page"]


class _Key(NamedTuple):
    method: str
    colour: str
    dash: str


_Chart = tuple[int, str]
"""A scale, and its SVG."""


class _SetCharts(NamedTuple):
    summary: SetSummary
    bars: list[_Chart]
    sees_colour: bool
    """Whether some method's input is not the depth map alone."""
    keys: list[_Key]
    profiles: list[_Chart]
    sparsifications: list[_Chart]


class _Section(NamedTuple):
    protocol: ProtocolResults
    title: str
    rows: list[TableRow]
    intervals: list[str]
    sets: list[_SetCharts]
    scene_rows: list[TableRow]
    metrics: list[str]
    means: list[Mean]


def page(results: Results) -> str:
    """Return the page; it asks for nothing from any other place.

    Raises:
        DependencyError: If jinja2 is not installed.
    """
    ours = {model.name for model in results.models}
    return render(
        "page.html.j2",
        ours=ours,
        sections=[_section(protocol, ours) for protocol in results.protocols],
        shows_maps=any(protocol.crops for protocol in results.protocols),
        intervals_title=INTERVALS,
        metrics=[(name.replace("_", " "), metric.explanation) for name, metric in METRICS.items()],
        measured_with=results.measured_with,
    )


def _section(protocol: ProtocolResults, ours: Collection[str]) -> _Section:
    rows = table_rows(protocol)
    methods = sorted(
        dict.fromkeys(mean.method for mean in protocol.means), key=lambda name: name not in ours
    )
    return _Section(
        protocol=protocol,
        title=title_of(protocol),
        rows=rows,
        intervals=intervals(protocol),
        sets=[_set_charts(protocol, maps, rows, methods, ours) for maps in protocol.sets],
        scene_rows=[row for row in table_rows(protocol, scenes=True) if row.scene != "mean"],
        metrics=shown_metrics(protocol),
        means=sorted(protocol.means, key=lambda mean: (mean.set, mean.scale)),
    )


def _set_charts(
    protocol: ProtocolResults,
    maps: SetSummary,
    rows: Sequence[TableRow],
    methods: Sequence[str],
    ours: Collection[str],
) -> _SetCharts:
    name = maps.name
    of_set = [row for row in rows if row.set == name]
    means = [mean for mean in protocol.means if mean.set == name]
    what = f"Mean {protocol.metric.upper()} of set {name}"
    return _SetCharts(
        summary=maps,
        bars=[(s, bars(of_set, s, highlight=ours, what=what)) for s in protocol.scales],
        sees_colour=any(row.sees != "depth" for row in of_set),
        keys=[_Key(method, *style_of(method, methods)) for method in methods],
        profiles=[
            (
                scale,
                profiles(
                    {mean.method: mean.profile for mean in means if mean.scale == scale},
                    what=f"RMSE by distance from an edge, set {name}, ×{scale}",
                    order=methods,
                ),
            )
            for scale in protocol.scales
        ],
        sparsifications=_sparsifications(protocol, name, means, methods),
    )


def _sparsifications(
    protocol: ProtocolResults, name: str, means: Sequence[Mean], methods: Sequence[str]
) -> list[_Chart]:
    """Return a chart for each scale, or none where no method predicts its errors."""
    charts = []
    for scale in protocol.scales:
        curves = {
            mean.method: (mean.left, mean.left_at_best)
            for mean in means
            if mean.scale == scale and mean.left is not None and mean.left_at_best is not None
        }
        what = f"Mean absolute error left, set {name}, ×{scale}"
        charts.append((scale, sparsifications(curves, what=what, order=methods)))
    return charts if any(mean.left is not None for mean in means) else []
