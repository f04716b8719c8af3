"""Time of filling a map that is one hole but for a pixel, beside that of an older checkout.

Each of the two runs in a process of its own, in turn. Times are of the CPU, and the least of the
rounds, since a machine that others use only adds. The older code's grew with the cube of the side,
so it is left out at the largest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.progress import track

from benchmarks.common.options import ROOT, options
from benchmarks.common.results import save_results, sourced_table
from benchmarks.speed.baseline import commit_of, environment

__all__ = ["measure", "table"]

SIDES = (512, 1024, 2048, 4096)
LARGEST_OF_OLD = 2048
_WORKER = """
import sys, time
from importlib import import_module
import numpy as np

for name in ("dsdmsr.depth.holes", "dsdmsr.upscaling.holes"):
    try:
        fill_nearest = import_module(name).fill_nearest
        break
    except ModuleNotFoundError:
        continue
side = int(sys.argv[1])
for size in (16, side):
    values, valid = np.ones((size, size), np.float32), np.zeros((size, size), bool)
    valid[size // 3, size // 2] = True
    start = time.process_time()
    filled = fill_nearest(values, valid)
    taken = time.process_time() - start
assert (filled == 1).all()
print(taken)
"""


def seconds(checkout: Path, side: int) -> float:
    """Return the CPU seconds that a checkout takes to fill a map of side × side pixels."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", _WORKER, str(side)],
        env=os.environ | environment(checkout),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def measure(checkout: Path, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each side: the seconds of the older code, where it is run, and of this."""
    rows = []
    for side in track(SIDES, "holes"):
        old, new = [], []
        for _ in range(rounds):
            if side <= LARGEST_OF_OLD:
                old.append(seconds(checkout, side))
            new.append(seconds(ROOT, side))
        rows.append({"side": side, "old_s": min(old, default=None), "new_s": min(new)})
    return rows


def table(results: dict[str, Any]) -> str:
    """Return how many times as fast holes are filled, and the growth of the time."""
    rows, before = [], None
    for row in results["rows"]:
        old, new = row["old_s"], row["new_s"]
        times = "–" if old is None else f"{old / new:.0f}"
        growth = "–" if before is None else f"{new / before:.1f}"
        rows.append([f"{row['side']}×{row['side']}", times, growth])
        before = new
    head = ["pixels", f"speed / {results['old']}'s", "time / that of a quarter of the pixels"]
    return sourced_table(results, head, rows, names=1)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--checkout", type=Path, required=True, help="the older code's root")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    checkout = given.checkout.resolve()
    content = {"old": commit_of(checkout), "rows": measure(checkout, given.rounds)}
    save_results(
        "holes", f"python -m benchmarks holes --checkout DIR --rounds {given.rounds}", content
    )
