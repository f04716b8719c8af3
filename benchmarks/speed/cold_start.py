"""What an upscale costs beside its frames: starting the process, memory and disk; needs no torch.

The processes that are measured import this module, so that it holds no more than they need.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.backends import RUNTIMES
from benchmarks.common.bytecode import with_bytecode
from benchmarks.common.memory import forget_peak, in_own_process, peak_mib
from benchmarks.common.timing import in_turn
from dsdmsr import DepthMap, Upscaler, write_depth
from dsdmsr.upscaling.backends import BackendName
from dsdmsr.zoo.names import folder_of

__all__ = ["IMPORT", "disk_mib", "memory_growth", "start_seconds", "upscale_command", "write_map"]

IMPORT = "import onnxruntime, numpy, PIL.Image"
"""The least that upscaling a PNG file by ONNX Runtime imports."""
SCALE = 4
_PARTS = {"weights": "*.safetensors", "graphs": "*.onnx*"}
"""What of a network's folder is counted."""


def write_map(folder: Path) -> Path:
    """Write a PNG file of 160×120 pixels: a slope with a step, in millimetres."""
    y, x = np.mgrid[:120, :160].astype(np.float32)
    path = folder / "lr_depth.png"
    write_depth(path, DepthMap(1 + x / 100 + (y > 60), unit="m"), encoding="mm")
    return path


def upscale_command(lr_depth: Path, model: str) -> list[str]:
    """Return the command that upscales a file ×4."""
    command = [sys.executable, "-m", "dsdmsr", "upscale", str(lr_depth), "--model", model]
    hr_depth = lr_depth.with_name("hr_depth.png")
    return [*command, "-o", str(hr_depth), "--scale", str(SCALE), "--overwrite"]


def start_seconds(models: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of whole processes in each round: the import, and `upscale` by model."""
    with tempfile.TemporaryDirectory() as folder:
        lr_depth = write_map(Path(folder))
        commands = {IMPORT: [sys.executable, "-c", IMPORT]}
        commands |= {model: upscale_command(lr_depth, model) for model in models}
        environment = with_bytecode(Path(folder, "bytecode"))
        runs = {
            key: partial(subprocess.run, command, env=environment, check=True, capture_output=True)
            for key, command in commands.items()
        }
        return in_turn(runs, rounds)


def memory_growth(name: str, backend: BackendName, size: tuple[int, int]) -> float:
    """Return the MiB that loading a network and upscaling a map ×4 take beyond the imports."""
    return in_own_process(_growth, name, backend, size)


def _growth(name: str, backend: BackendName, size: tuple[int, int]) -> float:
    for package in ("PIL.Image", "dsdmsr.upscaling", RUNTIMES[backend]):
        import_module(package)
    depth = DepthMap(np.random.default_rng(0).random(size, dtype=np.float32) + 1)
    forget_peak()
    before = peak_mib()
    Upscaler.from_pretrained(name, scale=SCALE, backend=backend, device="cpu")(depth)
    return peak_mib() - before


def disk_mib(name: str) -> dict[str, Any]:
    """Return the MiB of a packaged network's weights and graphs, of all degradations."""
    folder = Path(str(folder_of(name)))
    return {
        part: sum(path.stat().st_size for path in folder.rglob(pattern)) / 2**20
        for part, pattern in _PARTS.items()
    }
