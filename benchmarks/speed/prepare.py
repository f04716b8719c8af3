"""Throughput of preparing and reading data sets, and the memory that it takes.

On a rendered tree of 8 scans × 24 views of 1200×1600 pixels: megapixels a second of `dsdmsr prepare
dtu` with one process and with two, beside the research code's approach, which is re-created here;
crops a second read from the shards, beside what the smallest recipe's training uses; the peak
memory of preparing 30 and 300 maps.
"""

from __future__ import annotations

import itertools
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from benchmarks.common.dtu_like import make_tree
from benchmarks.common.memory import forget_peak, in_own_process, peak_mib
from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from benchmarks.common.timing import in_turn
from benchmarks.speed.scene_throughput import training_seconds
from dsdmsr.data.batches import make_batch
from dsdmsr.data.crops import Shards
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.evaluation.report import figure
from dsdmsr.training.recipe_files import load_recipe

SIZE, SCANS, VIEWS = (1200, 1600), 8, 24
RESEARCH, RESEARCH_MAPS = "research approach", 16
SMALL, FEW, MANY = (240, 320), 30, 300
BOTH = Forms(pyramid=True, shards=True)


def research(source: Path, folder: Path) -> None:
    """Prepare as the research code did: Python floats, linear resizes, 8-bit PNG files."""
    for path in itertools.islice(sorted(source.rglob("*.pfm")), RESEARCH_MAPS):
        with path.open("rb") as file:
            file.readline()
            width, height = map(int, file.readline().split())
            file.readline()
            numbers = struct.unpack(f"<{width * height}f", file.read())
        depth = np.flipud(np.reshape(np.array(numbers, dtype=np.float32), (height, width)))
        for size in LEVELS:
            lr_depth = cv2.resize(depth, size[::-1], interpolation=cv2.INTER_LINEAR)
            grey = (255 * lr_depth / lr_depth.max()).astype(np.uint8)
            level = folder / level_name(size) / path.parent.name
            level.mkdir(parents=True, exist_ok=True)
            Image.fromarray(grey).save(level / f"{path.stem}.png")


def run_command(tree: Path, folder: Path, workers: int, *forms: str) -> None:
    """Prepare as people do, the start of Python included; delete the result."""
    command = [sys.executable, "-m", "dsdmsr", "prepare", "dtu", tree, folder, *forms]
    done = subprocess.run([*command, "--workers", str(workers)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    shutil.rmtree(folder)


def throughput(tree: Path, work: Path, rounds: int) -> dict[str, Any]:
    """Return megapixels of the source a second, by approach, and their ratios.

    The best rounds are compared: others that use the machine can only slow a round down.
    """
    fresh = itertools.count()

    def ours(workers: int, *forms: str) -> Callable[[], object]:
        return lambda: run_command(tree, work / f"{next(fresh)}", workers, *forms)

    runs: dict[str, Callable[[], object]] = {
        RESEARCH: lambda: research(tree, work / f"{next(fresh)}"),
        "pyramid, 1 process": ours(1, "--pyramid"),
        "pyramid, 2 processes": ours(2, "--pyramid"),
        "pyramid and shards, 1 process": ours(1, "--pyramid", "--shards"),
        "pyramid and shards, 2 processes": ours(2, "--pyramid", "--shards"),
    }
    cv2.setNumThreads(1)
    megapixels = SIZE[0] * SIZE[1] / 1e6
    rates = {
        name: [
            megapixels * (RESEARCH_MAPS if name == RESEARCH else SCANS * VIEWS) / s for s in seconds
        ]
        for name, seconds in in_turn(runs, rounds).items()
    }
    best = {name: max(of) for name, of in rates.items()}
    return {
        "rates": best,
        "rounds": rates,
        "two_to_one": {
            forms: best[f"{forms}, 2 processes"] / best[f"{forms}, 1 process"]
            for forms in ("pyramid", "pyramid and shards")
        },
        "to_research": {name: best[name] / best[RESEARCH] for name in best if name != RESEARCH},
    }


def reading(folder: Path, recipe_name: str) -> dict[str, Any]:
    """Return crops a second that one process reads, and that training on all cores uses."""
    recipe = load_recipe(recipe_name)
    total = sum(mix.share for mix in recipe.crops)
    seconds = sum(mix.share / total * training_seconds(recipe, mix, 10) for mix in recipe.crops)
    used = sum(mix.share / total * mix.batch for mix in recipe.crops) / seconds
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    source = Shards(folder)
    make_batch(0, 0, recipe.crops, source)
    began, crops, number = time.perf_counter(), 0, 1
    while time.perf_counter() - began < 10:
        crops += len(make_batch(0, number, recipe.crops, source).hr_depth)
        number += 1
    read = crops / (time.perf_counter() - began)
    torch.set_num_threads(threads)
    return {"recipe": recipe_name, "read": read, "used": used, "ratio": read / used}


def preparing_peak(tree: Path, folder: Path, workers: int) -> float:
    """Return the peak MiB of this process while it prepares a tree."""
    forget_peak()
    prepare(dtu(tree), folder, BOTH, workers=workers)
    return peak_mib()


def peaks(work: Path, maps: int) -> dict[str, Any]:
    """Return the peak MiB of a process that shares its work out, and of one that does it all."""
    tree = make_tree(work / f"tree{maps}", maps // 10, 10, SMALL)
    found = [
        in_own_process(preparing_peak, tree, work / f"prepared{maps}_{workers}", workers)
        for workers in (1, 0)
    ]
    return {"maps": maps, "peak_mib": found}


def table(results: dict[str, Any]) -> str:
    """Return how fast maps are prepared, beside the research code's approach."""
    speed, reads = results["speed"], results["reading"]
    rows = [
        [name, figure(rate), f"{speed['to_research'].get(name, 1):.1f}"]
        for name, rate in speed["rates"].items()
    ]
    ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in speed["two_to_one"].items())
    few, many = (
        " and ".join(f"{mib:.0f}" for mib in of["peak_mib"]) + f" MiB for {of['maps']}"
        for of in results["memory"]
    )
    note = (
        f"Two processes to one: {ratios}. Peak memory of a process that shares its work out and of "
        f"one that does it all: {few} maps, {many}. One process reads {reads['ratio']:.0f} times "
        f"as many crops from the shards as training the recipe `{reads['recipe']}` uses."
    )
    head = ["approach", "megapixels / s, best round", "/ research"]
    return sourced_table(results, head, rows, names=1, notes=[note])


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        memory = [peaks(work, maps) for maps in (FEW, MANY)]
        tree = make_tree(work / "tree", SCANS, VIEWS, SIZE)
        speed = throughput(tree, work, rounds)
        prepare(dtu(tree), work / "shards", Forms(pyramid=False, shards=True), workers=2)
        content = {
            "size": SIZE,
            "maps": SCANS * VIEWS,
            "speed": speed,
            "reading": reading(work / "shards", "smoke"),
            "memory": memory,
        }
    save_results("prepare", f"python -m benchmarks prepare --rounds {rounds}", content)
