"""Small faults put into a room's code: how many of them the room's own tests notice.

A fault changes one operator, number, word, argument or condition of a function. A seeded sample of
each room's faults is tried, in a clone of the last commit; `--keep FOLDER` keeps the clone, in
which `mutmut show NAME` shows a fault, and `survivors.txt` has all that no test noticed. Needs
mutmut (`pip install mutmut==3.8.1`).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import save_results, sourced_table

__all__ = ["ROOMS", "sample", "table", "try_faults"]

ROOMS = ("degradation", "depth", "io", "metrics", "upscaling")
_COPIED = ("benchmarks", "docs", "examples", "experiments", "findings", "scripts", "tools", "web")
_SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/dsdmsr/{room}/*"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not slow"]
pytest_add_cli_args_test_selection = ["tests/{room}"]
also_copy = {copied}
timeout_constant = 20.0
timeout_multiplier = 3.0
"""
_NOTICED = {"killed", "timeout", "segfault"}


def sample(names: list[str], count: int, seed: int) -> list[str]:
    """Return some of the names of faults: all of them, if there are not more than `count`."""
    names = sorted(names)
    return names if len(names) <= count else sorted(random.Random(seed).sample(names, count))


def try_faults(room: str, count: int, seed: int, clone: Path) -> dict[str, Any]:
    """Try a sample of a room's faults in a new clone; return how many came to what.

    Raises:
        RuntimeError: If the room's tests fail without a fault.
    """
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    copied = json.dumps([*_COPIED, *(p.name for p in clone.iterdir() if p.is_file())])
    with (clone / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(_SETTINGS.format(room=room, copied=copied))
    _mutmut(clone, "run", "no.such.name*")  # writes all faults, and which tests run through which
    kept = list((clone / "mutants" / "src").rglob("*.meta"))
    names = [name for path in kept for name in json.loads(path.read_text())["exit_code_by_key"]]
    chosen = sample(names, count, seed)
    if not chosen:
        raise RuntimeError(f"{room}: mutmut wrote no fault")
    said = _mutmut(clone, "run", "--max-children", str(os.cpu_count() or 1), *chosen)
    of_each = dict(_results(clone))
    came = {name: of_each.get(name, "not checked") for name in chosen}
    if "not checked" in came.values():
        raise RuntimeError(f"{room}: mutmut ended early:\n{said[-2000:]}")
    missed = [name for name, outcome in came.items() if outcome not in _NOTICED]
    shown = (f"{came[name]} {_mutmut(clone, 'show', name)}" for name in missed)
    (clone / "survivors.txt").write_text("\n".join(shown), encoding="utf-8")
    counts = Counter(came.values())
    noticed = sum(counts[outcome] for outcome in _NOTICED)
    return {
        **{"room": room, "faults": len(names), "tried": len(chosen), "noticed": noticed},
        "untested": counts["no tests"],
    }


def _mutmut(clone: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "mutmut", *arguments]
    ran = subprocess.run(command, cwd=clone, env=environment, capture_output=True, encoding="utf-8")
    return ran.stdout + ran.stderr


def _results(clone: Path) -> list[tuple[str, str]]:
    """Return the name of each fault that was tried, and what came of it."""
    lines = _mutmut(clone, "results", "--all", "true").splitlines()
    pairs = [line.strip().partition(": ") for line in lines if ": " in line]
    return [(name, outcome) for name, _, outcome in pairs if outcome != "not checked"]


def table(results: dict[str, Any]) -> str:
    """Return how many of each room's faults were noticed."""
    rows = [
        [
            row["room"],
            f"{row['faults']:,}",
            str(row["tried"]),
            f"{100 * row['noticed'] / row['tried']:.0f} %",
            str(row["untested"]),
        ]
        for row in results["rows"]
    ]
    return sourced_table(
        results, ["room", "faults", "tried", "noticed", "in code no test runs"], rows, names=1
    )


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--room", action="append", choices=ROOMS, help="default: all")
    parser.add_argument("--count", type=int, default=300, help="of each room; default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--keep", type=Path, help="a new folder for the clones")
    parser.add_argument("--record", action="store_true", help="write the results file")
    given = parser.parse_args()
    os.environ["DSDMSR_DATA"] = str(given.data.resolve())  # from elsewhere, for tests in clones
    rows = []
    with TemporaryDirectory(prefix="mutants-") as temporary:
        folder = given.keep or Path(temporary)
        for room in given.room or ROOMS:
            rows.append(try_faults(room, given.count, given.seed, folder / room))
            print(rows[-1], flush=True)
    if given.record:
        rooms = "".join(f"--room {room} " for room in given.room or ())
        how = f"{rooms}--count {given.count} --seed {given.seed} --record"
        save_results("mutants", f"python -m tools mutants {how}", {"rows": rows})
