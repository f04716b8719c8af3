"""Measure time and memory as functions of the size of the result, each in a process of its own.

python benchmarks/size.py

Maps with holes are made larger, band by band, into NPY files. Writes benchmarks/results/size.json
and docs/size.png.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr import DepthMap, Upscaler
from dsdmsr._provenance import provenance, write_json
from dsdmsr.io import write_bands
from options import ROOT
from speed import most_mib

RESULTS = ROOT / "benchmarks" / "results" / "size.json"
PLOT = ROOT / "docs" / "size.png"
SIDES = {4: (512, 1024, 2048, 4096), 16: (512, 1024, 2048, 4096, 8192, 16384)}
"""Factor → sides of the results, in pixels."""
TILED = 2048
"""From this side on, a map is made in several tiles."""


def waves(side: int) -> DepthMap:
    """Return a map of waves and steps in metres, a twentieth of which is holes."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    values = 3 + np.sin(x / 9) + np.cos(y / 7) + 2 * ((x // 40 + y // 30) % 2)
    return DepthMap(values, np.random.default_rng(0).random((side, side)) > 0.05, unit="m")


def one(scale: int, side: int) -> dict[str, float]:
    """Return what it takes to make a map of `side`² pixels."""
    upscaler = Upscaler.from_pretrained(scale=scale, device="cpu")
    upscaler(waves(16))
    depth = waves(side // scale)
    before = most_mib()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        write_bands(Path(folder) / "large.npy", (side, side), upscaler.bands(depth), "metres")
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "before_mib": before, "peak_mib": most_mib()}


def measure() -> list[dict[str, Any]]:
    """Return a row for each factor and size."""
    rows = []
    wanted = [(scale, side) for scale, sides in SIDES.items() for side in sides]
    for scale, side in track(wanted, "making maps"):
        command = [sys.executable, __file__, str(scale), str(side)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append({"scale": scale, "side": side, **json.loads(done.stdout)})
    for row in rows:
        (first,) = (r for r in rows if (r["scale"], r["side"]) == (row["scale"], TILED))
        row["times_2048"] = row["seconds"] / first["seconds"]
    return rows


def slope(rows: list[dict[str, Any]], scale: int) -> float:
    """Return the power of the number of pixels by which time grows, for results of many tiles."""
    chosen = [row for row in rows if row["scale"] == scale and row["side"] >= TILED]
    pixels = np.log([row["side"] ** 2 for row in chosen])
    return float(np.polyfit(pixels, np.log([row["seconds"] for row in chosen]), 1)[0])


def draw(rows: list[dict[str, Any]]) -> None:
    """Draw time and peak memory over the number of pixels."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
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
    figure.savefig(PLOT, dpi=80)
    pyplot.close(figure)


def main() -> None:
    if len(sys.argv) == 3:
        print(json.dumps(one(int(sys.argv[1]), int(sys.argv[2]))))
        return
    rows = measure()
    about = {**provenance(), "command": "python benchmarks/size.py"}
    slopes = {str(scale): slope(rows, scale) for scale in SIDES}
    write_json(RESULTS, {**about, "slopes": slopes, "rows": rows})
    draw(rows)
    print(f"wrote {RESULTS} and {PLOT}")


if __name__ == "__main__":
    main()
