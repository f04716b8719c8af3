"""OpenVINO, which runs networks on Intel's processors and GPUs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.upscaling.graph_backend import Run
from dsdmsr.upscaling.threads import available_threads
from dsdmsr.zoo.graphs import file_checksum

__all__ = ["CORE", "OpenVino", "cache_folder"]

CORE = openvino.Core()
"""This process's OpenVINO, which is never let go.

Each core gives the thread that compiles a stack for signals, and takes its memory back when it
goes. Where cores go in the order they came, the last one puts a predecessor's stack back, whose
memory is gone, and the next signal, such as Ctrl-C, ends the process (OpenVINO 2026.4).
"""
_LOADED_IN = os.getpid()


class OpenVino:
    """Run graphs with OpenVINO, in single precision; what it compiles is kept in a cache folder.

    Args:
        device: ``auto`` or ``cpu`` for the CPU; or one of OpenVINO's devices, such as ``gpu``.

    Raises:
        ConfigError: If the device is not there.
    """

    def __init__(self, device: str = "auto") -> None:
        self.device = "CPU" if device == "auto" else device.upper()
        there = CORE.available_devices
        if self.device.partition(".")[0] not in {each.partition(".")[0] for each in there}:
            names = ", ".join(each.lower() for each in there)
            raise ConfigError(f"device {device!r} is not there: OpenVINO here has {names}")
        self._settings: dict[str, object] = {"INFERENCE_PRECISION_HINT": "f32"}
        if self.device == "CPU":
            self._settings["INFERENCE_NUM_THREADS"] = available_threads()

    def load(self, file: Path) -> Run:
        """Return what runs the graph in a file.

        Raises:
            ModelError: If the file is missing or damaged, or the process was forked after OpenVINO
                had been loaded.
        """
        if os.getpid() != _LOADED_IN:
            raise ModelError(
                "this process was forked after OpenVINO had been loaded, which would wait without "
                "end: start processes with the method spawn or forkserver"
            )
        # OpenVINO knows a file by its path, size and second of writing, which other weights may
        # share; a graph's metadata, in the file, have the checksum of its weights.
        cache = cache_folder() / file_checksum(file)[:16]
        settings = {**self._settings, "CACHE_DIR": str(cache)}
        try:
            compiled = CORE.compile_model(str(file), self.device, settings)
        except RuntimeError as error:
            *_, reason = str(error).strip().splitlines()
            raise ModelError(f"{file} cannot be run by OpenVINO: {reason}") from error
        request, count = compiled.create_infer_request(), len(compiled.outputs)

        def run(inputs: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            given = request.infer(dict(inputs), share_inputs=True)
            return [np.asarray(given[k]) for k in range(count)]

        return run

    def release(self) -> None:
        """Do nothing: OpenVINO keeps little."""


def cache_folder() -> Path:
    """Return the user's folder for compiled graphs, by the platform's custom."""
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local"))
    elif sys.platform == "darwin":
        root = Path.home() / "Library/Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return root / "dsdmsr" / "openvino"
