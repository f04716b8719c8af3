"""Time and memory as functions of the size of the result, each in a process of its own.

Maps with holes are upscaled, band by band, into NPY files. Time is the processor's, of all threads,
so that others who use the machine count for little. Plots docs/size.png.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

import dsdmsr
from benchmarks.common import plots
from benchmarks.common.memory import forget_peak, in_own_process, peak_mib
from benchmarks.common.options import DOCS, options
from benchmarks.common.results import save_results, sourced_table
from dsdmsr import DepthMap, Upscaler
from dsdmsr.io import write_bands
from dsdmsr.zoo.names import DEFAULT_MODEL

PLOT = DOCS / "size.png"
SIDES = {4: (512, 1024, 2048, 4096), 16: (512, 1024, 2048, 4096, 8192, 16384)}
"""Factor → sides of the results, in pixels."""
TILED = 2048
"""From this side on, a map has several tiles."""


def waves(side: int) -> DepthMap:
    """Return a map of waves and steps in metres, a twentieth of which is holes."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    values = 3 + np.sin(x / 9) + np.cos(y / 7) + 2 * ((x // 40 + y // 30) % 2)
    return DepthMap(values, np.random.default_rng(0).random((side, side)) > 0.05, unit="m")


def one(scale: int, side: int) -> dict[str, float]:
    """Return the time and memory of a result of `side`² pixels."""
    forget_peak()
    dsdmsr.keep_memory()
    upscaler = Upscaler.from_pretrained(scale=scale, device="cpu")
    upscaler(waves(16))
    depth = waves(side // scale)
    before = peak_mib()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        write_bands(Path(folder) / "hr_depth.npy", (side, side), upscaler.bands(depth), "metres")
        seconds = time.process_time() - began
    return {"seconds": seconds, "before_mib": before, "peak_mib": peak_mib()}


def measure(largest: int) -> list[dict[str, Any]]:
    """Return a row for each factor and size."""
    rows = []
    keys = [(scale, side) for scale, sides in SIDES.items() for side in sides if side <= largest]
    for scale, side in track(keys, "measuring"):
        rows.append({"scale": scale, "side": side, **in_own_process(one, scale, side)})
    for row in rows:
        (first,) = (r for r in rows if (r["scale"], r["side"]) == (row["scale"], TILED))
        row["times_2048"] = row["seconds"] / first["seconds"]
    return rows


def slope(rows: list[dict[str, Any]], scale: int) -> float:
    """Return the power of the number of pixels by which time grows, for results of many tiles."""
    chosen = [row for row in rows if row["scale"] == scale and row["side"] >= TILED]
    pixels = np.log([row["side"] ** 2 for row in chosen])
    return float(np.polyfit(pixels, np.log([row["seconds"] for row in chosen]), 1)[0])


def table(results: dict[str, Any]) -> str:
    """Return how time and memory grow with the size of the result."""
    rows = [
        [
            f"×{row['scale']}",
            f"{row['side']}²",
            f"{row['times_2048']:.2f}",
            f"{row['times_2048'] * (TILED / row['side']) ** 2:.2f}",
            f"{row['before_mib']:.0f}",
            f"{row['peak_mib']:.0f}",
        ]
        for row in results["rows"]
    ]
    head = ["factor", "result", "time / 2048²'s", "the same per pixel"]
    head += ["MiB before", "MiB at most"]
    powers = ", ".join(f"×{scale}: {power:.2f}" for scale, power in results["slopes"].items())
    note = f"Beyond 2048², time grows with this power of the number of pixels: {powers}."
    return sourced_table(results, head, rows, names=2, notes=[note])


def plot(rows: list[dict[str, Any]]) -> None:
    """Plot time and peak memory over the number of pixels."""
    figure, (left, right) = plots.pyplot().subplots(1, 2, figsize=(10, 4), layout="constrained")
    for scale in SIDES:
        chosen = [row for row in rows if row["scale"] == scale]
        pixels = [row["side"] ** 2 / 1e6 for row in chosen]
        left.plot(pixels, [row["times_2048"] for row in chosen], "o-", label=f"×{scale}")
        right.plot(pixels, [row["peak_mib"] / 1024 for row in chosen], "o-", label=f"×{scale}")
    ends = np.array([0.25, 270])
    left.plot(ends, ends / (TILED**2 / 1e6), "k:", lw=1, label="slope 1")
    left.set(xscale="log", yscale="log", title="time", ylabel="as multiples of 2048² pixels'")
    right.set(xscale="log", ylim=(0, 2.1), title="peak memory of the process", ylabel="GiB")
    right.axhline(2, color="k", ls=":", lw=1, label="2 GiB")
    for axis in (left, right):
        axis.set_xlabel("megapixels of the result")
        axis.grid(alpha=0.3)
        axis.legend()
    plots.save(figure, PLOT)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--largest", type=int, default=16384, help="side of the largest result")
    given = parser.parse_args()
    if given.largest < 2 * TILED:
        parser.error(f"--largest is {given.largest}: slopes need {2 * TILED} at least")
    rows = measure(given.largest)
    slopes = {str(scale): slope(rows, scale) for scale in SIDES}
    command = f"python -m benchmarks size --largest {given.largest}"
    save_results("size", command, {"slopes": slopes, "rows": rows}, [DEFAULT_MODEL], timed=True)
    plot(rows)
