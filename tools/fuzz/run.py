"""Fuzzing of the readers: changed files, each reader in processes of its own; lists the faults."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.common.options import ROOT, options
from benchmarks.common.results import save_results
from tools.fuzz.subjects import SUBJECTS

__all__ = ["Fault", "fuzz"]

_STUCK, _LOADING = 20.0, 60.0
"""Seconds of processor time for one execution, after which its process is ended; for the first."""
_WAITED = 10
"""How many times as long it may wait, for others that use the processors."""
_SHOWN = 1200


class Fault(NamedTuple):
    """What a reader did that it must not."""

    reader: str
    kind: str
    text: str
    numbers: list[int]
    """The executions at which it came, at most a few."""
    count: int


class _Run:
    """One reader's executions, in as many processes as it takes."""

    def __init__(
        self, reader: str, seed: int, seconds: float, executions: int, folder: Path
    ) -> None:
        self.reader, self.seed, self.seconds, self.executions = reader, seed, seconds, executions
        self.seeds, self.work = folder / reader / "seeds", folder / reader / "work"
        self.counts: dict[str, int] = {}
        self.found: list[tuple[int, str, str]] = []

    def run(self) -> None:
        """Execute until the time is over; a process that ends before is noted, and followed."""
        self.seeds.mkdir(parents=True)
        self.work.mkdir()
        SUBJECTS[self.reader].write(self.seeds)
        left, first = self.seconds, 0
        while left > 0 and first < self.executions:
            begun = time.monotonic()
            first = self._process(first, left)
            left -= time.monotonic() - begun
        faults = self.work / "faults"
        if faults.exists():
            self.found += map(tuple, map(json.loads, faults.read_text("utf-8").splitlines()))  # type: ignore[arg-type]

    def _process(self, first: int, seconds: float) -> int:
        command = [sys.executable, "-m", "tools.fuzz.worker", self.reader, self.seeds, self.work]
        command += ["--seed", str(self.seed), "--first", str(first), "--seconds", f"{seconds:.1f}"]
        command += ["--before", str(self.executions)]
        for name in ("progress", "counts"):
            (self.work / name).unlink(missing_ok=True)
        log = (self.work / "log").open("wb")
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}
        with subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, cwd=ROOT
        ) as process:
            stuck = self._wait(process, first)
        log.close()
        number = self._number(first)
        done = number - first
        if stuck:
            self.found.append((number, "hang", f"over {_STUCK:.0f} s"))
        elif process.returncode:
            name = signal.Signals(-process.returncode).name if process.returncode < 0 else "code"
            text = (self.work / "log").read_text(errors="replace")[-1500:]
            self.found.append((number, "crash", f"{name} {process.returncode} {text}"))
            if not (self.work / "progress").exists():
                raise RuntimeError(text)
        else:
            for outcome, count in json.loads((self.work / "counts").read_text()).items():
                self.counts[outcome] = self.counts.get(outcome, 0) + count
            return sys.maxsize
        self.counts["before an end"] = self.counts.get("before an end", 0) + done
        return number + 1

    def _number(self, otherwise: int) -> int:
        path = self.work / "progress"
        content = path.read_bytes() if path.exists() else b""
        return int.from_bytes(content, "little") if content else otherwise

    def _wait(self, process: subprocess.Popen[bytes], first: int) -> bool:
        """Wait for the end of a process; end it where an execution takes too long."""
        number, begun, loading = -1, 0.0, True
        since = time.monotonic()
        while True:
            try:
                process.wait(0.5)
                return False
            except subprocess.TimeoutExpired:
                pass
            taken = _processor_time(process.pid)
            if (now := self._number(-1)) != number:
                number, begun, since, loading = now, taken, time.monotonic(), now <= first
            at_most = _LOADING if loading else _STUCK
            if taken - begun > at_most or time.monotonic() - since > _WAITED * at_most:
                process.kill()
                process.wait()
                return True


def _processor_time(process: int) -> float:
    """Return the seconds of processor time that a process has had; 0 where that is not told."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _summed(run: _Run) -> list[Fault]:
    """Return faults that are of one kind and come from one place as one."""
    groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for number, kind, text in run.found:
        lines = [line.strip() for line in text.strip().splitlines()] or [""]
        places = [line for line in lines if line.startswith("File ")][-1:]
        plain = re.sub(r"\S*/\S*|0x\w+|[-+\d.e]+", "…", lines[-1])[:40]
        key = (kind, " ".join([*places, plain]))
        groups.setdefault(key, []).append((number, text))
    return [
        Fault(run.reader, kind, found[0][1], [n for n, _ in found[:5]], len(found))
        for (kind, _), found in groups.items()
    ]


def fuzz(
    readers: list[str], seconds: float, seed: int, executions: int, processes: int = 2
) -> tuple[dict[str, dict[str, int]], list[Fault]]:
    """Give changed files to readers; return how often what came of it, and the faults.

    Args:
        readers: Names in `SUBJECTS`.
        seconds: For all readers together.
        seed: Of the changes.
        executions: At most so many of each.
        processes: How many readers are tested at a time.
    """
    fast = Path("/dev/shm")
    share = seconds * processes / len(readers)
    with (
        TemporaryDirectory(prefix="fuzz-", dir=fast if fast.is_dir() else None) as folder,
        ThreadPoolExecutor(processes) as pool,
    ):
        runs = [_Run(reader, seed, share, executions, Path(folder)) for reader in readers]
        list(pool.map(_Run.run, runs))
    return {run.reader: run.counts for run in runs}, [f for run in runs for f in _summed(run)]


def record(counts: dict[str, dict[str, int]], faults: list[Fault], command: str) -> None:
    """Write the results file: what came of each reader's executions."""
    rows = [
        {"reader": reader, **outcomes, "faults": sum(f.count for f in faults if f.reader == reader)}
        for reader, outcomes in counts.items()
    ]
    save_results("fuzz", command, {"rows": rows})


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="in all; default: %(default)s")
    parser.add_argument("--executions", type=int, default=sys.maxsize, help="at most, of each")
    parser.add_argument("--reader", action="append", choices=[*SUBJECTS], help="default: all")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--record", action="store_true", help="write the results file")
    given = parser.parse_args()
    counts, faults = fuzz(given.reader or [*SUBJECTS], given.seconds, given.seed, given.executions)
    for reader, outcomes in counts.items():
        listed = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
        print(f"{reader:10}{sum(outcomes.values()):>10,}: {listed}")
    total = sum(sum(outcomes.values()) for outcomes in counts.values())
    print(f"{total:,} executions, {len(faults)} faults")
    for fault in faults:
        print(f"\n{fault.reader}: {fault.kind}, {fault.count} times, at {fault.numbers}")
        print(fault.text.strip()[-_SHOWN:])
    if given.record:
        readers = "".join(f"--reader {reader} " for reader in given.reader or ())
        how = f"{readers}--seconds {given.seconds:g} --seed {given.seed} --record"
        record(counts, faults, f"python -m tools fuzz {how}")
    sys.exit(bool(faults))
