"""Measure how many crops a second two processes train with, beside one.

python benchmarks/processes.py [--recipe vdsr-x8] [--steps 12] [--rounds 2]

One process is held to one core, its data worker included; two have two cores between them. Both
train the same batches. Writes benchmarks/results/processes.json.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dsdmsr._provenance import provenance, write_json
from options import ROOT

RESULTS = ROOT / "benchmarks" / "results" / "processes.json"


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="vdsr-x8")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(given.rounds):
        for processes, found in rates.items():
            found.append(crops_per_second(given.recipe, given.steps, processes))
    best = {processes: max(found) for processes, found in rates.items()}
    command = f"python benchmarks/processes.py --recipe {given.recipe} --steps {given.steps}"
    write_json(
        RESULTS,
        {
            **provenance(),
            "command": f"{command} --rounds {given.rounds}",
            "recipe": given.recipe,
            "crops_per_second": {str(k): found for k, found in rates.items()},
            "ratio": best[2] / best[1],
        },
    )
    print(f"one process {best[1]:.1f}, two {best[2]:.1f} crops a second: {best[2] / best[1]:.2f}")


if __name__ == "__main__":
    main()
