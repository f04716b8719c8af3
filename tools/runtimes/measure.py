"""Differences of runtimes: each operator of the packaged graphs, and each packaged network.

Operators are compared with ONNX's own definition in NumPy, in double precision; networks with
torch. onnxruntime-web (in Node.js) and ncnn are installed in a folder that is removed at the end;
where npm or ncnn's wheel is missing, their columns say "not run".
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from benchmarks.common.options import options
from benchmarks.common.results import save_results
from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import ModelError
from dsdmsr.evaluation.parity import Parity
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.graph_backend import GraphBackend, Runtime
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.graphs import read_graphs
from dsdmsr.zoo.torch_networks import from_pretrained
from tools.runtimes.child import NCNN, WEB, ncnn_runtime, web_runtime
from tools.runtimes.inputs import FEW, depth_maps, operator_maps
from tools.runtimes.operators import Use, exact, graph_files, uses
from tools.runtimes.torch_operators import TorchOperators

__all__ = ["compare_network", "compare_use", "network_folders"]

Runtimes = dict[str, Runtime | None]
"""Name → what runs graphs; None if it cannot be installed here."""
TORCH = "torch"
_SUMS = ("Add", "Conv", "ReduceMean", "ReduceSum", "Sub")


def installed() -> Runtimes:
    """Return the runtimes of the development environment, torch left out."""
    from dsdmsr.upscaling.openvino_runtime import OpenVino

    return {"onnxruntime": OnnxRuntime("cpu"), "openvino": OpenVino("cpu")}


def compare_use(use: Use, runtimes: Runtimes, folder: Path) -> dict[str, Any]:
    """Return a runtime's largest difference for an operator, or why there is none.

    Args:
        use: The operator.
        runtimes: What runs it.
        folder: Where its graph may be written.
    """
    file = folder / "use.onnx"
    onnx.save(use.graph, file)
    cases = [(words, maps, exact(use, maps)) for words, maps in operator_maps(use)]

    def differences(runtime: Runtime) -> Iterator[tuple[str, float]]:
        run = runtime.load(file)
        for words, maps, expected in cases:
            (found,) = run(maps)
            yield words, _difference(found, expected) / _largest(use, maps, expected)

    return {name: _worst(differences, runtime) for name, runtime in runtimes.items()}


def compare_network(
    folder: Path, scale: int, runtimes: Runtimes, maps: Iterable[tuple[str, DepthMap]]
) -> dict[str, Any]:
    """Return each runtime's largest difference from torch, in units of a map's range.

    Args:
        folder: The network's folder.
        scale: The factor.
        runtimes: What runs it.
        maps: What it is run on.
    """
    graphs = read_graphs(folder)
    assert graphs is not None
    network = from_pretrained(str(folder))
    single = TorchBackend(network, "cpu")
    double = TorchBackend(from_pretrained(str(folder)).double(), "cpu")
    cases = [
        (words, depth, predicted(single, depth, scale))
        for words, depth in maps
        if depth.values.size <= FEW or scale <= 4
    ]

    def differences(backend: Backend) -> Iterator[tuple[str, float]]:
        for words, depth, expected in cases:
            found = predicted(backend, depth, scale)
            values = depth.values[depth.valid]
            span = float(np.ptp(values)) or float(np.abs(values).max()) or 1.0
            yield words, _difference(found, expected) / span

    compared = {TORCH: _worst(differences, double)}
    for name, runtime in runtimes.items():
        backend = None if runtime is None else GraphBackend(folder, graphs, runtime)
        compared[name] = _worst(differences, backend)
    return compared


def predicted(backend: Backend, depth: DepthMap, scale: int) -> NDArray[np.float32]:
    """Return a prediction's valid values, and the expected errors if there are any."""
    result = Upscaler(backend, scale=scale)(depth, errors=backend.predicts_error)
    found = [result.values] if result.error is None else [result.values, result.error]
    return np.stack(found)[:, result.valid]


def network_folders() -> dict[str, Path]:
    """Return the packaged networks that have graphs: name → folder."""
    folders = dict.fromkeys(file.parent for file in graph_files())
    names = {
        folder: folder.name
        if folder.parent.name == "zoo"
        else f"{folder.parent.name}/{folder.name}"
        for folder in folders
    }
    return {names[folder]: folder for folder in folders}


def _largest(
    use: Use, maps: dict[str, NDArray[np.float32]], expected: NDArray[np.float64]
) -> float:
    """Return the largest number that an operator gives, or adds up."""
    numbers = [expected]
    if use.operators[-1] in _SUMS:
        numbers += [values.astype(np.float64) for values in maps.values()]
    largest = max(float(np.abs(each).max()) for each in numbers)
    return largest or 1.0


def _difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the largest difference; infinity for another shape, or where there is no number."""
    if found.shape != expected.shape:
        return float("inf")
    difference = np.abs(found.astype(np.float64) - expected)
    return float(np.nan_to_num(difference, nan=np.inf).max())


def _worst(differences: Any, runtime: Any) -> dict[str, Any]:
    if runtime is None:
        return {"word": "not run"}
    try:
        words, worst = max(differences(runtime), key=lambda pair: pair[1])
    except ModelError as error:
        return {"word": "refused", "why": str(error)}
    return {"difference": worst, "on": words}
