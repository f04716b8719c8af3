"""Tables of results, as rows and as Markdown text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dsdmsr.evaluation.results import (
    METRICS,
    ProtocolResults,
    PublishedFigure,
    Results,
    SetSummary,
)

__all__ = [
    "INTERVALS",
    "TableRow",
    "figure",
    "intervals",
    "markdown",
    "markdown_table",
    "shown_metrics",
    "table_rows",
    "title_of",
]

INTERVALS = "95 % bootstrap intervals of the means"
"""What `intervals` are."""
_SMALL = 0.1
"""Below it, figures have three digits instead of three decimals."""


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """Hold one method's figures of a set, or of one of its scenes, at all scales."""

    set: str
    scene: str
    """``mean``, or a scene."""
    method: str
    sees: str
    """The method's inputs."""
    source: str
    """``this run``, or where the figures come from."""
    values: dict[int, float | None]
    """Scale → figure."""


def table_rows(
    protocol: ProtocolResults, metric: str | None = None, *, scenes: bool = False
) -> list[TableRow]:
    """Return a protocol's table: what was measured, and other methods' published figures.

    Args:
        protocol: The results of one protocol.
        metric: Which metric. Default: the protocol's own.
        scenes: Whether to give every scene, too.
    """
    metric = metric or protocol.metric
    rows: list[TableRow] = []
    for maps in protocol.sets:
        names = _scenes(protocol, maps) if scenes else []
        for scene in [*names, "mean"]:
            measured = _measured(protocol, maps, scene, metric)
            skip = {row.method for row in measured}
            rows += [*_published(protocol, maps, scene, metric, skip=skip), *measured]
    return rows


def _scenes(protocol: ProtocolResults, maps: SetSummary) -> list[str]:
    return list(dict.fromkeys(score.scene for score in protocol.scores if score.set == maps.name))


def _measured(
    protocol: ProtocolResults, maps: SetSummary, scene: str, metric: str
) -> list[TableRow]:
    values: dict[str, dict[int, float | None]] = {}
    if scene == "mean":
        for mean in protocol.means:
            if mean.set == maps.name:
                values.setdefault(mean.method, {})[mean.scale] = mean.metrics.get(metric)
    else:
        for score in protocol.scores:
            if (score.set, score.scene) == (maps.name, scene):
                values.setdefault(score.method, {})[score.scale] = score.metrics.get(metric)
    return [
        TableRow(
            set=maps.name,
            scene=scene,
            method=method,
            sees="depth",
            source="this run",
            values=of_method,
        )
        for method, of_method in values.items()
    ]


def _published(
    protocol: ProtocolResults, maps: SetSummary, scene: str, metric: str, *, skip: Collection[str]
) -> list[TableRow]:
    groups: dict[str, list[PublishedFigure]] = {}
    for one in protocol.published:
        if one.set == maps.name and one.metric == metric and one.method not in skip:
            groups.setdefault(one.method, []).append(one)
    count = len(_scenes(protocol, maps))
    rows = []
    for method, figures in groups.items():
        values: dict[int, float | None] = {}
        for scale in protocol.scales:
            value = _published_value([f for f in figures if f.scale == scale], scene, count)
            if value is not None:
                values[scale] = value
        if values:
            first = figures[0]
            rows.append(
                TableRow(
                    set=maps.name,
                    scene=scene,
                    method=method,
                    sees=first.sees,
                    source=first.source,
                    values=values,
                )
            )
    return rows


def _published_value(figures: Sequence[PublishedFigure], scene: str, count: int) -> float | None:
    """Return the figure of a scene; the mean of all `count` scenes where only those are known."""
    known = [f.value for f in figures if f.scene == scene]
    if known:
        return known[0]
    every = [f.value for f in figures]
    return sum(every) / len(every) if scene == "mean" and len(every) == count else None


def shown_metrics(protocol: ProtocolResults) -> list[str]:
    """Return the metrics that some method of a protocol has."""
    return [metric for metric in METRICS if any(metric in m.metrics for m in protocol.means)]


def title_of(protocol: ProtocolResults) -> str:
    """Return a protocol's heading: its letter, title and metric."""
    unit = " and ".join(dict.fromkeys(maps.unit for maps in protocol.sets))
    metric = protocol.metric.upper()
    return f"Protocol ({protocol.letter}): {protocol.title}; {metric} in {unit}, less is better"


def figure(value: float | None, metric: str = "rmse") -> str:
    """Return a figure as text: three decimals, three digits if it is small; shares in percent."""
    if value is None:
        return "–"
    if metric.endswith("_rate") or metric == "coverage":
        return f"{100 * value:.2f} %"
    if metric == "psnr":
        return f"{value:.2f}"
    return f"{value:.3g}" if 0 < abs(value) < _SMALL else f"{value:.3f}"


def markdown(results: Results) -> str:
    """Return the means of results as Markdown tables."""
    lines: list[str] = []
    for protocol in results.protocols:
        lines += [f"## {title_of(protocol)}", "", *_means_table(protocol), ""]
        if bounds := intervals(protocol):
            lines += [f"{INTERVALS}: {'; '.join(bounds)}.", ""]
        lines += ["Other metrics, means of the same maps:", "", *_metrics_table(protocol), ""]
    return "\n".join([*lines, f"Made by {results.measured_with}"]) + "\n"


def _means_table(protocol: ProtocolResults) -> list[str]:
    head = ["set", "method", "sees", "figures", *(f"×{s}" for s in protocol.scales)]
    rows = [
        [row.set, row.method, row.sees, row.source]
        + [figure(row.values.get(scale)) for scale in protocol.scales]
        for row in table_rows(protocol)
    ]
    return markdown_table(head, rows, names=4)


def _metrics_table(protocol: ProtocolResults) -> list[str]:
    metrics = [metric for metric in shown_metrics(protocol) if metric != protocol.metric]
    head = ["set", "method", "factor", *(metric.replace("_", " ") for metric in metrics)]
    rows = [
        [mean.set, mean.method, f"×{mean.scale}"]
        + [figure(mean.metrics.get(metric), metric) for metric in metrics]
        for mean in protocol.means
    ]
    return markdown_table(head, rows, names=2)


def intervals(protocol: ProtocolResults) -> list[str]:
    """Return a protocol's intervals of its means, a text each; none for sets that have none."""
    return [
        f"{mean.method} ×{mean.scale}: {figure(bounds[0])} to {figure(bounds[1])}"
        for mean in protocol.means
        if mean.interval_95 and (bounds := mean.interval_95.get(protocol.metric))
    ]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, names: int) -> list[str]:
    """Return the lines of a Markdown table; all but its first `names` columns hold numbers."""
    rules = ["---"] * names + ["---:"] * (len(head) - names)
    return [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        for cells in (head, rules, *rows)
    ]
