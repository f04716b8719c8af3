"""Faults that befall commands at random moments, each with a run after it that must end well.

A command is killed, asked to end or interrupted; its disk is full; permissions are revoked; an
input is cut off. Then each file of the output has to be whole or not there, and the exit code and
what is said right. The next run has to end with the files of an undisturbed one, and nothing else.
"""

from __future__ import annotations

import math
import shlex
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common.fault_jobs import (
    FAULTS,
    JOBS,
    Fault,
    Job,
    Place,
    disk,
    restore,
    start,
    write_inputs,
)
from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table

__all__ = ["measure", "table"]

_LONGEST_LINE = 1000
_TIMEOUT = 300
_JOURNAL = ".journal"
"""What a preparation goes on from, and its lock."""


def _content(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder by their names in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _is_left(name: str) -> bool:
    """Return whether a file is a part of one that was not written to its end."""
    hidden = any(part.startswith(".") for part in Path(name).parts)
    return hidden and not name.startswith(_JOURNAL)


class _Trial:
    """A command, its inputs, and what it writes undisturbed."""

    def __init__(self, name: str, folder: Path) -> None:
        self.job: Job = JOBS[name]
        self.folder, self.inputs = folder, folder / "inputs"
        write_inputs(self.inputs)
        # Paths are the same in each round, since outputs may hold them.
        self.place = Place(folder / "source", folder / "disk", folder / "disk" / "out")
        self.log = folder / "log"
        shutil.copytree(self.inputs, self.place.source)
        with disk(self.place.disk):
            begun = time.monotonic()
            code = self._run()
            self.seconds = time.monotonic() - begun
            if code:
                raise RuntimeError(self.log.read_text())
            self.whole = _content(self.place.target)
        shutil.rmtree(self.place.disk)

    def _run(self, *more: str) -> int:
        return self._start(*more).wait(_TIMEOUT)

    def _start(self, *more: str) -> subprocess.Popen[bytes]:
        if self.job.dated:
            self.place.target.mkdir(exist_ok=True)
        given = self.job.arguments(self.place.source, self.place.target)
        return start([*given, *more], self.log)

    def round(self, fault: Fault, choose: Random) -> tuple[int, list[str]]:
        """Let a fault happen once; return the exit code, and what was wrong."""
        place = self.place
        with disk(place.disk) as mounted:
            process = self._start()
            time.sleep(choose.uniform(0, self.seconds))
            fault.happen(place, process, choose)
            code = process.wait(_TIMEOUT)
            wrong = self._after(fault, code)
            restore(place, self.inputs, mounted)
            wrong += self._next()
        shutil.rmtree(place.disk, ignore_errors=True)
        return code, wrong

    def _after(self, fault: Fault, code: int) -> list[str]:
        """Return what is wrong after a fault: the code, what was said, or what was written."""
        said = self.log.read_text(errors="replace")
        wrong = [] if code in (0, *fault.codes) else [f"code {code}: {said[-300:]}"]
        if "Traceback" in said or any(len(line) > _LONGEST_LINE for line in said.splitlines()):
            wrong.append(f"said {said[-1500:]}")
        if code in (1, 2) and not said.strip():
            wrong.append(f"code {code}, and nothing said")
        for name, content in _content(self.place.target).items():
            if _is_left(name):
                wrong += [] if fault.leaves else [f"{name} was left, code {code}"]
            elif not self._is_whole(name, content, fault):
                wrong.append(f"{name} is not whole")
        return wrong

    def _is_whole(self, name: str, content: bytes, fault: Fault) -> bool:
        # What an input that was cut off takes part in is compared after the next run alone.
        if name.startswith(_JOURNAL) or (fault.cuts and self.job.again == "--resume"):
            return True
        if self._varies(name):
            return True
        if self.job.dated:
            return abs(len(content) - len(self.whole[name])) < 100
        return self.whole.get(name) == content

    def _varies(self, name: str) -> bool:
        return any(fnmatch(name, pattern) for pattern in self.job.varying)

    def _next(self) -> list[str]:
        """Run the command again; return what is wrong then."""
        begun = self.job.again != "--resume" or self.place.target.exists()
        code = self._run(*([self.job.again] if begun else []))
        if code:
            return [f"next run: code {code}: {self.log.read_text(errors='replace')[-600:]}"]
        found, whole = (
            {name: content for name, content in files.items() if not self._varies(name)}
            for files in (_content(self.place.target), self.whole)
        )
        left = [f"next run: {name} is left" for name in found.keys() - whole.keys()]
        missing = [f"next run: {name} is missing" for name in whole.keys() - found.keys()]
        other = [
            f"next run: {name} is another"
            for name in found.keys() & whole.keys()
            if not self.job.dated and found[name] != whole[name]
        ]
        return left + missing + other


def measure(
    names: list[str], rounds: int, seed: int, minutes: float = math.inf
) -> list[dict[str, Any]]:
    """Return a row for each command and fault: rounds, how many it stopped, and what was wrong.

    Args:
        names: Commands, which run side by side.
        rounds: Of each command, its faults in turn.
        seed: Of moments, sizes and places.
        minutes: After so long, no round begins.
    """
    end = time.monotonic() + 60 * minutes
    with ThreadPoolExecutor(len(names)) as pool:
        found = pool.map(lambda name: _measured(name, rounds, Random(f"{name} {seed}"), end), names)
        return [row for rows in found for row in rows]


def _measured(name: str, rounds: int, choose: Random, end: float) -> list[dict[str, Any]]:
    """Return the rows of a command."""
    with TemporaryDirectory(prefix="faults-") as folder:
        trial, mounts = _Trial(name, Path(folder)), _can_mount(Path(folder))
        kinds = [
            kind
            for kind, fault in FAULTS.items()
            if (trial.job.reads or not fault.cuts) and (mounts or kind != "disk full")
        ]
        rows: dict[str, dict[str, Any]] = {
            kind: {"command": name, "fault": kind, "rounds": 0, "stopped": 0, "wrong": []}
            for kind in kinds
        }
        for number in range(rounds):
            if time.monotonic() > end:
                break
            row = rows[kinds[number % len(kinds)]]
            code, wrong = trial.round(FAULTS[row["fault"]], choose)
            row["rounds"] += 1
            row["stopped"] += code != 0
            row["wrong"] += wrong
            for text in wrong:
                print(f"{name}, {row['fault']}: {text}", flush=True)
    return [row for row in rows.values() if row["rounds"]]


def _can_mount(folder: Path) -> bool:
    with disk(folder / "tried") as mounted:
        pass
    (folder / "tried").rmdir()
    return mounted


def table(results: dict[str, Any]) -> str:
    """Return how often each fault befell each command, stopped it, and what was wrong then."""
    rows = [
        [row["command"], row["fault"], str(row["rounds"]), str(row["stopped"]), str(row["wrong"])]
        for row in results["rows"]
    ]
    head = ["command", "fault", "rounds", "stopped by it", "wrong"]
    return sourced_table(results, head, rows, names=2)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=48, help="of each command")
    parser.add_argument("--command", action="append", choices=[*JOBS], help="default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=math.inf, help="default: no limit")
    given = parser.parse_args()
    names = given.command or [*JOBS]
    rows = measure(names, given.rounds, given.seed, given.minutes)
    counted = [{**row, "wrong": len(row["wrong"])} for row in rows]
    command = f"python -m benchmarks faults {shlex.join(sys.argv[1:])}".rstrip()
    save_results("faults", command, {"rows": counted}, ["dsdmsr-fast"])
