"""Tables and sentences of `sensors`' results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from benchmarks.accuracy.sensor_methods import OURS, PEERS
from benchmarks.common.results import made_by
from dsdmsr.evaluation.report import markdown_table
from dsdmsr.upscaling.auto import AUTO

__all__ = ["better_peers", "table"]

Row = dict[str, Any]


class Figure(NamedTuple):
    """A column of the tables; less is better."""

    title: str
    of: Callable[[Row], float | None]
    text: Callable[[float], str]


def _millimetres(value: float) -> str:
    return f"{value:.1f}"


def _share(value: float) -> str:
    return f"{value:.2%}"


FIGURES = (
    Figure("RMSE, still", lambda row: row["rmse_mm"]["still"], _millimetres),
    Figure("RMSE, moving", lambda row: row["rmse_mm"]["moving"], _millimetres),
    Figure("MAE", lambda row: row["mae_mm"], _millimetres),
    Figure("flicker, still", lambda row: row["flicker_mm"]["still"], _millimetres),
    Figure("flicker, moving", lambda row: row["flicker_mm"]["moving"], _millimetres),
    Figure("flying pixels", lambda row: row["flying"], _share),
    Figure("RMSE where filled", lambda row: row["filled_rmse_mm"], _millimetres),
    Figure("holes left", lambda row: row["holes"], _share),
)


def _rows(results: dict[str, Any], sensor: str, scale: int) -> list[Row]:
    return [row for row in results["rows"] if (row["sensor"], row["scale"]) == (sensor, scale)]


def table(results: dict[str, Any], sensor: str) -> str:
    """Return a table for each scale of the methods on one sensor's frames, and what `auto` took."""
    scales = sorted({row["scale"] for row in results["rows"]})
    parts = []
    for scale in scales:
        rows = _rows(results, sensor, scale)
        times = results["times"][str(scale)]
        least = [_least(figure, rows) for figure in FIGURES]
        cells = [
            [
                row["method"],
                *(_cell(figure, row, best) for figure, best in zip(FIGURES, least, strict=True)),
                f"{times[row['method']]:.3g}",
            ]
            for row in rows
        ]
        head = [f"×{scale}", *(figure.title for figure in FIGURES), "time / bicubic's"]
        parts.append("\n".join(markdown_table(head, cells, names=1)))
    return "\n\n".join([*parts, _chosen(results["chosen"][sensor]), made_by(results)])


def _chosen(sequences: dict[str, int]) -> str:
    """Return the sentence on what `auto` took, from network → number of sequences."""
    total = sum(sequences.values())
    took = " and ".join(f"`{name}` for {count}" for name, count in sequences.items())
    return f"Of {total} sequences, `{AUTO}` took {took}."


def _least(figure: Figure, rows: Iterable[Row]) -> str | None:
    found = [value for row in rows if (value := figure.of(row)) is not None]
    return figure.text(min(found)) if found else None


def _cell(figure: Figure, row: Row, least: str | None) -> str:
    value = figure.of(row)
    if value is None:
        return "–"
    text = figure.text(value)
    return f"**{text}**" if text == least else text


def better_peers(results: dict[str, Any]) -> str:
    """Return sentences that say where a peer is better than ours."""
    return "\n\n".join(
        [
            _where(results, OURS, "than every row of ours"),
            _where(results, (AUTO,), f"than `{AUTO}`"),
            _about_time(results["times"]),
            made_by(results),
        ]
    )


def _where(results: dict[str, Any], ours: tuple[str, ...], whom: str) -> str:
    """Return where the best peer is better than the best of some of ours."""
    places: dict[str, dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    compared = 0
    for sensor, scale in dict.fromkeys((row["sensor"], row["scale"]) for row in results["rows"]):
        rows = _rows(results, sensor, scale)
        for figure in FIGURES:
            of = {row["method"]: value for row in rows if (value := figure.of(row)) is not None}
            theirs = {name: of[name] for name in PEERS if name in of}
            mine = [of[name] for name in ours if name in of]
            if not theirs or not mine:
                continue
            compared += 1
            peer = min(theirs, key=lambda name: theirs[name])
            if theirs[peer] < min(mine):
                places[figure.title][peer].append((sensor, scale))
    if not places:
        return f"In none of {compared} comparisons is a peer better {whom}."
    count = sum(len(where) for of in places.values() for where in of.values())
    listed = [
        f"- {title}: " + "; ".join(f"{peer} ({_named(where)})" for peer, where in of.items())
        for title, of in places.items()
    ]
    return f"In {count} of {compared} comparisons the best peer is better {whom}:\n\n" + "\n".join(
        listed
    )


def _named(places: list[tuple[str, int]]) -> str:
    scales: dict[str, list[str]] = defaultdict(list)
    for sensor, scale in places:
        scales[sensor].append(f"×{scale}")
    return ", ".join(f"{sensor} {' and '.join(each)}" for sensor, each in scales.items())


def _about_time(times: dict[str, dict[str, float]]) -> str:
    """Return the sentence on what peers and ours take."""
    sentences = []
    for scale, of in times.items():
        slowest = max(PEERS, key=lambda name: of[name])
        fastest = min(OURS, key=lambda name: of[name])
        verb = "less" if of[slowest] < of[fastest] else "no less"
        sentences.append(
            f"×{scale}: the slowest peer, {slowest}, takes {verb} time than the fastest of ours, "
            f"{fastest}: {of[slowest]:.3g} and {of[fastest]:.3g} times bicubic's."
        )
    return " ".join(sentences)
