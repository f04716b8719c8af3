"""Streams beside the bare call, their latency, and their memory over many frames.

The bare call and the stream upscale the same maps in turns; a last run has a source that gives
them at the pace of a sensor. Memory is that of a process of its own.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import dsdmsr
from benchmarks.common.memory import forget_peak, in_own_process, peak_mib
from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from benchmarks.common.threads import hold_to
from benchmarks.common.timing import in_turn, median_ratio
from dsdmsr import DepthMap, Upscaler
from dsdmsr.upscaling.stream import StreamStatistics

__all__ = ["measure", "memory", "table"]

MODEL, SCALE, THREADS, RATE = "dsdmsr-fast", 4, 2, 30.0
SMALL = (24, 32)
"""Height and width of the frames whose memory is measured."""
BARE, STREAM = "the call, frame by frame", "the stream"


def moving(count: int) -> list[DepthMap]:
    """Return the sample, 120×160, as it moves past, with a hole."""
    lr_depth, _ = dsdmsr.sample()
    valid = lr_depth.valid.copy()
    valid[40:50, 60:80] = False
    return [
        DepthMap(np.roll(lr_depth.values, k, 1), np.roll(valid, k, 1), unit="m")
        for k in range(count)
    ]


def measure(count: int, rounds: int) -> dict[str, Any]:
    """Return how fast streams are beside the bare call, and how late their frames.

    Args:
        count: Frames of a run.
        rounds: Runs of each kind that are measured.
    """
    dsdmsr.keep_memory()
    upscaler, frames = Upscaler.from_pretrained(MODEL, scale=SCALE, device="cpu"), moving(count)
    seen: list[StreamStatistics] = []
    cpu: dict[str, list[float]] = {BARE: [], STREAM: []}

    def bare() -> None:
        began = time.process_time()
        for depth in frames:
            upscaler(depth)
        cpu[BARE].append(time.process_time() - began)

    def streamed() -> None:
        began = time.process_time()
        with upscaler.stream(frames) as stream:
            indices = [frame.index for frame in stream]
        cpu[STREAM].append(time.process_time() - began)
        assert indices == list(range(count))
        seen.append(stream.statistics)

    taken = in_turn({BARE: bare, STREAM: streamed}, rounds)
    late = {
        key: statistics.median(getattr(each, key) for each in seen[1:])
        for key in ("latency_p50", "latency_p95")
    }
    rows: list[dict[str, Any]] = [
        {"run": name, "frames_per_second": count / statistics.median(taken[name])}
        for name in (BARE, STREAM)
    ]
    rows[1] |= {
        "rate_ratios": [b / s for s, b in zip(taken[STREAM], taken[BARE], strict=True)],
        "cpu_ratio": median_ratio(cpu[STREAM][1:], cpu[BARE][1:]),
        **late,
    }
    return {"frames": count, "rounds": rounds, "rows": rows, "sensor": _sensor(upscaler, frames)}


def _sensor(upscaler: Upscaler, frames: Sequence[DepthMap]) -> dict[str, float]:
    """Return what a stream of the newest frames of a sensor does."""

    def sensor() -> Iterator[DepthMap]:
        start = time.perf_counter()
        for k, depth in enumerate(frames):
            time.sleep(max(0.0, start + k / RATE - time.perf_counter()))
            yield depth

    with upscaler.stream(sensor(), newest=True) as stream:
        for _ in stream:
            pass
    found = stream.statistics
    assert found.frames + found.dropped == len(frames)
    return {
        "frames_per_second": found.frames_per_second,
        "latency_p50": found.latency_p50,
        "latency_p95": found.latency_p95,
        "dropped": found.dropped,
    }


def memory(count: int) -> dict[str, float]:
    """Return the peak memory of each half of a stream of frames, in MiB."""
    upscaler = Upscaler.from_pretrained(MODEL, scale=SCALE, device="cpu")
    rng = np.random.default_rng(0)
    sensor = (rng.integers(1000, 3000, SMALL).astype(np.uint16) for _ in range(count))
    peaks = []
    with upscaler.stream(sensor, encoding="mm") as stream:
        for frame in stream:
            if frame.index == count // 2:
                peaks.append(peak_mib())
                forget_peak()
    peaks.append(peak_mib())
    return {"frames": count, "first_half_mib": peaks[0], "second_half_mib": peaks[1]}


def table(results: dict[str, Any]) -> str:
    """Return the frame rates, latencies and memory of streams."""
    rows = []
    for row in results["rows"]:
        ratios = row.get("rate_ratios", [1.0])
        ratio = f"{statistics.median(ratios):.2f}"
        rows.append([row["run"], f"{row['frames_per_second']:.1f}", ratio, *_late(row)])
    sensor, held = results["sensor"], results["memory"]
    name = f"the stream, of a sensor of {RATE:.0f} a second, `newest=True`"
    rows.append([name, f"{sensor['frames_per_second']:.1f}", "–", *_late(sensor)])
    change = held["second_half_mib"] / held["first_half_mib"] - 1
    notes = [
        f"From 160×120 to 640×480 with `{MODEL}`, {results['frames']} frames a run; the ratio is "
        f"the median of {results['rounds']} pairs of runs ({min(ratios):.2f} to "
        f"{max(ratios):.2f}). The stream's processor time is {results['rows'][1]['cpu_ratio']:.2f} "
        "of the call's. Where the source is always ahead, two frames wait; of the sensor's frames "
        f"{sensor['dropped']} were dropped.",
        f"Peak memory over {held['frames']:,} frames of {SMALL[1]}×{SMALL[0]}: "
        f"{held['first_half_mib']:.0f} MiB in the first half, {held['second_half_mib']:.0f} in "
        f"the second ({change:+.1%}).".replace("(-", "(−"),
    ]
    head = ["frames", "a second", "/ the call's", "latency p50, ms", "p95, ms"]
    return sourced_table(results, head, rows, names=1, notes=notes)


def _late(row: dict[str, Any]) -> list[str]:
    """Return the latencies of a row in milliseconds, where it has them."""
    keys = ("latency_p50", "latency_p95")
    return [f"{1000 * row[key]:.0f}" if key in row else "–" for key in keys]


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--many", type=int, default=10_000, help="frames whose memory is measured")
    given = parser.parse_args()
    hold_to(THREADS)
    content = {**measure(given.frames, given.rounds), "memory": in_own_process(memory, given.many)}
    command = f"python -m benchmarks stream --frames {given.frames} --rounds {given.rounds}"
    save_results("stream", f"{command} --many {given.many}", content, [MODEL], timed=True)
