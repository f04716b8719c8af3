"""Comparison of runtimes on one operator, or on one network at one factor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from dsdmsr import DepthMap, Upscaler
from dsdmsr.errors import ModelError
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.graph_backend import GraphBackend, Runtime
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.zoo.graphs import read_graphs
from dsdmsr.zoo.torch_networks import from_pretrained
from tools.runtimes.operators import Use, exact

__all__ = ["NOT_RUN", "REFUSED", "TOLERANCE", "WRONG", "Cell", "Runtimes", "network", "operator"]

Runtimes = Mapping[str, Runtime | None]
"""Name → what runs graphs; None if it cannot be installed here."""
Cell = dict[str, Any]
"""``difference`` and what it was found ``on``; or, or in addition, a ``word`` and ``why``."""
TOLERANCE = 1e-5
"""The largest difference that is no disagreement."""
REFUSED, WRONG, NOT_RUN = "refused", "wrong", "not run"
_SUMS = ("Add", "Conv", "ReduceMean", "ReduceSum", "Sub")
"""Operators that add numbers up, so that rounding is that of these, not of the sum."""
Differences = Iterator[tuple[str, float]]


def operator(
    use: Use,
    runtimes: Runtimes,
    maps: Iterable[tuple[str, dict[str, NDArray[np.float32]]]],
    folder: Path,
) -> dict[str, Cell]:
    """Compare runtimes with ONNX's definition, in units of the largest number that is there.

    Args:
        use: The operator.
        runtimes: What runs it.
        maps: What it is run on: in words, and the map of each input.
        folder: Where its graph may be written.
    """
    file = folder / "use.onnx"
    onnx.save(use.graph, file)
    cases = [(words, inputs, exact(use, inputs)) for words, inputs in maps]

    def differences(runtime: Runtime) -> Differences:
        run = runtime.load(file)
        for words, inputs, expected in cases:
            (found,) = run(inputs)
            numbers = [expected, *(inputs.values() if use.operators[-1] in _SUMS else ())]
            largest = max(float(np.abs(each).max()) for each in numbers)
            yield words, _largest_difference(found, expected) / (largest or 1)

    return {name: _worst(differences, runtime) for name, runtime in runtimes.items()}


def network(
    folder: Path,
    scale: int,
    runtimes: Runtimes,
    maps: Iterable[tuple[str, DepthMap]],
    *,
    errors: bool = False,
) -> dict[str, Cell]:
    """Compare runtimes with torch in single precision, in units of a map's range.

    ``torch`` is compared in double precision: what rounding does to it. Others may differ by twice
    as much, since they round, too.

    Args:
        folder: The network's folder.
        scale: The factor.
        runtimes: What runs it.
        maps: What it is run on: in words, and the map.
        errors: Whether the graphs run that give the expected errors, too, which are then compared.
    """
    graphs = read_graphs(folder)
    assert graphs is not None
    single = TorchBackend(from_pretrained(str(folder)), "cpu")
    double = TorchBackend(from_pretrained(str(folder)).double(), "cpu")
    cases = [(*case, _predicted(single, case[1], scale, errors)) for case in maps]

    def differences(backend: Backend) -> Differences:
        for words, depth, expected in cases:
            values = depth.values[depth.valid]
            span = float(np.ptp(values)) or float(np.abs(values).max()) or 1.0
            found = _predicted(backend, depth, scale, errors)
            yield words, _largest_difference(found, expected) / span

    compared = {"torch": _worst(differences, double, np.inf)}
    allowed = max(TOLERANCE, 2 * compared["torch"]["difference"])
    for name, runtime in runtimes.items():
        backend = None if runtime is None else GraphBackend(folder, graphs, runtime)
        compared[name] = _worst(differences, backend, allowed)
    return compared


def _predicted(backend: Backend, depth: DepthMap, scale: int, errors: bool) -> NDArray[np.float32]:
    """Return a prediction's values, and the expected errors if asked for, where valid."""
    result = Upscaler(backend, scale=scale)(depth, errors=errors)
    found = [result.values] if result.error is None else [result.values, result.error]
    return np.stack(found)[:, result.valid]


def _largest_difference(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Return the largest difference.

    Raises:
        ValueError: If the shapes differ, or there are no numbers.
    """
    if found.shape != expected.shape:
        raise ValueError(f"the shape is {found.shape}, not {expected.shape}")
    difference = float(np.abs(found.astype(np.float64) - expected).max())
    if not np.isfinite(difference):
        raise ValueError("there are no numbers")
    return difference


def _worst(
    differences: Callable[[Any], Differences], runtime: object, allowed: float = TOLERANCE
) -> Cell:
    if runtime is None:
        return {"word": NOT_RUN}
    cell: Cell = {"difference": 0.0, "on": ""}
    try:
        for words, difference in differences(runtime):
            if difference >= cell["difference"]:
                cell = {"difference": difference, "on": words}
    except ModelError as error:
        return {"word": REFUSED, "why": str(error)}
    except ValueError as error:
        return {"word": WRONG, "why": str(error)}
    return cell if cell["difference"] <= allowed else {**cell, "word": WRONG}
