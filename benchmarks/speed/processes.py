"""Crops a second that two processes train with, beside one.

One process is held to one core, its data worker included; two have two cores between them. Both
train the same batches.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.evaluation.report import figure


def crops_per_second(recipe: str, steps: int, processes: int) -> float:
    """Return the rate of a run with so many processes, each with a core."""
    cores = sorted(os.sched_getaffinity(0))[:processes]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        command = [sys.executable, "-m", "dsdmsr", "train", "--recipe", recipe]
        command += ["--steps", str(steps), "--run-dir", str(run), "--device", "cpu"]
        command += ["--trainer.devices", str(processes), "--tracker", "none"]
        subprocess.run(
            ["taskset", "-c", ",".join(map(str, cores)), *command],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=True,
            capture_output=True,
        )
        with (run / "log.csv").open() as file:
            rows = [row for row in csv.DictReader(file) if row["name"] == "train/crops_per_second"]
    return float(rows[-1]["value"])


def measure(recipe: str, steps: int, rounds: int) -> dict[str, Any]:
    """Return the rates of every round, and the ratio of the best ones."""
    rates: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(rounds):
        for processes, found in rates.items():
            found.append(crops_per_second(recipe, steps, int(processes)))
    ratio = max(rates["2"]) / max(rates["1"])
    return {"recipe": recipe, "crops_per_second": rates, "ratio": ratio}


def table(results: dict[str, Any]) -> str:
    """Return how fast two processes train beside one."""
    one, two = (max(results["crops_per_second"][count]) for count in ("1", "2"))
    rows = [["1", figure(one), "1.00"], ["2", figure(two), f"{results['ratio']:.2f}"]]
    head = ["processes, a core each", "crops / s", "/ one process"]
    return sourced_table(results, head, rows, names=1)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--recipe", default="vdsr-x8")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    command = f"python -m benchmarks processes --recipe {given.recipe} --steps {given.steps}"
    content = measure(given.recipe, given.steps, given.rounds)
    save_results("processes", f"{command} --rounds {given.rounds}", content)
