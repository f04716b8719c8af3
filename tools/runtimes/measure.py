"""Differences of runtimes: each operator of the packaged graphs, and each packaged network.

Operators are compared with ONNX's own definition in NumPy, in double precision; networks with
torch. onnxruntime-web, in Node.js, and ncnn are installed in a folder that is removed at the end;
where npm or a wheel of ncnn is missing, their columns say "not run".
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.common.options import options
from benchmarks.common.results import save_results
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from tools.runtimes.child import NCNN, WEB, Child, ncnn_runtime, web_runtime
from tools.runtimes.compare import Cell, Runtimes, network, operator
from tools.runtimes.inputs import FEW, depth_maps, operator_maps
from tools.runtimes.operators import graph_files, network_folders, uses_in
from tools.runtimes.torch_operators import TorchOperators

__all__ = ["in_this_environment"]

SCALES = (2, 4, 8, 16)
CHOICES = ("dsdmsr-fast", 8)
"""The network and the factor on which ncnn's own choices are tried."""


def versions() -> dict[str, str]:
    """Return the runtimes and their versions."""
    here = {name: version(name) for name in ("torch", "onnxruntime", "openvino")}
    return {**here, "onnxruntime-web": WEB, "ncnn": NCNN["ncnn"]}


def in_this_environment() -> Runtimes:
    """Return the runtimes that the development environment has, torch left out."""
    from dsdmsr.upscaling.openvino_runtime import OpenVino

    return {"onnxruntime": OnnxRuntime("cpu"), "openvino": OpenVino("cpu")}


@contextmanager
def elsewhere(folder: Path) -> Iterator[Runtimes]:
    """Install the other runtimes in a folder, and end them in the end."""
    children: dict[str, Child | None] = {
        "onnxruntime-web": web_runtime(folder),
        "ncnn": ncnn_runtime(folder),
        "winograd": ncnn_runtime(folder, "winograd"),
        "winograd and half": ncnn_runtime(folder, "winograd", "half"),
    }
    try:
        yield children
    finally:
        for child in children.values():
            if child is not None:
                child.close()


def measure_operators(runtimes: Runtimes, folder: Path) -> list[dict[str, Any]]:
    """Return a row for each way in which operators go together."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for use in uses_in(graph_files()):
        runs = {"torch": TorchOperators(), **runtimes}
        found = operator(use, runs, operator_maps(use), folder)
        empty: dict[str, Any] = {"operators": use.operators, "attributes": {}, "compared": {}}
        row = rows.setdefault(use.operators, empty)
        for name, value in use.attributes.items():
            values = row["attributes"].setdefault(name, [])
            if value not in values:
                values.append(value)
        for name, cell in found.items():
            row["compared"][name] = _worse(row["compared"].get(name), cell)
        print(" ".join(use.operators), {k: v.get("word", "same") for k, v in found.items()})
    return list(rows.values())


def measure_networks(runtimes: Runtimes, *, errors: bool) -> list[dict[str, Any]]:
    """Return a row for each packaged network and factor."""
    rows = []
    for name, folder in network_folders().items():
        for scale in SCALES:
            maps = [
                (words, depth)
                for words, depth in depth_maps()
                # Large maps of the smaller factors, and once.
                if depth.values.size <= FEW or (scale <= 4 and not errors)
            ]
            compared = network(folder, scale, runtimes, maps, errors=errors)
            rows.append({"network": name, "scale": scale, "compared": compared})
            print(name, scale, {k: v.get("word", v.get("difference")) for k, v in compared.items()})
    return rows


def measure_choices(runtimes: Runtimes) -> dict[str, Any]:
    """Return how much ncnn differs with what it chooses by itself, on one network and factor."""
    name, scale = CHOICES
    maps = [each for each in depth_maps() if each[1].values.size <= FEW]
    compared = network(network_folders()[name], scale, runtimes, maps)
    return {"network": name, "scale": scale, "compared": compared}


def _worse(one: Cell | None, other: Cell) -> Cell:
    if one is None:
        return other
    return max(one, other, key=lambda cell: ("word" in cell, cell.get("difference", 0.0)))


def main() -> None:
    options(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["XDG_CACHE_HOME"] = scratch  # OpenVINO's
        with elsewhere(folder) as others:
            compared = {name: others[name] for name in versions() if name in others}
            runtimes = {**in_this_environment(), **compared}
            content = {
                "runtimes": versions(),
                "operators": measure_operators(runtimes, folder),
                "networks": measure_networks(runtimes, errors=False),
                "errors": measure_networks(runtimes, errors=True),
                "choices": measure_choices(
                    {name: others[name] for name in others if name not in compared}
                ),
            }
    networks = sorted({name.partition("/")[0] for name in network_folders()})
    save_results("runtimes", "python -m tools runtimes", content, networks)
