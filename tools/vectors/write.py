"""Test vectors for ports: small maps, and what the packaged networks enlarge them to.

They go to ``tests/vectors`` with ``manifest.json``, which docs/contract.md describes. New weights
of a network need new vectors.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.options import ROOT, options
from dsdmsr._atomic import replace_text, replacing
from dsdmsr.depth.find_degradation import find_degradation
from dsdmsr.depth.map import DepthMap
from dsdmsr.io.codec import encode
from dsdmsr.io.encodings import find_encoding
from dsdmsr.zoo.checksum import weights_checksum
from dsdmsr.zoo.find import find_network, folders_for_known
from dsdmsr.zoo.graphs import CONTRACT
from dsdmsr.zoo.torch_networks import from_pretrained
from tools.vectors.cases import CAMERA, Case, cases, upscaled

__all__ = ["FOLDER", "MANIFEST", "TOLERANCE", "entry", "input_numbers", "manifest"]

FOLDER = ROOT / "tests" / "vectors"
MANIFEST = "manifest.json"
TOLERANCE = 1e-5
"""How much a port may differ, as a share of a map's range."""


def input_numbers(depth: DepthMap) -> NDArray[Any]:
    """Return a map as it is stored: whole numbers, 0 in holes; or floats, NaN in holes."""
    if depth.encoding is not None:
        return encode(depth, depth.encoding, whole=True)
    return np.where(depth.valid, depth.values, np.float32(np.nan))


def output_numbers(case: Case, result: DepthMap) -> NDArray[np.float32]:
    """Return a result in the numbers of its input, but not rounded: floats, NaN in holes."""
    numbers = result.values
    if case.depth.encoding is not None:
        meaning = find_encoding(case.depth.encoding)
        exact = numbers.astype(np.float64) * meaning.per_unit
        # What float32 adds to the ends of the range.
        numbers = exact.clip(meaning.smallest, meaning.largest).astype(np.float32)
    return np.where(result.valid, numbers, np.float32(np.nan))


def weights_of(case: Case) -> str:
    """Return the weights that a case takes: a network, or those for a degradation inside of it."""
    if case.degradation == "unknown":
        return case.network
    name = case.degradation
    if name == "auto":
        found = find_degradation(case.depth.values, case.depth.valid)
        name = found.name if found is not None else None
    folder = folders_for_known(find_network(case.network)).get(name)
    return f"{case.network}/{folder.name}" if folder else case.network


def entry(case: Case, result: DepthMap) -> dict[str, Any]:
    """Return what the manifest says of a case."""
    depth = case.depth
    used = input_numbers(depth)[depth.valid].astype(np.float64)
    meaning = find_encoding(depth.encoding) if depth.encoding else None
    camera = result.intrinsics
    assert camera is not None  # every case has one
    return {
        "name": case.name,
        "shows": case.shows,
        "weights": weights_of(case),
        "degradation": case.degradation,
        "factor": case.scale,
        "size": list(result.shape),
        "phase": case.phase,
        "kind": depth.kind,
        "hole": int(meaning.invalid) if meaning else "NaN",
        "whole_numbers": [meaning.smallest, meaning.largest] if meaning else None,
        "input": f"{case.name}_input.npy",
        "output": f"{case.name}_output.npy",
        "tolerance": TOLERANCE * (float(used.max()) - float(used.min())),
        "camera": [camera.fx, camera.fy, camera.cx, camera.cy],
    }


def manifest(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest of cases."""
    weights = sorted({each["weights"] for each in entries})
    return {
        "command": "python -m tools vectors",
        "contract": CONTRACT,
        "checksums": {name: weights_checksum(from_pretrained(name)) for name in weights},
        "camera": [CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy],
        "cases": entries,
    }


def save(folder: Path, name: str, numbers: NDArray[Any]) -> None:
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    with replacing(folder / name) as beside, beside.open("wb") as file:
        np.save(file, little)


def main() -> None:
    options(__doc__).parse_args()
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.npy"):
        file.unlink()
    entries = []
    for case in cases():
        result = upscaled(case)
        entries.append(about := entry(case, result))
        save(FOLDER, about["input"], input_numbers(case.depth))
        save(FOLDER, about["output"], output_numbers(case, result))
    text = json.dumps(manifest(entries), indent=1, ensure_ascii=False)
    replace_text(FOLDER / MANIFEST, text + "\n")
    size = sum(file.stat().st_size for file in FOLDER.iterdir())
    print(f"wrote {FOLDER}: {len(entries)} cases, {size / 1000:.0f} kB")
