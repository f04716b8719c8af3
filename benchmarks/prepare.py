"""Measure how fast data sets are prepared and read, and what memory that takes.

python benchmarks/prepare.py [--rounds 3]

On a made tree of 8 scans × 24 views of 1200×1600 pixels: megapixels a second of `dsdmsr prepare
dtu` with one process and with two, beside the research code's approach, which is re-created here;
crops a second read from the shards, beside what the smallest recipe's training uses; the peak
memory of preparing 30 and 300 maps. Writes benchmarks/results/prepare.json.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
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

from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.batches import make_batch
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.prepared.shards import Shards
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.training.recipe_files import load_recipe
from dtu_like import make_tree
from options import ROOT
from scene_throughput import training_seconds
from timing import in_turn

RESULTS = ROOT / "benchmarks" / "results" / "prepare.json"
SIZE, SCANS, VIEWS = (1200, 1600), 8, 24
RESEARCH_MAPS = 16
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
            small = cv2.resize(depth, size[::-1], interpolation=cv2.INTER_LINEAR)
            grey = (255 * small / small.max()).astype(np.uint8)
            where = folder / level_name(size) / path.parent.name
            where.mkdir(parents=True, exist_ok=True)
            Image.fromarray(grey).save(where / f"{path.stem}.png")


def run_command(tree: Path, folder: Path, workers: int, *forms: str) -> None:
    """Prepare as people do, the start of Python included; forget what was made."""
    command = [sys.executable, "-m", "dsdmsr", "prepare", "dtu", tree, folder, *forms]
    done = subprocess.run([*command, "--workers", str(workers)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    shutil.rmtree(folder)


def throughput(tree: Path, work: Path, rounds: int) -> dict[str, Any]:
    """Return megapixels of the source a second, by approach, and their ratios.

    What is compared is each one's best round: others that use the machine can only slow it down.
    """
    fresh = itertools.count()

    def ours(workers: int, *forms: str) -> Callable[[], object]:
        return lambda: run_command(tree, work / f"{next(fresh)}", workers, *forms)

    runs: dict[str, Callable[[], object]] = {
        "research approach": lambda: research(tree, work / f"{next(fresh)}"),
        "pyramid, 1 process": ours(1, "--pyramid"),
        "pyramid, 2 processes": ours(2, "--pyramid"),
        "pyramid and shards, 1 process": ours(1, "--pyramid", "--shards"),
        "pyramid and shards, 2 processes": ours(2, "--pyramid", "--shards"),
    }
    cv2.setNumThreads(1)
    taken = in_turn(runs, rounds)
    megapixels = SIZE[0] * SIZE[1] / 1e6
    rates = {
        name: [
            megapixels * (RESEARCH_MAPS if name.startswith("research") else SCANS * VIEWS) / s
            for s in seconds
        ]
        for name, seconds in taken.items()
    }

    best = {name: max(found) for name, found in rates.items()}
    return {
        "rates": best,
        "rounds": rates,
        "two_to_one": {
            forms: best[f"{forms}, 2 processes"] / best[f"{forms}, 1 process"]
            for forms in ("pyramid", "pyramid and shards")
        },
        "to_research": {
            name: best[name] / best["research approach"] for name in best if "process" in name
        },
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


def _prepare_and_tell(tree: Path, folder: Path, workers: int, queue: Any) -> None:
    # A process begins with its parent's peak: forget it (Linux).
    Path("/proc/self/clear_refs").write_text("5")
    prepare(dtu(tree), folder, BOTH, workers=workers)
    status = Path("/proc/self/status").read_text().splitlines()
    queue.put(next(float(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024)


def peaks(work: Path, maps: int) -> list[float]:
    """Return the peak MiB of a process that shares its work out, and of one that does it all."""
    tree = make_tree(work / f"tree{maps}", maps // 10, 10, SMALL)
    context = multiprocessing.get_context("spawn")
    found = []
    for workers in (1, 0):
        queue = context.Queue()
        made = work / f"made{maps}_{workers}"
        process = context.Process(target=_prepare_and_tell, args=(tree, made, workers, queue))
        process.start()
        found.append(queue.get(timeout=600))
        process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        memory = [{"maps": maps, "peak_mib": peaks(work, maps)} for maps in (FEW, MANY)]
        tree = make_tree(work / "tree", SCANS, VIEWS, SIZE)
        speed = throughput(tree, work, rounds)
        prepare(dtu(tree), work / "shards", Forms(pyramid=False, shards=True), workers=2)
        content = {
            **provenance(),
            "command": f"python benchmarks/prepare.py --rounds {rounds}",
            "size": SIZE,
            "maps": SCANS * VIEWS,
            "speed": speed,
            "reading": reading(work / "shards", "smoke"),
            "memory": memory,
        }
    write_json(RESULTS, content)
    print(content)


if __name__ == "__main__":
    main()
