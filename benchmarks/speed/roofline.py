"""Packaged networks and their peers beside what the machine can do: a roofline, in one run.

All run on the CPU with two threads, and take turns: 3×3 convolutions and copies (the ceiling), each
packaged network on each backend that is installed, peers with random weights, OpenCV's bicubic
resize, and the research code's form. Memory and disk follow.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from torch import nn

import dsdmsr
from benchmarks.common.backends import RUNTIMES, backends_for
from benchmarks.common.graphs import export, onnxruntime_run, openvino_run, torch_run
from benchmarks.common.options import options
from benchmarks.common.results import save_results
from benchmarks.common.threads import hold_to
from benchmarks.common.timing import in_turn, median_ratio
from benchmarks.speed import ceiling, cold_start
from benchmarks.speed.convolutions import Work, work_of, work_of_packaged
from benchmarks.speed.networks import NETWORKS, random_map
from benchmarks.speed.peers import PEERS
from benchmarks.speed.research_code import ResearchForm
from dsdmsr import DepthMap, Upscaler
from dsdmsr.zoo.torch_networks import from_pretrained

THREADS = 2
SIZE = (120, 160)
LARGE = (480, 640)
"""The map whose memory is measured."""
SCALE = 4
REST = 0.02
"""Seconds before each run: longer than OpenMP's threads spin."""
CV2, RESEARCH, COPY = "cv2 bicubic", "research code's SRCNN form", "copy"
FAST, MS_NET = "dsdmsr-fast", "MS-Net"

REFERENCES = {
    "times_cv2": (CV2, "OpenCV"),
    "times_ms_net": (MS_NET, None),
    "times_research": (RESEARCH, "torch"),
    "times_fast": (FAST, None),
}
"""Ratio → the method of the time below the line, and what runs it; None: the same runtime."""

Key = tuple[str, str]
"""Name of a method, and of what runs it."""


def resize_run() -> Callable[[NDArray[np.float32]], object]:
    """Return OpenCV's bicubic resize of a map."""
    size = SCALE * SIZE[1], SCALE * SIZE[0]
    return lambda depth: cv2.resize(depth, size, interpolation=cv2.INTER_CUBIC)


def methods(threads: int) -> dict[Key, partial[object]]:
    """Return every method that upscales a map, with the map."""
    depth = random_map(SIZE)
    maps = depth[None, None]
    found: dict[Key, partial[object]] = {(CV2, "OpenCV"): partial(resize_run(), depth)}
    for name in NETWORKS:
        for backend in backends_for(name):
            upscaler = Upscaler.from_pretrained(name, scale=SCALE, backend=backend, device="cpu")
            found[name, backend] = partial(upscaler, DepthMap(depth))
    for name, peer in PEERS.items():
        network = peer.form()
        graph = export(network)
        found[name, "onnx"] = partial(onnxruntime_run(graph, threads), maps)
        if name == MS_NET:
            found[name, "torch"] = partial(torch_run(network), maps)
            if find_spec("openvino"):
                found[name, "openvino"] = partial(openvino_run(graph, threads), maps)
    found[RESEARCH, "torch"] = partial(torch_run(ResearchForm(SCALE)), maps)
    return found


def works() -> list[dict[str, Any]]:
    """Return a row for each network: its parameters, and the work of its convolutions."""
    found: list[tuple[str, nn.Module, Work]] = []
    for name in NETWORKS:
        packaged = from_pretrained(name)
        found.append((name, packaged, work_of_packaged(packaged, SIZE, SCALE)))
    for name, peer in PEERS.items():
        form = peer.form()
        found.append((name, form, work_of(form, SIZE)))
    return [
        {
            "network": name,
            "parameters": sum(p.numel() for p in network.parameters()),
            **dataclasses.asdict(work),
            "flops_per_byte": work.intensity,
        }
        for name, network, work in found
    ]


def rows(
    taken: Mapping[Key, Sequence[float]], macs: Mapping[str, int], flops: int, top: Sequence[float]
) -> list[dict[str, Any]]:
    """Return a row for each method.

    Shares and ratios are medians over the rounds, of times in the same round.

    Args:
        taken: Method → its seconds.
        macs: Network → its multiply-accumulates.
        flops: Floating-point operations of the fastest convolutions.
        top: Their seconds.
    """
    found = []
    for (name, backend), times in taken.items():
        row: dict[str, Any] = {"method": name, "backend": backend}
        row["median_s"] = statistics.median(times)
        if name in macs:
            row["share"] = 2 * macs[name] / flops * median_ratio(top, times)
        for key, (reference, runtime) in REFERENCES.items():
            if seconds := taken.get((reference, runtime or backend)):
                row[key] = median_ratio(times, seconds)
        found.append(row)
    return found


def measure(rounds: int, threads: int) -> dict[str, Any]:
    """Return what is timed in turn: the ceiling, and a row for each method."""
    chains, upscaling = ceiling.chains(threads), methods(threads)
    runs: dict[Any, partial[object]] = {**chains, COPY: ceiling.copy_run(), **upscaling}
    taken = in_turn(runs, rounds, rest=REST)
    of_chains = {chain: taken[chain] for chain in chains}
    top, _ = ceiling.highest(of_chains)
    by_runtime = [
        {chain: times for chain, times in of_chains.items() if chain.runtime == runtime}
        for runtime in ceiling.RUNTIMES
    ]
    highest = [ceiling.highest(own) for own in by_runtime]
    known = works()
    return {
        "ceiling": {
            "convolutions": [{**chain._asdict(), "flops_per_s": rate} for chain, rate in highest],
            "bytes_per_s": 2 * ceiling.COPY_BYTES / statistics.median(taken[COPY]),
        },
        "work": known,
        "rows": rows(
            {key: taken[key] for key in upscaling},
            {row["network"]: row["macs"] for row in known},
            ceiling.flops_of(top),
            taken[top],
        ),
    }


def memory() -> list[dict[str, Any]]:
    """Return a row for each network and backend: the MiB that it takes beyond the imports'."""
    keys = [(name, backend) for name in NETWORKS for backend in backends_for(name)]
    return [
        {"network": name, "backend": backend, "mib": cold_start.memory_growth(name, backend, LARGE)}
        for name, backend in track(keys, "memory")
    ]


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    threads = hold_to(THREADS)
    content = {
        "height": SIZE[0],
        "width": SIZE[1],
        "scale": SCALE,
        "runtimes": {name: version(name) for name in RUNTIMES.values() if find_spec(name)},
        "memory": {"height": LARGE[0], "width": LARGE[1], "rows": memory()},
        "disk": [{"network": name, **cold_start.disk_mib(name)} for name in NETWORKS],
    }
    dsdmsr.keep_memory()
    content |= measure(given.rounds, threads)
    command = f"python -m benchmarks roofline --rounds {given.rounds}"
    save_results("roofline", command, content, NETWORKS, timed=True)
