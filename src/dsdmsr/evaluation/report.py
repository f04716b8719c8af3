"""Scores as a results file, and as a table for the terminal."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from dsdmsr.evaluation.evaluate import Score
from dsdmsr.evaluation.protocols import Protocol
from dsdmsr.nn import DSDMSR
from dsdmsr.provenance import provenance

__all__ = ["results", "table", "weights_checksum"]

SCHEMA = 1


def weights_checksum(model: DSDMSR) -> str:
    """Return the SHA-256 of a network's tensors as float16, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()


def results(
    protocol: Protocol, scores: Sequence[Score], *, model: str, checksum: str
) -> dict[str, Any]:
    """Return a results file's content; ``schema`` counts its versions."""
    return {
        "schema": SCHEMA,
        "protocol": {"letter": protocol.letter, "title": protocol.title},
        "model": {"name": model, "sha256": checksum},
        **provenance(),
        "scores": [
            {
                "set": s.set,
                "scene": s.scene,
                "scale": s.scale,
                "method": s.method,
                "rmse": round(s.rmse, 4),
                "mae": round(s.mae, 4),
            }
            for s in scores
        ],
    }


def table(protocol: Protocol, scores: Sequence[Score]) -> Table:
    """Return the RMSE of every scene, and each set's mean, as a table."""
    made = Table(title=f"RMSE, protocol ({protocol.letter}): {protocol.title}")
    for heading in ("set", "scene", "method"):
        made.add_column(heading)
    for scale in protocol.scales:
        made.add_column(f"×{scale}", justify="right")
    methods = list(dict.fromkeys(s.method for s in scores))
    for set_name, maps in protocol.sets:
        for scene in (*maps.scenes, "mean"):
            for method in methods:
                means = []
                for scale in protocol.scales:
                    found = [
                        s.rmse
                        for s in scores
                        if (s.set, s.method, s.scale) == (set_name, method, scale)
                        and scene in ("mean", s.scene)
                    ]
                    means.append(f"{sum(found) / len(found):.3f}")
                style = "bold" if scene == "mean" else None
                made.add_row(set_name, scene, escape(method), *means, style=style)
        made.add_section()
    return made
