"""Runtimes in environments of their own: child processes that run graphs."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from dsdmsr.errors import ModelError
from dsdmsr.upscaling.graph_backend import Run

__all__ = ["NCNN", "WEB", "Child", "ncnn_runtime", "web_runtime"]

WEB = "1.30.0"
"""Version of onnxruntime-web."""
NCNN = {"ncnn": "1.0.20261020", "pnnx": "20261020", "numpy": "2.4.6"}
"""Versions of what ncnn needs."""
_HERE = Path(__file__).parent


class Child:
    """Run graphs in a child process, as `dsdmsr.upscaling.graph_backend.Runtime`.

    Args:
        command: Starts the process, which replies as ``run_web.mjs`` describes.
        folder: Where graphs are written with their weights inside; if None, they are read from
            where they are.
    """

    def __init__(self, command: Sequence[str], folder: Path | None = None) -> None:
        self._command, self._folder = list(command), folder
        self._process: subprocess.Popen[str] | None = None
        self._loaded = 0

    def load(self, file: Path) -> Run:
        """Return what runs the graph in a file.

        Raises:
            ModelError: If the runtime refuses it.
        """
        graph = onnx.load(file, load_external_data=self._folder is not None)
        channels = {
            each.name: each.type.tensor_type.shape.dim[1].dim_value for each in graph.graph.input
        }
        path = file
        if self._folder is not None:
            self._loaded += 1
            path = self._folder / f"graph_{self._loaded}.onnx"
            onnx.save(graph, path)
        self._ask({"load": str(path), "channels": channels})

        def run(inputs: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            given = {name: _packed(array) for name, array in inputs.items()}
            outputs = self._ask({"run": str(path), "inputs": given})["outputs"]
            return [_unpacked(output) for output in outputs]

        return run

    def release(self) -> None:
        """Do nothing: what runs here is small."""

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate(timeout=60)

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._command} ended with {self._process.wait()}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise ModelError(" ".join(reply["error"].split()))
        return reply


def web_runtime(folder: Path) -> Child | None:
    """Install onnxruntime-web in a folder; None if Node.js or npm is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    script = folder / "run_web.mjs"
    script.write_bytes((_HERE / script.name).read_bytes())
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    subprocess.run([*install, f"onnxruntime-web@{WEB}"], cwd=folder, check=True)
    return Child([node, str(script)])


def ncnn_runtime(folder: Path, *choices: str) -> Child | None:
    """Install ncnn in a folder, if it isn't there yet; None if there is no wheel for this system.

    Args:
        folder: Where.
        choices: What pnnx and ncnn choose by themselves, ``half`` and ``winograd``.
    """
    environment = folder / "venv"
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not environment.exists():
        venv.create(environment, with_pip=True)
    wanted = [f"{name}=={version}" for name, version in NCNN.items()]
    # Without what they name as needed: pnnx names torch, which its converter doesn't use.
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    if subprocess.run([*install, *wanted], check=False).returncode:
        return None
    command = [str(python), str(_HERE / "run_ncnn.py")]
    scratch = folder / "_".join(["graphs", *choices])
    scratch.mkdir()
    return Child([*command, *choices], scratch)


def _packed(array: NDArray[np.float32]) -> dict[str, Any]:
    data = np.ascontiguousarray(array, np.float32).tobytes()
    return {"shape": list(array.shape), "data": base64.b64encode(data).decode()}


def _unpacked(output: dict[str, Any]) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(output["data"]), np.float32)
    return values.reshape(output["shape"])
