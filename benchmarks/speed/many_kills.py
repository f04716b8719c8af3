"""Kills of a process, the command and a node while many maps are upscaled, each with a resume.

A Ray cluster of a head and two nodes runs on this machine. After each kill at a random moment, and
the end of the command, a resume goes on; then each map has to be written once and in the ledger
once, with its checksum.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common.many_maps import check_ledger, ledger_rows, make_maps
from benchmarks.common.options import options
from benchmarks.common.ray_nodes import Nodes, started
from benchmarks.common.results import save_results, sourced_table

KINDS = ("worker", "command", "node")
SHAPE = (24, 32)
UPSCALING = ("--scale", "2", "--model", "dsdmsr-fast")


def kill(
    kind: str, nodes: Nodes, source: Path, target: Path, choose: random.Random, longest: float
) -> int:
    """Kill something while a source is upscaled, and resume; return the rows before the resume.

    Args:
        kind: One of `KINDS`.
        nodes: The cluster.
        source: The maps.
        target: A new folder.
        choose: What chooses the moment.
        longest: Seconds from the first maps to the latest moment.

    Raises:
        ValueError: If the resume fails, or a map is missing or there twice.
    """
    given = ("--address", nodes.address, *UPSCALING)
    with started(source, target, *given) as process:
        time.sleep(choose.uniform(0, longest))
        if kind == "command":
            process.kill()
        elif kind == "node":
            nodes.remove(kill=True)
        else:
            nodes.kill_worker(choose)
    if kind == "node":
        nodes.add()
    rows = len(ledger_rows(target / "_ledger"))
    command = [sys.executable, "-m", "dsdmsr", "upscale-many", str(source), str(target)]
    done = subprocess.run([*command, *given, "--resume"], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr)
    check_ledger(source, target)
    return rows


def measure(count: int, maps: int, longest: float) -> dict[str, list[int]]:
    """Return the rows that were in the ledger before each resume, by what was killed."""
    choose = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        source = make_maps(Path(name, "maps"), maps, SHAPE)
        nodes = Nodes(2)
        found: dict[str, list[int]] = {kind: [] for kind in KINDS}
        try:
            for number in range(count):
                for kind, rows in found.items():
                    target = Path(name, f"{kind}{number}")
                    rows.append(kill(kind, nodes, source, target, choose, longest))
                    print(
                        f"{kind} {number}: {rows[-1]} of {maps} rows before the resume", flush=True
                    )
        finally:
            nodes.stop()
    return found


def table(results: dict[str, Any]) -> str:
    """Return how often what was killed, and how much was in the ledger before the resume."""
    names = {"worker": "a worker", "command": "the command", "node": "a node"}
    rows = [
        [names[kind], str(len(found)), f"{min(found)} to {max(found)}", str(results["maps"])]
        for kind, found in results["rows"].items()
    ]
    head = ["killed", "times", "maps in the ledger before the resume", "after it, each once"]
    return sourced_table(results, head, rows, names=1)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--maps", type=int, default=1000)
    parser.add_argument("--longest", type=float, default=8.0, help="seconds; default: %(default)s")
    given = parser.parse_args()
    found = measure(given.count, given.maps, given.longest)
    command = f"python -m benchmarks many_kills --count {given.count} --maps {given.maps}"
    save_results("many_kills", command, {"maps": given.maps, "rows": found}, ["dsdmsr-fast"])
