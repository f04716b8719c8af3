"""The choice of what runs a network: ONNX Runtime, OpenVINO or torch."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, ModelError, needing, suggestion
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.graph_backend import GraphBackend, Runtime
from dsdmsr.zoo.find import network_folder
from dsdmsr.zoo.graphs import read_graphs
from dsdmsr.zoo.names import is_packaged

__all__ = ["BACKENDS", "BackendName", "has_cuda_driver", "load_backend", "torch_has_cuda"]

BackendName = Literal["auto", "onnx", "openvino", "torch"]
BACKENDS: tuple[BackendName, ...] = get_args(BackendName)

_TORCH_DEVICES = ("mps", "xpu")
"""Devices that torch alone has, beside those with a number."""
_DRIVERS = {
    "linux": ("/proc/driver/nvidia/version", "/usr/lib/wsl/lib/libcuda.so.1"),
    "win32": ("C:/Windows/System32/nvcuda.dll",),
}
"""Platform → files, one of which NVIDIA's driver brings; the second is that of WSL."""


def load_backend(
    name: str,
    backend: BackendName = "auto",
    device: str = "auto",
    degradation: Degradation | None = None,
) -> Backend:
    """Load a network into what runs it.

    Args:
        name: A packaged network, a folder, or ``owner/name`` on the Hub.
        backend: ``onnx``, ``openvino`` or ``torch``; or ``auto``: torch for a GPU, where one and a
            build of torch for it are there, and for networks without ONNX graphs; else ONNX
            Runtime.
        device: As the backend names it; ``auto`` for its choice.
        degradation: The known degradation of low-resolution maps, if the network has other weights
            for it.

    Raises:
        ConfigError: If there is no such backend, or the device is not there.
        ModelError: If the network is missing or damaged, or has no ONNX graphs for the backend.
        DependencyError: If the backend is not installed.
    """
    if backend not in BACKENDS:
        raise ConfigError(
            f"backend is {backend!r}{suggestion(backend, BACKENDS)}: allowed are "
            f"{', '.join(BACKENDS)}"
        )
    folder = network_folder(name, degradation)
    graphs = read_graphs(folder)
    if backend == "auto":
        backend = _chosen(has_graphs=graphs is not None, device=device)
    if backend == "torch":
        with needing("the backend torch" if graphs else f"{name}, which has no ONNX graphs,"):
            from dsdmsr.upscaling.torch_backend import TorchBackend

        return TorchBackend.from_pretrained(name, device, degradation)
    if graphs is None:
        raise ModelError(
            f"{name} has no ONNX graphs, which {backend} runs: write them with dsdmsr export, or "
            "give --backend torch"
        )
    if not is_packaged(folder):
        from dsdmsr.zoo.graph_files import check_graphs

        check_graphs(folder, graphs)
    return GraphBackend(folder, graphs, _runtime(backend, device))


def _runtime(backend: BackendName, device: str) -> Runtime:
    if backend == "openvino":
        with needing("the backend openvino"):
            from dsdmsr.upscaling.openvino_runtime import OpenVino

        return OpenVino(device)
    from dsdmsr.upscaling.onnx_runtime import OnnxRuntime

    return OnnxRuntime(device)


def _chosen(*, has_graphs: bool, device: str) -> BackendName:
    """Return what runs a network if nobody says it."""
    kind, _, number = device.partition(":")
    if not has_graphs or number or kind in _TORCH_DEVICES:
        return "torch"
    on_gpu = device in ("auto", "cuda") and has_cuda_driver() and torch_has_cuda()
    return "torch" if on_gpu else "onnx"


def has_cuda_driver() -> bool:
    """Return whether NVIDIA's driver is installed, without asking torch, which takes seconds."""
    return any(Path(file).exists() for file in _DRIVERS.get(sys.platform, ()))


def torch_has_cuda() -> bool:
    """Return whether torch is installed in a build for CUDA, without importing it."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    try:
        text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return False
    return re.search(r"^cuda\b[^=]*=\s*['\"]", text, flags=re.MULTILINE) is not None
