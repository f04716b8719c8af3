"""The HTML page of results, one self-contained file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from dsdmsr.evaluation.charts import bars, profiles, sparsifications, style_of
from dsdmsr.evaluation.report import (
    INTERVALS,
    TableRow,
    intervals,
    shown_metrics,
    table_rows,
    title_of,
)
from dsdmsr.evaluation.results import METRICS, Mean, ProtocolResults, Results, SetSummary
from dsdmsr.evaluation.templating import render
from dsdmsr.metrics import WITHIN_90, WITHIN_90_NOISY

__all__ = ["page"]

_METRICS_EXPLAINED = {
    "rmse": "root of the mean squared error",
    "mae": "mean absolute error (MAD)",
    "bad_pixel_rate": "share of pixels off by more than a level (PE)",
    "edge_rmse": "RMSE within 4 pixels of an edge of the ground truth",
    "flying_pixel_rate": "share of the predictions within 4 pixels of an edge that lie between two "
    "surfaces, on neither",
    "psnr": "peak signal-to-noise ratio, dB",
    "input_rmse": "RMSE between the prediction, degraded as its input was, and that input",
    "coverage": f"share of the errors within {WITHIN_90:g} times the expected ones, or of noisy "
    f"maps {WITHIN_90_NOISY:g} times: should be 90 %",
    "ause": "area between the curves of what is left of the error when pixels are left out by the "
    "errors that the network expects, and by those it makes",
    "ssim": "structural similarity",
}


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
        ConfigError: If jinja2 is not installed.
    """
    ours = {model.name for model in results.models}
    return render(
        "page.html.j2",
        ours=ours,
        sections=[_section(protocol, ours) for protocol in results.protocols],
        shows_maps=any(protocol.crops for protocol in results.protocols),
        intervals_title=INTERVALS,
        metrics=[(name.replace("_", " "), _METRICS_EXPLAINED[name]) for name in METRICS],
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
