"""Frames per second on a GPU (CUDA), by precision, layout and CUDA graphs.

Frames come from pinned memory and go back to it, by copies that don't wait; `Upscaler`, array in,
array out, stands beside them, with torch and with ONNX Runtime where it has CUDA. Without a GPU it
says so and ends.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import torch
from rich.progress import track
from torch import Tensor

from benchmarks.common.backends import backends_for
from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from benchmarks.speed.networks import NETWORKS, random_map
from dsdmsr import DepthMap, Upscaler
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.backends import BackendName
from dsdmsr.upscaling.blocks import Block
from dsdmsr.upscaling.torch_backend import TorchStages
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.torch_networks import from_pretrained

SIZE = (120, 160)
SCALE = 4
PRECISIONS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
SLOTS = 2
"""Frames under way at a time."""
WARM_UP = 10

Predict = Callable[[Tensor], Tensor]
"""A map b 1 h w on the device → its prediction b 1 s·h s·w, float32."""


class Way(NamedTuple):
    """How torch runs a network."""

    precision: str
    channels_last: bool
    graph: bool


WAYS = [Way(*way) for way in itertools.product(PRECISIONS, (False, True), (False, True))]


def predictor(model: DSDMSR, precision: str) -> Predict:
    """Return what predicts whole maps; below float32 by autocast, which keeps depths exact."""
    dtype = PRECISIONS[precision]
    half, stages = dtype != torch.float32, TorchStages(model)

    def predict(lr_depth: Tensor) -> Tensor:
        whole = Window(0, lr_depth.shape[-2], 0, lr_depth.shape[-1])
        kind = lr_depth.device.type
        # No cache of weights: they would belong to the first of several graphs.
        with torch.autocast(kind, dtype if half else None, enabled=half, cache_enabled=False):
            pred: Tensor = Block(stages, lr_depth, SCALE, whole).predict(whole)[0]
        return pred.float()

    return predict


def captured(predict: Predict, lr_depth: Tensor) -> Predict:
    """Return the same as a CUDA graph; its result is overwritten by the next call."""
    given, beside = lr_depth.clone(), torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            predict(given)
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = predict(given)

    def replay(lr_depth: Tensor) -> Tensor:
        given.copy_(lr_depth, non_blocking=True)
        graph.replay()
        return result

    return replay


class Slot:
    """Memory for a frame under way."""

    def __init__(self, lr_depth: Tensor, pred: Tensor) -> None:
        self.given = lr_depth.cpu().pin_memory()
        self.result = torch.empty_like(pred)
        self.returned = torch.empty_like(pred, device="cpu", pin_memory=True)
        self.computed, self.done = torch.cuda.Event(), torch.cuda.Event()


def stream_seconds(predict: Predict, lr_depth: Tensor, frames: int) -> float:
    """Return the seconds a frame takes of many, from pinned memory and back."""
    slots = [Slot(lr_depth, predict(lr_depth)) for _ in range(SLOTS)]
    working, back = torch.cuda.current_stream(), torch.cuda.Stream()
    began = 0.0
    for k in range(WARM_UP + frames):
        if k == WARM_UP:
            torch.cuda.synchronize()
            began = time.perf_counter()
        slot = slots[k % SLOTS]
        slot.done.synchronize()  # who reads frames has had this one
        slot.result.copy_(predict(slot.given.to(lr_depth.device, non_blocking=True)))
        slot.computed.record(working)
        back.wait_event(slot.computed)
        with torch.cuda.stream(back):
            slot.returned.copy_(slot.result, non_blocking=True)
            slot.done.record(back)
    torch.cuda.synchronize()
    return (time.perf_counter() - began) / frames


@torch.inference_mode()
def of_way(name: str, way: Way, frames: int) -> dict[str, Any]:
    """Return frames per second, and the largest difference to the CPU's prediction.

    The difference is a share of the map's range.
    """
    lr_depth = torch.from_numpy(random_map(SIZE) - 1)[None, None]
    expected = predictor(from_pretrained(name), "fp32")(lr_depth)
    model = from_pretrained(name).cuda()
    if way.channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    predict, on_gpu = predictor(model, way.precision), lr_depth.cuda()
    if way.graph:
        predict = captured(predict, on_gpu)
    difference = float((predict(on_gpu).cpu() - expected).abs().max())
    seconds = stream_seconds(predict, on_gpu, frames)
    return {"frames_per_s": 1 / seconds, "difference": difference}


def of_upscaler(name: str, backend: BackendName, frames: int) -> dict[str, Any]:
    """Return frames per second of `Upscaler`, array in, array out."""
    on_gpu, on_cpu = (
        Upscaler.from_pretrained(name, scale=SCALE, backend=backend, device=device)
        for device in ("cuda", "cpu")
    )
    depth = DepthMap(random_map(SIZE))
    expected = on_cpu(depth).values
    difference = float(np.abs(on_gpu(depth).values - expected).max())
    for _ in range(WARM_UP):
        on_gpu(depth)
    began = time.perf_counter()
    for _ in range(frames):
        on_gpu(depth)
    return {"frames_per_s": frames / (time.perf_counter() - began), "difference": difference}


def measure(frames: int) -> list[dict[str, Any]]:
    """Return a row for each network and way; what fails has the error instead of figures."""
    cases: list[tuple[dict[str, Any], Callable[[], dict[str, Any]]]] = []
    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    for name in NETWORKS:
        for way in WAYS:
            about = {"network": name, "runs": "torch", **way._asdict()}
            cases.append((about, partial(of_way, name, way, frames)))
        for backend in backends_for(name):
            if backend == "openvino" or (backend == "onnx" and not has_cuda):
                continue
            about = {"network": name, "runs": f"Upscaler, {backend}"}
            cases.append((about, partial(of_upscaler, name, backend, frames)))
    rows = []
    for about, run in track(cases, "measuring"):
        try:
            rows.append({**about, **run()})
        except Exception as error:  # an unattended run goes on, and lists what failed
            rows.append({**about, "failed": f"{type(error).__name__}: {error}".splitlines()[0]})
    return rows


def table(results: dict[str, Any]) -> str:
    """Return frames per second of every way."""
    rows = [
        [
            row["network"],
            _described(row),
            f"{row['frames_per_s']:.0f}",
            f"{row['difference']:.0e}",
        ]
        for row in results["rows"]
        if "failed" not in row
    ]
    head = ["network", "run by", "frames / s", "largest difference to the CPU, of the range"]
    return sourced_table(results, head, rows, names=2)


def _described(row: dict[str, Any]) -> str:
    words = [row["runs"], row.get("precision", "")]
    words.append("channels last" if row.get("channels_last") else "")
    words.append("CUDA graph" if row.get("graph") else "")
    return ", ".join(word for word in words if word)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--frames", type=int, default=300)
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("no CUDA device here: nothing measured")
        return
    torch.backends.cudnn.benchmark = True
    rows = measure(given.frames)
    command = f"python -m benchmarks gpu --frames {given.frames}"
    content = {"height": SIZE[0], "width": SIZE[1], "scale": SCALE, "rows": rows}
    save_results("gpu", command, content, NETWORKS, timed=True, device="cuda")
    failed = [
        f"{row['network']}, {_described(row)}: {row['failed']}" for row in rows if "failed" in row
    ]
    if failed:
        sys.exit("\n".join(["failed:", *failed]))
