"""From scores to a results file, and to tables in text."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dsdmsr._plain import to_plain
from dsdmsr._provenance import provenance, where_and_when
from dsdmsr.depth.degradations import Degradation
from dsdmsr.evaluation.ground_truth import OWN
from dsdmsr.evaluation.measure import METRICS, Score
from dsdmsr.evaluation.protocols import Protocol
from dsdmsr.evaluation.published import published
from dsdmsr.nn import DSDMSR
from dsdmsr.zoo.checksum import weights_checksum

__all__ = [
    "BOOTSTRAP_FROM",
    "INTERVALS",
    "SCHEMA",
    "Line",
    "figure",
    "intervals",
    "lines",
    "made_by",
    "markdown",
    "markdown_table",
    "results",
    "shown_metrics",
    "title_of",
    "weights_of",
    "weights_text",
]

SCHEMA = 3
"""Counts the versions of the results file's form."""
BOOTSTRAP_FROM = 20
"""From how many maps on a set of the user's own gets intervals."""
_RESAMPLES = 2000
INTERVALS = "95 % bootstrap intervals of the means"
"""What `intervals` are."""


def weights_of(model: DSDMSR, known: Mapping[Degradation, DSDMSR]) -> dict[str, Any]:
    """Return `weights_checksum` of a network, and of its networks for known degradations."""
    return {
        "sha256": weights_checksum(model),
        "sha256_for_known": {kind: weights_checksum(better) for kind, better in known.items()},
    }


def weights_text(model: Mapping[str, Any]) -> str:
    """Return what weights a results file says that a network had."""
    others = [f"{kind}: {sha256[:12]}" for kind, sha256 in model["sha256_for_known"].items()]
    beside = f" ({', '.join(others)})" if others else ""
    return f"{model['sha256'][:12]}{beside}"


def results(
    scores: Sequence[tuple[Protocol, Sequence[Score]]], weights: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a results file's content.

    Args:
        scores: Each protocol with what was measured under it.
        weights: The networks among the methods, and `weights_of` each.
    """
    return {
        "schema": SCHEMA,
        "models": [{"name": name, **of} for name, of in weights.items()],
        **provenance(),
        "protocols": [_protocol_results(protocol, some) for protocol, some in scores],
    }


def _protocol_results(protocol: Protocol, scores: Sequence[Score]) -> dict[str, Any]:
    described = {k: v for k, v in to_plain(protocol).items() if k not in ("sets", "scales")}
    keys = list(dict.fromkeys((s.set, s.scale, s.method) for s in scores))
    names = {s.set for s in scores}
    known = {s.name: s for s in protocol.sets}
    sets = [
        {
            "name": name,
            "title": known[name].title if name in known else "your own maps",
            "unit": next(s.unit for s in scores if s.set == name),
            "maps": len({s.scene for s in scores if s.set == name}),
        }
        for name in dict.fromkeys(s.set for s in scores)
    ]
    return {
        **described,
        "scales": sorted({s.scale for s in scores}),
        "sets": sets,
        "scores": [
            {"set": s.set, "scene": s.scene, "scale": s.scale, "method": s.method}
            | {name: _short(value) for name, value in s.metrics.items()}
            for s in scores
        ],
        "means": [
            _mean(*key, [s for s in scores if (s.set, s.scale, s.method) == key]) for key in keys
        ],
        "published": [dataclasses.asdict(p) for p in published(protocol.letter) if p.set in names],
    }


def _short(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _mean(name: str, scale: int, method: str, scores: Sequence[Score]) -> dict[str, Any]:
    """Return the mean over a set's maps; over its pixels for the profile of errors."""
    made: dict[str, Any] = {"set": name, "scale": scale, "method": method, "maps": len(scores)}
    intervals = {}
    for metric in scores[0].metrics:
        values = np.array([s.metrics[metric] for s in scores])
        values = values[np.isfinite(values)]
        made[metric] = _short(float(values.mean())) if len(values) else None
        if name == OWN and len(values) >= BOOTSTRAP_FROM:
            intervals[metric] = [_short(bound) for bound in bootstrap(values)]
    if intervals:
        made["interval_95"] = intervals
    if scores[0].left:
        curves = np.mean([s.left for s in scores], axis=0).T
        made["left"], made["left_at_best"] = ([_short(v) for v in curve] for curve in curves)
    totals, counts = np.sum([s.profile for s in scores], axis=0).T
    made["profile"] = [
        _short(math.sqrt(total / count)) if count else None
        for total, count in zip(totals, counts, strict=True)
    ]
    return made


def bootstrap(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a mean (Efron 1979), seeded."""
    picks = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(1), [2.5, 97.5])
    return float(low), float(high)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """Hold one method's figures of a set, or of one of its scenes, at all factors."""

    set: str
    scene: str
    """``mean``, or a scene."""
    method: str
    sees: str
    source: str
    """``this run``, or where the figures come from."""
    values: dict[int, float | None]
    """Factor → figure."""


def lines(
    measured: dict[str, Any], metric: str | None = None, *, scenes: bool = False
) -> list[Line]:
    """Return a protocol's table: what was measured, and other methods' figures where known.

    Args:
        measured: One of a results file's ``protocols``.
        metric: Which metric. Default: the protocol's own.
        scenes: Whether to give every scene, too.
    """
    metric = metric or measured["metric"]
    made: list[Line] = []
    for maps in measured["sets"]:
        name = maps["name"]
        inside = [s for s in measured["scores"] if s["set"] == name]
        wanted = list(dict.fromkeys(s["scene"] for s in inside)) if scenes else []
        for scene in [*wanted, "mean"]:
            rows = (
                [m for m in measured["means"] if m["set"] == name]
                if scene == "mean"
                else [s for s in inside if s["scene"] == scene]
            )
            ours = dict.fromkeys(row["method"] for row in rows)
            made += _others(measured, name, scene, metric, skip=ours)
            made += [
                Line(
                    set=name,
                    scene=scene,
                    method=method,
                    sees="depth",
                    source="this run",
                    values={r["scale"]: r.get(metric) for r in rows if r["method"] == method},
                )
                for method in ours
            ]
    return made


def _others(
    measured: dict[str, Any], name: str, scene: str, metric: str, *, skip: Iterable[str]
) -> list[Line]:
    known = [
        p
        for p in measured["published"]
        if p["set"] == name and p["metric"] == metric and p["method"] not in skip
    ]
    wanted = len({s["scene"] for s in measured["scores"] if s["set"] == name})
    made = []
    for method in dict.fromkeys(p["method"] for p in known):
        of_method = [p for p in known if p["method"] == method]
        values: dict[int, float | None] = {}
        for scale in measured["scales"]:
            found = [p["value"] for p in of_method if p["scale"] == scale and p["scene"] == scene]
            if scene == "mean" and not found:
                every = [p["value"] for p in of_method if p["scale"] == scale]
                found = [sum(every) / len(every)] if len(every) == wanted else []
            if found:
                values[scale] = found[0]
        if values:
            made.append(
                Line(
                    set=name,
                    scene=scene,
                    method=method,
                    sees=of_method[0]["sees"],
                    source=of_method[0]["source"],
                    values=values,
                )
            )
    return made


def shown_metrics(measured: dict[str, Any]) -> list[str]:
    """Return the metrics that some method of a protocol has."""
    return [metric for metric in METRICS if any(metric in m for m in measured["means"])]


def title_of(measured: dict[str, Any]) -> str:
    """Return a protocol's heading: its letter, title and metric."""
    unit = " and ".join(dict.fromkeys(maps["unit"] for maps in measured["sets"]))
    letter, metric = measured["letter"], measured["metric"].upper()
    return f"Protocol ({letter}): {measured['title']}; {metric} in {unit}, less is better"


_SMALL = 0.1


def figure(value: float | None, metric: str = "rmse") -> str:
    """Return a figure as text: three decimals, three digits if it is small; shares in percent."""
    if value is None:
        return "–"
    if metric.endswith("_rate") or metric == "coverage":
        return f"{100 * value:.2f} %"
    if metric == "psnr":
        return f"{value:.2f}"
    return f"{value:.3g}" if 0 < abs(value) < _SMALL else f"{value:.3f}"


def markdown(content: dict[str, Any]) -> str:
    """Return a results file's means as Markdown tables."""
    texts = []
    for measured in content["protocols"]:
        scales = measured["scales"]
        head = ["set", "method", "sees", "figures", *(f"×{s}" for s in scales)]
        rows = [
            [line.set, line.method, line.sees, line.source]
            + [figure(line.values.get(scale)) for scale in scales]
            for line in lines(measured)
        ]
        texts += [f"## {title_of(measured)}", "", *markdown_table(head, rows, names=4), ""]
        if found := intervals(measured):
            texts += [f"{INTERVALS}: {'; '.join(found)}.", ""]
        shown = [m for m in shown_metrics(measured) if m != measured["metric"]]
        head = ["set", "method", "factor", *(m.replace("_", " ") for m in shown)]
        rows = [
            [
                m["set"],
                m["method"],
                f"×{m['scale']}",
                *(figure(m.get(name), name) for name in shown),
            ]
            for m in measured["means"]
        ]
        texts += [
            "Other metrics, means of the same maps:",
            "",
            *markdown_table(head, rows, names=2),
        ]
        texts += [""]
    return "\n".join([*texts, f"Made by {made_by(content)}"]) + "\n"


def made_by(content: dict[str, Any]) -> str:
    """Return what made a results file, as a line."""
    weights = "; ".join(
        f"{model['name']} has weights {weights_text(model)}" for model in content["models"]
    )
    return (
        f"dsdmsr {content['version']}, {where_and_when(content)}{'; ' if weights else ''}{weights}."
    )


def intervals(measured: dict[str, Any]) -> list[str]:
    """Return a protocol's intervals of its means, a text each; none for sets that have none."""
    metric = measured["metric"]
    return [
        f"{m['method']} ×{m['scale']}: {figure(m['interval_95'][metric][0])} to "
        f"{figure(m['interval_95'][metric][1])}"
        for m in measured["means"]
        if metric in m.get("interval_95", {})
    ]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, names: int) -> list[str]:
    """Return the lines of a Markdown table; all but its first `names` columns hold numbers."""
    rules = ["---"] * names + ["---:"] * (len(head) - names)
    return [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        for cells in (head, rules, *rows)
    ]
