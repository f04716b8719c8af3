"""How many of the lines and branches of the code the default tests run, room by room.

Branches are both ways of each condition. Code in other processes counts where they are Python's own
interpreters; workers that fork, and what needs a GPU, a camera or a cluster, do not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common.options import ROOT, options
from benchmarks.common.results import save_results, sourced_table

__all__ = ["measure", "rows_of", "table"]

_SETTINGS = """
[run]
branch = true
parallel = true
source_pkgs = dsdmsr
patch = subprocess
data_file = {folder}/coverage
"""
_KEYS = ("num_statements", "covered_lines", "num_branches", "covered_branches")
_NAMES = ("lines", "run", "branches", "taken")
"""What coverage calls a file's counts, and what a row does."""


def measure(processes: int) -> list[dict[str, Any]]:
    """Run the default tests; return each room's lines and branches, and how many were run.

    Raises:
        RuntimeError: If the tests cannot be run to their end.
    """
    with TemporaryDirectory(prefix="coverage-") as folder:
        settings = Path(folder, "settings")
        settings.write_text(_SETTINGS.format(folder=folder), encoding="utf-8")
        tests = ["-q", "-p", "no:cacheprovider", "-m", "not slow", "-n", str(processes)]
        # What was run counts though a test failed, as those of documents do while figures change.
        _coverage(settings, "run", "-m", "pytest", *tests, failures=True)
        _coverage(settings, "combine", "-q")
        _coverage(settings, "json", "-q", "-o", f"{folder}/found.json")
        found = json.loads(Path(folder, "found.json").read_text(encoding="utf-8"))
    return rows_of({name: file["summary"] for name, file in found["files"].items()})


def _coverage(settings: Path, command: str, *arguments: str, failures: bool = False) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COVERAGE_RCFILE": str(settings)}
    full = [sys.executable, "-m", "coverage", command, *arguments]
    ran = subprocess.run(full, cwd=ROOT, env=environment, check=False)
    if ran.returncode not in (0, int(failures)):
        raise RuntimeError(f"coverage {command} ended with code {ran.returncode}")


def rows_of(files: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """Return a row for each folder of the package, and one for its own modules.

    Example:
        >>> file = dict(num_statements=9, covered_lines=8, num_branches=4, covered_branches=2)
        >>> rows_of({"src/dsdmsr/depth/map.py": file, "src/dsdmsr/errors.py": file})[0]
        {'room': 'depth', 'lines': 9, 'run': 8, 'branches': 4, 'taken': 2}
    """
    rooms: dict[str, list[int]] = defaultdict(lambda: [0] * len(_KEYS))
    for name, counts in files.items():
        below = name.replace(os.sep, "/").rpartition("src/dsdmsr/")[2]
        room = below.partition("/")[0] if "/" in below else "dsdmsr itself"
        rooms[room] = [total + counts[key] for total, key in zip(rooms[room], _KEYS, strict=True)]
    ordered = sorted(rooms.items(), key=lambda item: (item[0] == "dsdmsr itself", item[0]))
    return [{"room": room, **dict(zip(_NAMES, counts, strict=True))} for room, counts in ordered]


def table(results: dict[str, Any]) -> str:
    """Return the share of lines and branches of each room that tests run."""
    total = {name: sum(row[name] for row in results["rows"]) for name in _NAMES}
    rows = [
        [
            row["room"],
            f"{row['lines']:,}",
            f"{100 * row['run'] / row['lines']:.1f} %",
            f"{row['branches']:,}",
            f"{100 * row['taken'] / max(row['branches'], 1):.1f} %",
        ]
        for row in [*results["rows"], {"room": "all", **total}]
    ]
    head = ["room", "lines", "run", "branches", "taken"]
    return sourced_table(results, head, rows, names=1)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--processes", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--record", action="store_true", help="write the results file")
    given = parser.parse_args()
    rows = measure(given.processes)
    for row in rows:
        print(row)
    if given.record:
        save_results("coverage", "python -m tools coverage --record", {"rows": rows})
