"""Provenance of files: package, commit, date, machine."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dsdmsr._atomic import replace_text

__all__ = ["named", "provenance", "where_and_when", "write_json"]

_NOT_CODE = ("benchmarks/results", "docs", "*.md")
"""Results and documents: a change there changes no figure."""
_BUILT_FROM = "_commit.txt"
"""Beside this file in a wheel: the commit that it was built from (hatch_build.py)."""


def provenance(device: str = "cpu") -> dict[str, Any]:
    """Return the provenance of a figure: version, commit, date, machine, the GPU if on ``cuda``."""
    import torch

    return {
        "version": version("dsdmsr"),
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            **({"gpu": torch.cuda.get_device_name()} if device == "cuda" else {}),
            "processor": _processor(),
            "threads": torch.get_num_threads(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    }


def where_and_when(source: dict[str, Any]) -> str:
    """Return the commit, day and machine of `provenance` in words."""
    machine = source["machine"]
    return (
        f"commit {source['commit']}, {source['date'][:10]}, on {named(machine)}, "
        f"torch {machine['torch']}"
    )


def named(machine: dict[str, Any]) -> str:
    """Return the machine of `provenance` in words."""
    gpu = f"{machine['gpu']} with " if "gpu" in machine else ""
    return f"{gpu}{machine['processor']}, {machine['threads']} threads"


def _commit() -> str | None:
    """Return the commit of the checkout that this package runs from, or was built from."""
    here = Path(__file__)

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here.parent), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        git("ls-files", "--error-unmatch", here.name)
        commit = git("describe", "--always")
        others = [f":(top,exclude){files}" for files in _NOT_CODE]
        changed = git("status", "--porcelain", "-uno", "--", ":(top)", *others)
        return f"{commit}-dirty" if changed else commit
    except (OSError, subprocess.SubprocessError):
        built_from = here.with_name(_BUILT_FROM)
        return built_from.read_text(encoding="utf-8").strip() if built_from.is_file() else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON, whole or not at all."""
    replace_text(path, json.dumps(content, indent=1) + "\n", durable=True)
