"""Error against time of what dsdmsr-fast could be: the packaged network beside those in starts/.

Times are of `Upscaler`, 120×160 to 480×640, in turn in one run, without rests between runs, as
those of frames that follow each other; errors are of protocol (a) on maps of the train/ folders.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rich.progress import track

import dsdmsr
from benchmarks.common.held_out import train_sets
from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import save_results, sourced_table
from benchmarks.common.timing import in_turn, median_ratio
from benchmarks.speed.networks import random_map
from dsdmsr.depth.map import DepthMap
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.scales import SCALES
from dsdmsr.training.export import export_graphs
from dsdmsr.upscaling import Upscaler

PACKAGED = "dsdmsr-fast"
STARTS = ROOT / "experiments" / "starts"
EVERY = 3
"""Of the maps of each set, every so many is measured."""
SIZE, SCALE, FRAMES = (120, 160), 4, 5


def exported(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the folder of each network, with graphs."""
    yield PACKAGED, PACKAGED
    for start in sorted(STARTS.glob("fast*")):
        target = folder / start.name
        shutil.copytree(start, target)
        export_graphs(target)
        yield f"starts/{start.name}", str(target)


def errors(name: str, data: Path) -> dict[str, float]:
    """Return set and factor → the geometric mean of a network's RMSE over the set's maps."""
    found = {}
    for scale in track(SCALES, Path(name).name):
        upscaler = Upscaler.from_pretrained(name, scale=scale, device="cpu")
        for label, files in train_sets(data).items():
            every = [next(cases(PROTOCOLS["a"], file, [scale])) for file in files[::EVERY]]
            each = []
            for case in every:
                depth = case.low_res[0].to_depth_map()
                off = (upscaler(depth).values - case.target)[case.counted]
                each.append(float(np.sqrt(np.mean(off**2))))
            found[f"{label} ×{scale}"] = statistics.geometric_mean(each)
    return found


def run(upscaler: Upscaler, depth: DepthMap) -> None:
    """Upscale some frames."""
    for _ in range(FRAMES):
        upscaler(depth)


def table(results: dict[str, Any]) -> str:
    """Return the time and, at each factor, the error, relative to the packaged network's."""
    packaged = results["rows"][0]["errors"]
    cells = []
    for row in results["rows"]:
        ratios = {key: error / packaged[key] for key, error in row["errors"].items()}
        at = [
            statistics.geometric_mean(r for key, r in ratios.items() if key.endswith(f"×{scale}"))
            for scale in SCALES
        ]
        figures = [f"{ratio:.3f}" for ratio in (row["time"], *at)]
        cells.append([row["name"], f"{row['parameters']:,}".replace(",", " "), *figures])
    head = ["network", "parameters", "time", *(f"error ×{scale}" for scale in SCALES)]
    return sourced_table(results, head, cells, names=1)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = dict(exported(Path(folder)))
        depth = DepthMap(random_map(SIZE))
        upscalers = {
            name: Upscaler.from_pretrained(path, scale=SCALE, device="cpu")
            for name, path in found.items()
        }
        dsdmsr.keep_memory()
        runs = {name: partial(run, upscaler, depth) for name, upscaler in upscalers.items()}
        taken = in_turn(runs, given.rounds)
        rows = [
            {
                "name": name,
                "parameters": sum(p.numel() for p in dsdmsr.from_pretrained(path).parameters()),
                "time": median_ratio(taken[name], taken[PACKAGED]),
                "errors": errors(path, given.data),
            }
            for name, path in found.items()
        ]
    command = f"python -m experiments fast_forms --rounds {given.rounds}"
    save_results("fast_forms", command, {"rows": rows}, (PACKAGED,))
