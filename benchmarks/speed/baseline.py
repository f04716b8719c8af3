"""Time beside that of an older checkout: `Upscaler`, and the command as a whole.

Each of the two has a process that stays alive; both upscale the same map in turn, and the one that
begins changes from round to round. Ratios are medians over the rounds.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.progress import track

from benchmarks.common.bytecode import with_bytecode
from benchmarks.common.options import ROOT, options
from benchmarks.common.results import save_results, sourced_table
from benchmarks.common.threads import hold_to
from benchmarks.common.timing import median_ratio
from benchmarks.speed.cold_start import upscale_command, write_map
from benchmarks.speed.networks import NETWORKS
from dsdmsr.scales import SCALES
from dsdmsr.zoo.names import DEFAULT_MODEL

THREADS = 2
SIZE = (120, 160)
REST = 0.02
"""Seconds before each run: longer than OpenMP's threads spin."""
COMMANDS = ("dsdmsr-fast", DEFAULT_MODEL)
"""Networks that the command is timed with."""
WORKER = Path(__file__).with_name("baseline_worker.py")
OLD, NEW = "old", "new"

Turn = Callable[[], float]
"""Runs something, and returns its seconds."""


class Worker:
    """A process that runs the package of a checkout; closed at the end of a ``with`` block.

    Args:
        checkout: The repository's root.

    Raises:
        RuntimeError: If the process runs another package, or ends.
    """

    def __init__(self, checkout: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(WORKER)],
            env=os.environ | environment(checkout),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        file = Path(self._read()["file"])
        if not file.is_relative_to(checkout):
            self.close()
            raise RuntimeError(f"{file} runs instead of {checkout}/src: is it a checkout?")

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait()

    def load(self, name: str, scale: int) -> None:
        """Load a network, and upscale one map as a warm-up."""
        self._ask({"load": [name, scale, SIZE]})

    def run(self) -> float:
        """Return the seconds that one map takes."""
        return float(self._ask({"run": True})["seconds"])

    def file_seconds(self, what: str, path: Path) -> float:
        """Return the CPU seconds of reading a depth file, or of writing what is in it as it is."""
        return float(self._ask({"file": what, "path": str(path)})["seconds"])

    def png(self, numbers: Path, encoding: str) -> dict[str, float]:
        """Return the CPU seconds and the bytes of a PNG of the numbers in an NPY file."""
        return self._ask({"file": "png", "path": str(numbers), "encoding": encoding})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps(question), file=self._process.stdin)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise RuntimeError(f"the worker ended with status {self._process.wait()}: see above")
        reply: dict[str, Any] = json.loads(line)
        return reply


def environment(checkout: Path) -> dict[str, str]:
    """Return what the environment has beyond this one's where the package of a checkout runs."""
    return {"PYTHONPATH": str(checkout / "src")}


def commit_of(checkout: Path) -> str:
    """Return the commit of a checkout, in short."""
    git = ["git", "-C", str(checkout), "describe", "--always", "--exclude", "*"]
    return subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip()


def paired(turns: Mapping[str, Turn], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each turn; from round to round the order is reversed."""
    taken: dict[str, list[float]] = {key: [] for key in turns}
    order = list(turns)
    for _ in range(rounds):
        for key in order:
            time.sleep(REST)
            taken[key].append(turns[key]())
        order.reverse()
    return taken


def compared(taken: Mapping[str, list[float]]) -> dict[str, float]:
    """Return both medians, and the median of the rounds' ratios."""
    medians = {f"{key}_s": statistics.median(times) for key, times in taken.items()}
    return {**medians, "ratio": median_ratio(taken[NEW], taken[OLD])}


def upscaling(checkouts: Mapping[str, Path], rounds: int) -> list[dict[str, Any]]:
    """Return a row for each network and factor: `Upscaler`, array in, array out."""
    rows = []
    with Worker(checkouts[OLD]) as old, Worker(checkouts[NEW]) as new:
        cases = [(name, scale) for name in NETWORKS for scale in SCALES]
        for name, scale in track(cases, "upscaling"):
            for worker in (old, new):
                worker.load(name, scale)
            taken = paired({OLD: old.run, NEW: new.run}, rounds)
            rows.append({"network": name, "scale": scale, **compared(taken)})
    return rows


def commands(checkouts: Mapping[str, Path], rounds: int) -> list[dict[str, Any]]:
    """Return a row for each network: the command, its process included, by a PNG file."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        lr_depth = write_map(Path(folder))
        for model in track(COMMANDS, "commands"):
            turns: dict[str, Turn] = {
                key: partial(
                    _command_seconds,
                    upscale_command(lr_depth, model),
                    with_bytecode(Path(folder, "bytecode")) | environment(checkout),
                )
                for key, checkout in checkouts.items()
            }
            paired(turns, 1)  # modules are compiled, and files come into the system's cache
            rows.append({"network": model, **compared(paired(turns, rounds))})
    return rows


def _command_seconds(command: list[str], variables: Mapping[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=variables, check=True, capture_output=True)
    return time.perf_counter() - began


def table(results: dict[str, Any]) -> str:
    """Return the ratios by network and factor, and those of the command."""
    ratios = {(row["network"], row["scale"]): row["ratio"] for row in results["rows"]}
    of_command = {row["network"]: row["ratio"] for row in results["commands"]}
    networks = list(dict.fromkeys(name for name, _ in ratios))
    scales = list(dict.fromkeys(scale for _, scale in ratios))
    rows = [
        [
            name,
            *(f"{ratios[name, scale]:.2f}" for scale in scales),
            f"{of_command[name]:.2f}" if name in of_command else "–",
        ]
        for name in networks
    ]
    head = [f"time / {results['old']}'s", *(f"×{scale}" for scale in scales)]
    return sourced_table(results, [*head, "the command, ×4"], rows, names=1)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--checkout", type=Path, required=True, help="the older code's root")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    hold_to(THREADS)
    checkouts = {OLD: given.checkout.resolve(), NEW: ROOT}
    content = {
        "old": commit_of(checkouts[OLD]),
        "height": SIZE[0],
        "width": SIZE[1],
        "commands": commands(checkouts, given.rounds),
        "rows": upscaling(checkouts, given.rounds),
    }
    command = f"python -m benchmarks baseline --checkout DIR --rounds {given.rounds}"
    save_results("baseline", command, content, NETWORKS, timed=True)
