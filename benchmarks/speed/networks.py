"""Time and peak memory of the packaged networks, and of the research code's form.

All are timed in turn in each round of one run, after one round of warm-up, and compared by the
median of the rounds' ratios to the reference, since absolute times say little on a shared
machine. Peak memory is taken in a process of its own for each, beyond what the loaded network
takes.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

import dsdmsr
from benchmarks.common.memory import forget_peak, in_own_process, peak_mib
from benchmarks.common.options import TIERS, options
from benchmarks.common.results import made_by, save_results, sourced_table
from benchmarks.common.timing import in_turn, median_ratio
from benchmarks.speed.research_code import ResearchForm
from dsdmsr.degradation.resample import resize
from dsdmsr.depth.map import DepthMap
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.scales import SCALES
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.names import ROBUST_MODEL
from dsdmsr.zoo.torch_networks import from_pretrained

SIZES = ((60, 80), (120, 160))
REFERENCE_SCALE = 8
"""The factor of the research code's networks."""
REFERENCE = "research code's SRCNN form"
OURS = "the same network here"
NETWORKS = (*TIERS, ROBUST_MODEL)

Run = Callable[[NDArray[np.float32]], object]


def runner(name: str, scale: int, device: str) -> Run:
    """Return a method that upscales a map of about 1…2."""
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
        pred = model(torch.from_numpy(depth)[None, None].to(device))
        return (pred if isinstance(pred, torch.Tensor) else pred.fused).cpu()

    return run


def random_map(size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a map of 1…2."""
    return np.random.default_rng(0).random(size, dtype=np.float32) + 1


def growth_mib(name: str, scale: int, size: tuple[int, int], device: str) -> float:
    """Return by how much memory grows while a method upscales one map."""
    dsdmsr.keep_memory()
    run = runner(name, scale, device)
    run(random_map((8, 8)))
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run(random_map(size))
        return float(torch.cuda.max_memory_allocated() - before) / 2**20
    forget_peak()
    before_mib = peak_mib()
    run(random_map(size))
    return peak_mib() - before_mib


def methods(scale: int) -> list[str]:
    """Return what is measured at a factor."""
    networks = ["bicubic", *NETWORKS]
    return [REFERENCE, OURS, *networks] if scale == REFERENCE_SCALE else networks


def times(size: tuple[int, int], scale: int, rounds: int, device: str) -> list[dict[str, Any]]:
    """Return a row for each method: its median time, and its ratios to the references'."""
    runs = {name: runner(name, scale, device) for name in methods(scale)}
    depth = random_map(size)
    taken = in_turn({name: partial(run, depth) for name, run in runs.items()}, rounds)
    references = {"times_reference": REFERENCE, "times_bicubic": "bicubic"}
    return [
        {
            "height": size[0],
            "width": size[1],
            "scale": scale,
            "method": name,
            "backend": "torch",
            "median_s": statistics.median(seconds),
            **{
                key: median_ratio(seconds, taken[of])
                for key, of in references.items()
                if of in taken
            },
        }
        for name, seconds in taken.items()
    ]


def measure(sizes: Sequence[tuple[int, int]], rounds: int, device: str) -> list[dict[str, Any]]:
    """Return a row for each size, factor and method."""
    rows = []
    for size, scale in track([(size, scale) for size in sizes for scale in SCALES], "timing"):
        for row in times(size, scale, rounds, device):
            peak = in_own_process(growth_mib, row["method"], scale, size, device)
            rows.append({**row, "peak_mib": peak})
    return rows


def table(results: dict[str, Any]) -> str:
    """Return times as ratios, and peak memory."""
    rows = [
        [
            f"{row['height']}×{row['width']}",
            f"×{row['scale']}",
            row["method"],
            f"{row['times_bicubic']:.0f}",
            f"{row['times_reference']:.2f}" if "times_reference" in row else "–",
            f"{row['peak_mib']:.0f}",
        ]
        for row in results["rows"]
        if row["method"] != "bicubic"
    ]
    head = ["input", "factor", "method", "time / bicubic's", "time / research code's", "MiB"]
    return sourced_table(results, head, rows, names=3)


def sentence(results: dict[str, Any]) -> str:
    """Return a sentence on the networks' frames per second at ×4, for the largest input."""
    height, width = SIZES[-1]
    scale = 4
    rows = {
        row["method"]: row
        for row in results["rows"]
        if (row["height"], row["width"], row["scale"]) == (height, width, scale)
    }
    speeds = [
        f"`{name}` {1 / rows[name]['median_s']:.2g} ({rows[name]['times_bicubic']:.0f})"
        for name in NETWORKS
    ]
    text = (
        f"Frames a second from {width}×{height} to {scale * width}×{scale * height}, on "
        f"{results['machine']['threads']} CPU threads, and in brackets the time relative to "
        f"bicubic interpolation: {', '.join(speeds)}; [time and memory](docs/speed.md)."
    )
    return f"{text}\n\n{made_by(results)}"


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    dsdmsr.keep_memory()
    rows = measure(SIZES, given.rounds, given.device)
    kind = given.device.partition(":")[0]
    device = torch.cuda.get_device_name() if kind == "cuda" else "cpu"
    command = f"python -m benchmarks speed --rounds {given.rounds} --device {given.device}"
    content = {"device": device, "rows": rows}
    name = "speed" if kind == "cpu" else f"speed_{kind}"
    save_results(name, command, content, NETWORKS, device=kind)
