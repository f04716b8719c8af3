"""What starting the command costs: whole processes beside the import of what they need at least."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from benchmarks.common.threads import hold_to
from benchmarks.common.timing import median_ratio
from benchmarks.speed.cold_start import IMPORT, start_seconds
from dsdmsr.zoo.names import DEFAULT_MODEL

__all__ = ["measure", "table"]

MODELS = ("dsdmsr-fast", DEFAULT_MODEL)
THREADS = 2


def measure(rounds: int) -> list[dict[str, Any]]:
    """Return a row for each process: its median time, and the ratio to the import's."""
    taken = start_seconds(MODELS, rounds)
    return [
        {
            "process": key,
            "median_s": statistics.median(times),
            "times_import": median_ratio(times, taken[IMPORT]),
        }
        for key, times in taken.items()
    ]


def table(results: dict[str, Any]) -> str:
    """Return the times of whole processes."""
    rows = [
        [_named(row["process"]), f"{row['median_s']:.2f}", f"{row['times_import']:.2f}"]
        for row in results["rows"]
    ]
    return sourced_table(results, ["process", "s", "/ the import's"], rows, names=1)


def _named(process: str) -> str:
    return f"`dsdmsr upscale --model {process}`" if process in MODELS else f"`{process}`"


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    hold_to(THREADS)
    command = f"python -m benchmarks starts --rounds {given.rounds}"
    save_results("starts", command, {"rows": measure(given.rounds)}, MODELS, timed=True)
