"""Errors under protocol (a) in the header of a network's card, for the Hugging Face Hub."""

from __future__ import annotations

from typing import Any

import yaml

from benchmarks.accuracy.protocols import group_of
from benchmarks.common.results import load_results
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.records import SetSummary
from dsdmsr.evaluation.report import figure
from dsdmsr.evaluation.results import ProtocolResults, Results
from dsdmsr.zoo.names import REFERENCES

__all__ = ["TASK", "model_index"]

TASK = "image-to-image"
"""The Hub's task that comes nearest."""


def model_index(name: str) -> str:
    """Return the YAML of a packaged network's results: what `dsdmsr upscale` gives by itself."""
    results = Results.from_plain(load_results(group_of(name)))
    (protocol,) = [one for one in results.protocols if one.letter == "a"]
    (model,) = [one for one in results.models if one.name == name]
    # The paper's networks are trained for this degradation alone.
    known = name in REFERENCES or protocol.degradation in model.sha256_for_known
    auto = f"{name}, auto"
    if any(mean.method == auto for mean in protocol.means):
        method, how = auto, "degradation found"
    else:
        method, how = name, f"degradation {'known' if known else 'unknown'}"
    entries = [_entry(protocol, maps, method, how) for maps in protocol.sets]
    index = {"model-index": [{"name": name, "results": entries}]}
    return yaml.safe_dump(index, sort_keys=False, allow_unicode=True, width=1000)


def _entry(protocol: ProtocolResults, maps: SetSummary, method: str, how: str) -> dict[str, Any]:
    means = {m.scale: m for m in protocol.means if (m.set, m.method) == (maps.name, method)}
    return {
        "task": {"type": TASK, "name": "Depth map super-resolution"},
        "dataset": {"type": "middlebury-stereo", "name": _title(maps)},
        "metrics": [
            {
                "type": protocol.metric,
                "value": float(figure(mean.metrics[protocol.metric])),
                "name": f"RMSE ×{scale}, grey levels, {how}",
            }
            for scale, mean in sorted(means.items())
        ],
    }


def _title(maps: SetSummary) -> str:
    """Return what a set is; the paper's networks are measured on files of the last one alone."""
    titles = {one.name: one.title for one in PROTOCOLS["a"].sets}
    return titles.get(maps.name, PROTOCOLS["a"].sets[-1].title)
