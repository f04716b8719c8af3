"""Means over a set's maps, with bootstrap intervals: from measurements to typed results."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dsdmsr._plain import from_plain
from dsdmsr._provenance import provenance
from dsdmsr.depth.degradations import Degradation
from dsdmsr.evaluation.ground_truth import OWN
from dsdmsr.evaluation.measure import Measurement
from dsdmsr.evaluation.protocols import UNIT_NAMES, Protocol
from dsdmsr.evaluation.published import published
from dsdmsr.evaluation.results import (
    Machine,
    Mean,
    ModelWeights,
    ProtocolResults,
    Results,
    Score,
    SetSummary,
)
from dsdmsr.nn import DSDMSR
from dsdmsr.zoo.checksum import weights_checksum

__all__ = ["BOOTSTRAP_FROM", "bootstrap", "protocol_results", "results", "weights_of"]

BOOTSTRAP_FROM = 20
"""Number of maps from which on a set of the user's own gets intervals."""
_RESAMPLES = 2000


def weights_of(name: str, model: DSDMSR, known: Mapping[Degradation, DSDMSR]) -> ModelWeights:
    """Return the checksums of a network, and of its networks for known degradations."""
    return ModelWeights(
        name=name,
        sha256=weights_checksum(model),
        sha256_for_known={kind: weights_checksum(better) for kind, better in known.items()},
    )


def results(protocols: Sequence[ProtocolResults], models: Sequence[ModelWeights]) -> Results:
    """Return the results of an evaluation, measured now and here.

    Args:
        protocols: What was measured.
        models: The networks among the methods.
    """
    measured_with = provenance()
    machine = from_plain(Machine, measured_with.pop("machine"), "machine")
    return Results(
        models=tuple(models), machine=machine, protocols=tuple(protocols), **measured_with
    )


def protocol_results(protocol: Protocol, measurements: Sequence[Measurement]) -> ProtocolResults:
    """Return the results of a protocol.

    Args:
        protocol: How maps were measured.
        measurements: At least one.
    """
    groups: dict[tuple[str, int, str], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.set, one.scale, one.method), []).append(one)
    sets = _sets(protocol, measurements)
    names = {maps.name for maps in sets}
    return ProtocolResults(
        letter=protocol.letter,
        title=protocol.title,
        degradation=protocol.degradation,
        lr_rounded=protocol.lr_rounded,
        noise=protocol.noise,
        seeds=protocol.seeds,
        rounded=protocol.rounded,
        dropped=protocol.dropped,
        metric=protocol.metric,
        scales=tuple(sorted({one.scale for one in measurements})),
        sets=sets,
        scores=tuple(map(_score, measurements)),
        means=tuple(map(_mean, groups.values())),
        published=tuple(p for p in published(protocol.letter) if p.set in names),
    )


def _sets(protocol: Protocol, measurements: Sequence[Measurement]) -> tuple[SetSummary, ...]:
    titles = {maps.name: maps.title for maps in protocol.sets}
    return tuple(
        SetSummary(
            name=name,
            title=titles.get(name, "your own maps"),
            unit=UNIT_NAMES[next(one.unit for one in measurements if one.set == name)],
            maps=len({one.scene for one in measurements if one.set == name}),
        )
        for name in dict.fromkeys(one.set for one in measurements)
    )


def _score(one: Measurement) -> Score:
    return Score(
        set=one.set,
        scene=one.scene,
        scale=one.scale,
        method=one.method,
        metrics={name: _rounded(value) for name, value in one.metrics.items()},
    )


def _rounded(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _mean(group: Sequence[Measurement]) -> Mean:
    """Return the mean over a set's maps; over its pixels for the profile of errors."""
    first = group[0]
    finite = {metric: _finite(group, metric) for metric in first.metrics}
    intervals = {
        metric: bootstrap(values)
        for metric, values in finite.items()
        if first.set == OWN and len(values) >= BOOTSTRAP_FROM
    }
    mean = Mean(
        set=first.set,
        scale=first.scale,
        method=first.method,
        maps=len(group),
        metrics={
            metric: _rounded(float(values.mean())) if len(values) else None
            for metric, values in finite.items()
        },
        interval_95={
            metric: (round(low, 4), round(high, 4)) for metric, (low, high) in intervals.items()
        }
        or None,
        profile=_profile(group),
    )
    if not first.left:
        return mean
    curves = np.mean([one.left for one in group], axis=0).T.tolist()
    left, at_best = (tuple(round(value, 4) for value in curve) for curve in curves)
    return dataclasses.replace(mean, left=left, left_at_best=at_best)


def _finite(group: Sequence[Measurement], metric: str) -> NDArray[np.float64]:
    values = (one.metrics[metric] for one in group)
    return np.array([value for value in values if math.isfinite(value)])


def _profile(group: Sequence[Measurement]) -> tuple[float | None, ...]:
    totals, counts = np.sum([one.profile for one in group], axis=0).T
    return tuple(
        _rounded(math.sqrt(total / count)) if count else None
        for total, count in zip(totals, counts, strict=True)
    )


def bootstrap(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a mean (Efron 1979), seeded."""
    picks = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.percentile(values[picks].mean(1), [2.5, 97.5])
    return float(low), float(high)
