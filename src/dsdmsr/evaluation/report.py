"""Scores as a results file, and as a table for the terminal."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

import dsdmsr
from dsdmsr.evaluation.evaluate import Score
from dsdmsr.evaluation.protocols import Protocol
from dsdmsr.nn import DSDMSR

__all__ = ["provenance", "results", "table", "weights_checksum", "write_json"]

SCHEMA = 1


def weights_checksum(model: DSDMSR) -> str:
    """Return the SHA-256 of a network's tensors as float16, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()


def provenance() -> dict[str, Any]:
    """Return what made a figure: package, commit, date, machine."""
    return {
        "version": dsdmsr.__version__,
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "threads": torch.get_num_threads(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    }


def _commit() -> str | None:
    """Return the commit of the checkout that this package runs from, if it is one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


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


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON beside `path`, and rename."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


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
                made.add_row(set_name, scene, method, *means, style=style)
        made.add_section()
    return made
