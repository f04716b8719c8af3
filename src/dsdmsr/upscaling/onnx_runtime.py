"""ONNX Runtime, which runs networks by default."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.upscaling.graph_backend import Run
from dsdmsr.upscaling.memory import give_memory_back
from dsdmsr.upscaling.threads import available_threads

__all__ = ["PROVIDERS", "OnnxRuntime"]

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
"""Device → ONNX Runtime's name of what computes on it."""
_LARGE = 2**23
"""Values of a graph's output from which on memory is given back to the system. After smaller maps,
the next one finds it again, which halves the time of a sequence's frames."""
_RUNTIMES: weakref.WeakSet[OnnxRuntime] = weakref.WeakSet()


def _keep_inherited() -> None:
    """Keep sessions of the process that this one was forked from, to its end and beyond.

    A fork takes no threads along, for which a session that goes waits without end.
    """
    import ctypes

    for runtime in _RUNTIMES:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(runtime._sessions))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep_inherited)


class OnnxRuntime:
    """Run graphs with ONNX Runtime.

    It uses no more threads than the process may, and they sleep while they wait: threads that spin
    stall a machine that others use, too. A process that is forked later loads its graphs anew.

    Args:
        device: ``auto`` (CUDA if this build of ONNX Runtime has it, else the CPU), ``cpu``,
            ``cuda``, ``coreml`` or ``directml``.

    Raises:
        ConfigError: If ONNX Runtime cannot compute on the device.
    """

    def __init__(self, device: str = "auto") -> None:
        available = onnxruntime.get_available_providers()
        if device == "auto":
            device = "cuda" if PROVIDERS["cuda"] in available else "cpu"
        if PROVIDERS.get(device) not in available:
            there = ", ".join(name for name, full in PROVIDERS.items() if full in available)
            raise ConfigError(f"device {device!r} is not there: ONNX Runtime here has {there}")
        self.device = device
        self._providers = list(dict.fromkeys([PROVIDERS[device], PROVIDERS["cpu"]]))
        self._files: list[Path] = []
        self._sessions: dict[int, Any] = {}
        self._process = os.getpid()
        self._large = False
        _RUNTIMES.add(self)

    def load(self, file: Path) -> Run:
        """Return what runs the graph in a file.

        Raises:
            ModelError: If the file is missing or damaged.
        """
        self._files.append(file)
        number = len(self._files) - 1
        self._session(number)

        def run(inputs: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            outputs: list[NDArray[np.float32]]
            try:
                outputs = self._session(number).run(None, dict(inputs))
            except Exception as error:
                if "allocate memory" in str(error):
                    raise MemoryError(str(error)) from error
                raise _unfit(file, error) from error
            self._large |= max(output.size for output in outputs) >= _LARGE
            return outputs

        return run

    def _session(self, number: int) -> Any:
        """Return the session in this process of a graph, by its number among those loaded."""
        if self._process != os.getpid():
            # See `_keep_inherited`.
            self._sessions, self._process = {}, os.getpid()
        if number not in self._sessions:
            self._sessions[number] = self.session(self._files[number])
        return self._sessions[number]

    def session(self, file: Path) -> Any:
        """Return ONNX Runtime's own session for the graph in a file; errors as for `load`."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = available_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Weights apart from what layers need, so that the latter can be given back.
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
        try:
            return onnxruntime.InferenceSession(file, options, providers=self._providers)
        except Exception as error:  # of a class that ONNX Runtime's own module holds privately
            raise _unfit(file, error) from error

    def release(self) -> None:
        """Give memory back to the system, if there was a large map."""
        if not self._large:
            return
        self._large = False
        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        for session in self._sessions.values():
            tiny = {
                each.name: np.zeros((1, each.shape[1], 1, 1), np.float32)
                for each in session.get_inputs()
            }
            session.run(None, tiny, run_options=options)
        give_memory_back()


def _unfit(file: Path, error: Exception) -> ModelError:
    reason = " ".join(str(error).split())
    return ModelError(f"{file} cannot be run by ONNX Runtime: {reason:.600}")
