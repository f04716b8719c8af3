"""The page's engine, run in Node on jobs from Python."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dsdmsr import DepthMap
from dsdmsr.depth.find_degradation import WEIGHTS
from dsdmsr.zoo.find import find_network

__all__ = ["Engine", "built_engine", "job_of", "output"]

_WEB = Path(__file__).parents[2] / "web"
_WASM = _WEB / "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"


def built_engine(folder: Path) -> Engine:
    """Return the engine, bundled for Node into a folder; skip where its packages are missing."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not _WASM.is_file():
        pytest.skip("web/node_modules is missing: run npm ci in web/")
    bundle = folder / "run.mjs"
    build = ["node_modules/.bin/esbuild", "test/run.ts", "--bundle", "--platform=node"]
    build += ["--format=esm", "--target=node20", "--log-level=error", f"--outfile={bundle}"]
    subprocess.run(build, cwd=_WEB, check=True)
    return Engine(node, bundle)


class Engine:
    """Run jobs of ``web/test/run.ts``.

    Args:
        node: The program.
        bundle: What it runs.
    """

    def __init__(self, node: str, bundle: Path) -> None:
        self._command = [node, str(bundle)]

    def run(self, folder: Path, **jobs: list[dict[str, Any]]) -> dict[str, Any]:
        """Run jobs whose files are in a folder; return what they say by name."""
        of_all = {"network": find_network("dsdmsr-fast"), "wasm": _WASM, "steps": WEIGHTS}
        asked = {**{key: str(path) for key, path in of_all.items()}, **jobs}
        (folder / "jobs.json").write_text(json.dumps(asked))
        done = subprocess.run(
            [*self._command, str(folder / "jobs.json")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said: dict[str, Any] = json.loads((folder / "said.json").read_text())
        return said


def job_of(folder: Path, name: str, depth: DepthMap, **more: object) -> dict[str, Any]:
    """Write a map's arrays for a job, and return the job."""
    depth.values.tofile(folder / f"{name}.values")
    depth.valid.tofile(folder / f"{name}.valid")
    height, width = depth.shape
    of_map = {"kind": depth.kind, "unit": depth.unit, "encoding": depth.encoding}
    return {"name": name, "height": height, "width": width, **of_map, **more}


def output(folder: Path, name: str, shape: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the values and the validity of a map that the engine wrote."""
    values = np.fromfile(folder / f"{name}.out.values", np.float32)
    valid = np.fromfile(folder / f"{name}.out.valid", np.bool_)
    return values.reshape(shape), valid.reshape(shape)
