"""The backends that can run packaged networks here; needs no torch."""

from __future__ import annotations

from importlib.util import find_spec

from dsdmsr.upscaling.backends import BackendName
from dsdmsr.zoo.find import network_folder
from dsdmsr.zoo.graphs import read_graphs

__all__ = ["RUNTIMES", "backends_for"]

RUNTIMES: dict[BackendName, str] = {
    "onnx": "onnxruntime",
    "torch": "torch",
    "openvino": "openvino",
}
"""Backend → the package that runs its networks."""


def backends_for(name: str) -> tuple[BackendName, ...]:
    """Return the backends that are installed, for a network without graphs torch alone."""
    has_graphs = read_graphs(network_folder(name)) is not None
    return tuple(
        backend
        for backend, package in RUNTIMES.items()
        if find_spec(package) and (has_graphs or backend == "torch")
    )
