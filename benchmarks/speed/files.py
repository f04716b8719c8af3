"""Time of reading and writing depth files beside that of an older checkout, and the size of PNGs.

Each of the two has a process; both read and write the same files in turn. Times are of the CPU, and
the least of a process's rounds, since a machine that others use only adds. How memory lies differs
from process to process, and for as long as it lives: the median over several pairs counts. PNGs are
also compared by their bytes, on real maps and on these upscaled ×2.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import save_results, sourced_table
from benchmarks.speed.baseline import NEW, OLD, Worker, commit_of
from dsdmsr import DepthMap, Upscaler, read_depth, write_depth
from dsdmsr.errors import DsdmsrError
from dsdmsr.io.codec import encode

SHAPE = (480, 640)
PAIRS = 7
"""Processes of each of the two."""
MAPS = 40
LARGEST = 1_200_000
"""Pixels of a real map at most."""
ENCODINGS = ("mm", "levels")


def write_files(folder: Path) -> list[Path]:
    """Write one scene as whole numbers and as floats, with and without holes."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    walls = 2 + 0.002 * x + 0.001 * y + 0.7 * ((x // 80 + y // 60) % 2)
    depth = (walls + 0.001 * rng.standard_normal(SHAPE)).astype(np.float32)
    seen = (rng.random(SHAPE) > 0.05) & (x >= 40)
    floats = DepthMap(depth)
    metres = DepthMap(depth, unit="m")
    for suffix in (".npy", ".npz", ".pfm", ".dpt", ".tif", ".exr", ".h5"):
        write_depth(folder / f"floats{suffix}", floats, "float")
    for suffix in (".png", ".pgm", ".npy", ".tif"):
        write_depth(folder / f"millimetres{suffix}", metres, "mm")
    write_depth(folder / "millimetres, holes.png", DepthMap(depth, seen, unit="m"), "mm")
    levels = DepthMap(np.round(50 * depth), kind="disparity", unit="level")
    write_depth(folder / "levels.png", levels, "levels")
    np.save(folder / "floats, NaN.npy", np.where(seen, depth, np.float32(np.nan)))
    return sorted(folder.iterdir())


def speeds(checkout: Path, rounds: int) -> list[dict[str, Any]]:
    """Return a row for each file: the CPU seconds that both take to read and to write it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_files(Path(folder))
        pairs = []
        for _ in track(range(PAIRS), "files"):
            with Worker(checkout) as old, Worker(ROOT) as new:
                workers = {OLD: old, NEW: new}
                pairs.append({path.name: least_seconds(path, workers, rounds) for path in paths})
    rows = []
    for path in paths:
        of_file = [pair[path.name] for pair in pairs]
        row: dict[str, Any] = {"file": path.name}
        row |= {key: statistics.median(each[key] for each in of_file) for key in of_file[0]}
        for what in ("read", "write"):
            ratios = [each[f"{what}_{NEW}_s"] / each[f"{what}_{OLD}_s"] for each in of_file]
            row[f"{what}_ratio"] = statistics.median(ratios)
        rows.append(row)
    return rows


def least_seconds(path: Path, workers: Mapping[str, Worker], rounds: int) -> dict[str, float]:
    """Return the least CPU seconds that each of two processes takes to read and write a file."""
    taken: dict[str, list[float]] = defaultdict(list)
    for what in ("read", "write"):
        for _ in range(rounds):
            for key, worker in workers.items():
                taken[f"{what}_{key}_s"].append(worker.file_seconds(what, path))
    return {key: min(times) for key, times in taken.items()}


def real_maps(data: Path) -> list[Path]:
    """Return PNG files of real maps, evenly spread over the folders that may choose things."""
    found = sorted(data.glob("*/train/**/*.png"))
    return found[:: max(1, len(found) // MAPS)]


def png_sizes(checkout: Path, sources: Sequence[Path]) -> list[dict[str, Any]]:
    """Return a row for each map, as it is and upscaled: bytes and CPU seconds of both PNGs."""
    upscale = Upscaler.from_pretrained("dsdmsr-fast", scale=2)
    rows = []
    with tempfile.TemporaryDirectory() as folder, Worker(checkout) as old, Worker(ROOT) as new:
        for source in track(sources, "PNGs"):
            try:
                depth = read_depth(source)
            except DsdmsrError:
                continue
            if depth.encoding not in ENCODINGS or depth.values.size > LARGEST:
                continue
            for large, shown in ((False, depth), (True, upscale(depth))):
                kept = Path(folder) / "numbers.npy"
                np.save(kept, encode(shown, depth.encoding, whole=True))
                row: dict[str, Any] = {"map": source.parent.parent.name, "upscaled": large}
                for key, worker in ((OLD, old), (NEW, new)):
                    said = worker.png(kept, depth.encoding)
                    row |= {f"{key}_s": said["seconds"], f"{key}_bytes": said["bytes"]}
                rows.append(row)
    return rows


def table(results: dict[str, Any]) -> str:
    """Return the ratios of reading and writing for each file, and of PNGs over all maps."""
    rows = [
        [
            row["file"],
            f"{row['read_ratio']:.2f}",
            f"{row['write_ratio']:.2f}",
        ]
        for row in results["files"]
    ]
    head = ["480×640 pixels", f"reading / {results['old']}'s", "writing"]
    return sourced_table(results, head, rows, names=1)


def png_table(results: dict[str, Any]) -> str:
    """Return how many times as fast PNGs are written, and their bytes."""
    rows = []
    for large, name in ((False, "as they are"), (True, "upscaled ×2")):
        of = [row for row in results["pngs"] if row["upscaled"] == large]
        times, sizes = (
            [sum(row[f"{key}_{unit}"] for row in of) for key in (OLD, NEW)]
            for unit in ("s", "bytes")
        )
        each = statistics.median(row["old_s"] / row["new_s"] for row in of)
        worst = max(row["new_bytes"] / row["old_bytes"] for row in of)
        rows.append(
            [
                name,
                str(len(of)),
                f"{times[0] / times[1]:.1f}",
                f"{each:.1f}",
                f"{sizes[1] / sizes[0]:.3f}",
                f"{worst:.2f}",
            ]
        )
    head = ["real maps as PNG", "files", "speed / Pillow's", "median file", "bytes", "largest file"]
    return sourced_table(results, head, rows, names=1)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--checkout", type=Path, required=True, help="the older code's root")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    checkout = given.checkout.resolve()
    content = {
        "old": commit_of(checkout),
        "files": speeds(checkout, given.rounds),
        "pngs": png_sizes(checkout, real_maps(given.data)),
    }
    command = f"python -m benchmarks files --checkout DIR --rounds {given.rounds}"
    save_results("files", command, content, ["dsdmsr-fast"])
