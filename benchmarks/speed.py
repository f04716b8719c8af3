"""Measure time and peak memory of the networks for use, and of the research code's form.

python benchmarks/speed.py [--rounds 5] [--device cpu]

All are timed in turn in each round of one run, after one round of warm-up, and compared by the
median of the rounds' ratios to the reference, since absolute times say little on a shared
machine. Peak memory is taken in a process of its own for each, beyond what the loaded network
takes. Writes benchmarks/results/speed.json, or speed_cuda.json.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr._provenance import provenance, write_json
from dsdmsr.degradation.resample import resize
from dsdmsr.depth.map import DepthMap
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.scales import SCALES
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.names import ROBUST_MODEL
from dsdmsr.zoo.torch_networks import from_pretrained
from options import ROOT, TIERS
from research_form import ResearchForm
from timing import in_turn

SIZES = ((60, 80), (120, 160))
REFERENCE_SCALE = 8
"""The factor that the research code's networks were made for."""
REFERENCE = "research code's SRCNN form"
OURS = "the same network here"

Run = Callable[[NDArray[np.float32]], object]


def runner(name: str, scale: int, device: str) -> Run:
    """Return what makes a map of 0…1 larger."""
    if name == "bicubic":
        return lambda depth: resize(torch.from_numpy(depth)[None, None].to(device), scale).cpu()
    if name in (REFERENCE, OURS):
        legacy = ModelConfig(scale=scale, unit="srcnn", fusion="legacy")
        model = ResearchForm(scale) if name == REFERENCE else DSDMSR(legacy)
        return _inference(model.to(device).eval(), device)
    upscaler = Upscaler(TorchBackend(from_pretrained(name), device), scale=scale)
    return lambda depth: upscaler(DepthMap(depth))


def _inference(model: torch.nn.Module, device: str) -> Run:
    @torch.inference_mode()
    def run(depth: NDArray[np.float32]) -> object:
        made = model(torch.from_numpy(depth)[None, None].to(device))
        return (made if isinstance(made, torch.Tensor) else made.fused).cpu()

    return run


def made_map(size: tuple[int, int]) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(size, dtype=np.float32) + 1


def _peak(name: str, scale: int, size: tuple[int, int], device: str, queue: Any) -> None:
    run = runner(name, scale, device)
    run(made_map((8, 8)))
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run(made_map(size))
        queue.put((torch.cuda.max_memory_allocated() - before) / 2**20)
        return
    # A process begins with its parent's peak: forget it (Linux).
    Path("/proc/self/clear_refs").write_text("5")
    before = most_mib()
    run(made_map(size))
    queue.put(most_mib() - before)


def most_mib() -> float:
    """Return the most memory that this process has had."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def peak_mib(name: str, scale: int, size: tuple[int, int], device: str) -> float:
    """Return by how much a process grows that makes one map larger."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_peak, args=(name, scale, size, device, queue))
    process.start()
    peak: float = queue.get(timeout=600)
    process.join()
    return peak


def methods(scale: int) -> list[str]:
    made = ["bicubic", *TIERS, ROBUST_MODEL]
    return [REFERENCE, OURS, *made] if scale == REFERENCE_SCALE else made


def measure(size: tuple[int, int], scale: int, rounds: int, device: str) -> list[dict[str, object]]:
    """Return a row for each method."""
    names = methods(scale)
    runs = {name: runner(name, scale, device) for name in names}
    depth = made_map(size)
    taken = in_turn({name: partial(run, depth) for name, run in runs.items()}, rounds)
    rows: list[dict[str, object]] = []
    for name in names:
        row: dict[str, object] = {
            "height": size[0],
            "width": size[1],
            "scale": scale,
            "method": name,
            "backend": "torch",
            "median_s": statistics.median(taken[name]),
            "peak_mib": peak_mib(name, scale, size, device),
        }
        for other in (REFERENCE, "bicubic"):
            if other in taken:
                pairs = zip(taken[name], taken[other], strict=True)
                row[f"times_{'reference' if other == REFERENCE else other}"] = statistics.median(
                    mine / theirs for mine, theirs in pairs
                )
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    cases = [(size, scale) for size in SIZES for scale in SCALES]
    rows = []
    for size, scale in track(cases, description="timing"):
        rows += measure(size, scale, given.rounds, given.device)
    kind = given.device.partition(":")[0]
    device = torch.cuda.get_device_name() if kind == "cuda" else "cpu"
    command = f"python benchmarks/speed.py --rounds {given.rounds} --device {given.device}"
    name = "speed" if kind == "cpu" else f"speed_{kind}"
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    write_json(path, {**provenance(kind), "device": device, "command": command, "rows": rows})
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
