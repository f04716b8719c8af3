"""What upscaling many maps with Ray costs beside plain processes, and how cost grows.

Maps of 160×120 pixels are upscaled ×4 by `dsdmsr-base`, by `dsdmsr upscale-many` with two workers,
and by two plain processes of `dsdmsr upscale` on halves of the folder, in turn, one thread each;
starts apart. Peak memory of the process that the command is, and the ledger's size, are those of
tiny maps by the thousand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.common.many_maps import ledger_rows, make_maps
from benchmarks.common.memory import forget_peak, in_own_process, peak_mib
from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.evaluation.report import figure
from dsdmsr.upscaling.many.options import ManyOptions
from dsdmsr.upscaling.many.run import Watcher, upscale_many
from dsdmsr.upscaling.many.sources import find_sources
from dsdmsr.upscaling.options import UpscaleOptions

SHAPE, SCALE, NETWORK = (120, 160), 4, "dsdmsr-base"
TINY, TINY_NETWORK = (8, 8), "dsdmsr-fast"
WORKERS = 2
GROWN = (10**6, 10**8)
"""Numbers of maps that costs are extrapolated to."""
PRICE = 0.04
"""Dollars for an hour of a processor: assumed."""
NODE, GIGABITS = 64, 10.0
"""Processors of a machine, and gigabits a second that it has to storage: assumed."""


class Cost(NamedTuple):
    """What some maps cost, beyond the start."""

    wall: float
    """Seconds a map, of the last three quarters."""
    cpu: float
    """Seconds of processors a map, of all processes."""
    start: float
    """Seconds until the first map is there."""
    worker_mib: float = 0.0
    """The most memory that a worker holds."""


def plain(source: Path, target: Path) -> Cost:
    """Return the cost of two plain processes, each with half of the folders."""
    folders = sorted(source.iterdir())
    one = next(source.rglob("*.png"))
    start = _cpu_seconds([[str(one), "-o", str(target / "one.png")]])
    (target / "one.png").unlink()
    halves = [folders[::2], folders[1::2]]
    began = time.time()
    jobs = [[*map(str, h), "-o", f"{target}/half{k}"] for k, h in enumerate(halves)]
    cpu = _cpu_seconds(jobs) - 2 * start
    ends = sorted(path.stat().st_mtime for path in target.rglob("*.png"))
    return Cost(_seconds_apart(ends), cpu / (len(ends) - 2), ends[0] - began)


def _cpu_seconds(jobs: list[list[str]]) -> float:
    """Return the processors' time that commands take together."""
    command = [sys.executable, "-m", "dsdmsr", "upscale", "--scale", str(SCALE)]
    before = os.times()
    processes = [
        subprocess.Popen([*command, *job], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for job in jobs
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise SystemExit("dsdmsr upscale has failed")
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def _seconds_apart(ends: Sequence[float]) -> float:
    """Return the mean time between the ends of maps, without the first quarter of them."""
    first = len(ends) // 4
    return (ends[-1] - ends[first]) / (len(ends) - 1 - first)


class _Meter:
    """The processors' time of this process and all below it, those that have ended included."""

    def __init__(self) -> None:
        self.cpu: dict[int, float] = {}
        self.worker_mib = 0.0
        self.marked: tuple[float, float] | None = None
        """When a quarter was done, and the time until then."""

    def look(self) -> float:
        """Return the time so far."""
        import psutil

        own = psutil.Process()
        for process in (own, *own.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                self.cpu[process.pid] = times.user + times.system
                if process.name().startswith("ray::MapWorker"):
                    held = process.memory_info().rss / 2**20
                    self.worker_mib = max(self.worker_mib, held)
        return sum(self.cpu.values())

    def done(self, count: int, total: int) -> None:
        """Look eight times, which takes time itself, and mark when a quarter is done."""
        if count % max(1, total // 8) == 0 or count == total:
            now = self.look()
            if self.marked is None and count >= total // 4:
                self.marked = time.time(), now


def with_ray(source: Path, target: Path) -> Cost:
    """Return the cost of `upscale_many`."""
    began, meter = time.time(), _Meter()
    choice, many = UpscaleOptions(scale=SCALE, model=NETWORK), ManyOptions(workers=WORKERS)
    upscale_many(str(source), str(target), choice, many, watcher=Watcher(done=meter.done))
    rows = ledger_rows(target / "_ledger")
    ends = sorted(datetime.fromisoformat(row["time"]).timestamp() for row in rows)
    assert meter.marked is not None
    mark, before = meter.marked
    cpu = (sum(meter.cpu.values()) - before) / sum(end > mark for end in ends)
    return Cost(_seconds_apart(ends), cpu, ends[0] - began, meter.worker_mib)


def overhead(work: Path, maps: int, rounds: int) -> dict[str, Any]:
    """Return the costs of both in every round, and the medians of their ratios."""
    source = make_maps(work / "maps", maps, SHAPE)
    costs: dict[str, list[Cost]] = {"plain": [], "ray": []}
    for number in range(rounds):
        costs["plain"].append(plain(source, work / f"plain{number}"))
        costs["ray"].append(in_own_process(with_ray, source, work / f"ray{number}"))
    pairs = list(zip(costs["ray"], costs["plain"], strict=True))
    files = list((work / "ray0").rglob("*.png"))
    return {
        "maps": maps,
        "rounds": {name: [cost._asdict() for cost in found] for name, found in costs.items()},
        "wall_ratio": median(ray.wall / alone.wall for ray, alone in pairs),
        "cpu_ratio": median(ray.cpu / alone.cpu for ray, alone in pairs),
        "cpu_seconds": median(ray.cpu for ray, _ in pairs),
        "start_seconds": median(ray.start for ray, _ in pairs),
        "plain_start_seconds": median(alone.start for _, alone in pairs),
        "worker_mib": max(ray.worker_mib for ray, _ in pairs),
        "bytes_read": sum(path.stat().st_size for path in source.rglob("*.png")) / maps,
        "bytes_written": sum(path.stat().st_size for path in files) / maps,
    }


def peak_of_run(source: Path, target: Path) -> float:
    """Return the peak MiB of a process that upscales tiny maps with Ray."""
    forget_peak()
    choice = UpscaleOptions(scale=2, model=TINY_NETWORK)
    upscale_many(str(source), str(target), choice, ManyOptions(workers=WORKERS))
    return peak_mib()


def growth(work: Path, maps: int) -> dict[str, Any]:
    """Return peak memory, the ledger's size and the listing's rate for so many tiny maps."""
    source, target = make_maps(work / f"tiny{maps}", maps, TINY), work / f"out{maps}"
    began = time.perf_counter()
    listed = sum(1 for _ in find_sources(str(source), None))
    rate = listed / (time.perf_counter() - began)
    peak = in_own_process(peak_of_run, source, target)
    parts = list((target / "_ledger").iterdir())
    size = sum(part.stat().st_size for part in parts)
    return {
        "maps": maps,
        "peak_mib": peak,
        "parts": len(parts),
        "ledger_bytes": size / maps,
        "listed": rate,
    }


def table(results: dict[str, Any]) -> str:
    """Return what a map costs with Ray and with plain processes."""
    cost = results["overhead"]
    rounds = cost["rounds"]
    rows = [
        [
            name,
            f"{1000 * median(each['cpu'] for each in rounds[key]):.0f}",
            f"{1000 * median(each['wall'] for each in rounds[key]):.0f}",
            f"{median(each['start'] for each in rounds[key]):.0f}",
        ]
        for name, key in (("two plain processes", "plain"), ("upscale-many, two workers", "ray"))
    ]
    few, many = results["growth"]
    notes = [
        f"Ratios, medians of {len(rounds['ray'])} rounds of {cost['maps']} maps each: "
        f"{cost['cpu_ratio']:.2f} of the processors' time, {cost['wall_ratio']:.2f} of the time. A "
        f"worker holds {cost['worker_mib']:.0f} MiB at most.",
        f"The command itself holds {few['peak_mib']:.0f} MiB at most for {few['maps']:,} tiny maps "
        f"and {many['peak_mib']:.0f} MiB for {many['maps']:,}. The ledger has "
        f"{many['ledger_bytes']:.0f} bytes a map, in {many['parts']} parts; {many['listed']:,.0f} "
        "files a second are listed from a disk.",
    ]
    head = ["160×120 ×4, dsdmsr-base", "ms of a processor / map", "ms / map", "s to start"]
    return sourced_table(results, head, rows, names=1, notes=notes)


def grown_table(results: dict[str, Any]) -> str:
    """Return what more maps cost, extrapolated from what was measured."""
    cost, many = results["overhead"], results["growth"][-1]
    rows = []
    for count in GROWN:
        hours = count * cost["cpu_seconds"] / 3600
        read, written = (count * cost[key] / 1e9 for key in ("bytes_read", "bytes_written"))
        rows.append(
            [
                f"10^{len(str(count)) - 1}",
                figure(hours),
                figure(hours / NODE),
                figure(hours * PRICE),
                f"{figure(read)} + {figure(written)}",
                figure(count * many["ledger_bytes"] / 1e9),
                figure(count / many["listed"] / 3600),
            ]
        )
    bits = 8 * (cost["bytes_read"] + cost["bytes_written"])
    busy = NODE / cost["cpu_seconds"] * bits / 1e9
    notes = [
        f"Extrapolated in proportion, not measured. Assumed: ${PRICE:g} for an hour of a processor "
        f"and machines of {NODE} processors like this one's. Such a machine reads and writes "
        f"{busy:.2g} Gbit/s of the {GIGABITS:g} that it may have."
    ]
    head = ["maps", "CPU-hours", f"hours on {NODE} CPUs", "dollars"]
    head += ["GB read + written", "GB of ledger", "hours to list"]
    return sourced_table(results, head, rows, names=0, notes=notes)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--maps", type=int, default=140)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", type=int, nargs=2, default=(2_000, 20_000))
    given = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        content = {
            "overhead": overhead(Path(name), given.maps, given.rounds),
            "growth": [growth(Path(name), count) for count in given.tiny],
        }
    command = f"python -m benchmarks many --maps {given.maps} --rounds {given.rounds}"
    save_results("many", command, content, [NETWORK, TINY_NETWORK], timed=True)
