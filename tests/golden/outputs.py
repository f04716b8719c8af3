"""Outputs as they are kept: in full in a folder, or as a digest of some hundred bytes.

An output is an array, the bytes of a file, or a dict of numbers by name.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Output: TypeAlias = NDArray[Any] | bytes | Mapping[str, Any]

_GRID = (6, 8)
"""Rows and columns of coarse blocks."""
_SAMPLES = 6


def write_output(path: Path, output: Output) -> None:
    """Write an output in full; its form is added to the path's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(output, bytes):
        path.with_name(f"{path.name}.bytes").write_bytes(output)
    elif isinstance(output, np.ndarray):
        np.save(path.with_name(f"{path.name}.npy"), output)
    else:
        text = json.dumps(output, indent=1)
        path.with_name(f"{path.name}.json").write_text(text + "\n", encoding="utf-8")


def _read_output(path: Path) -> Output:
    if path.suffix == ".npy":
        array: NDArray[Any] = np.load(path)
        return array
    if path.suffix == ".json":
        numbers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return numbers
    return path.read_bytes()


def compare_folders(one: Path, other: Path, tolerance: float) -> list[str]:
    """Return a line for each output that differs.

    Args:
        one: A folder of outputs in full.
        other: Another one.
        tolerance: Largest difference, in parts of an array's range or of a number.
    """
    names = [
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in (one, other)
    ]
    if not names[0] | names[1]:
        return [f"{one} and {other} hold no outputs"]
    lines = [f"{name}: in {one} alone" for name in sorted(names[0] - names[1])]
    lines += [f"{name}: in {other} alone" for name in sorted(names[1] - names[0])]
    for name in sorted(names[0] & names[1]):
        pair = _read_output(one / name), _read_output(other / name)
        lines += [f"{name}: {line}" for line in _differences(*pair, tolerance)]
    return lines


def _differences(one: Output, other: Output, tolerance: float) -> Iterator[str]:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        yield from _of_arrays(one, other, tolerance)
    elif isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(other):
            a, b = one.get(key, "missing"), other.get(key, "missing")
            if not numbers_agree(a, b, tolerance):
                yield f"{key} is {a} and {b}"
    elif one != other:
        yield f"bytes differ, {len(one)} and {len(other)} of them"


def _of_arrays(one: NDArray[Any], other: NDArray[Any], tolerance: float) -> Iterator[str]:
    if one.shape != other.shape or one.dtype != other.dtype:
        yield f"{one.dtype} {one.shape} and {other.dtype} {other.shape}"
        return
    if one.tobytes() == other.tobytes():
        return
    a, b = one.astype(np.float64), other.astype(np.float64)
    finite = np.isfinite(a)
    strange = (finite != np.isfinite(b)) | (~finite & ~_same(a, b))
    valid = finite & (a != 0)
    uncovered = int((strange | (valid != (np.isfinite(b) & (b != 0)))).sum())
    span = float(np.ptp(a[valid])) if valid.any() else 0.0
    difference = float(abs(a - b)[finite & ~strange].max(initial=0))
    if uncovered or difference > tolerance * span or not tolerance:
        relative = difference / span if span else math.inf
        yield (
            f"largest difference {difference:.3g}, {relative:.3g} of the range; "
            f"{uncovered} pixels valid in one alone"
        )


def _same(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = (a == b) | (np.isnan(a) & np.isnan(b))
    return equal


def numbers_agree(one: object, other: object, relative: float, absolute: float = 0.0) -> bool:
    """Return whether two numbers are as close as that; other values must be equal."""
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=relative, abs_tol=absolute)
    return one == other


def digest(output: Output, *, exact: bool) -> dict[str, Any]:
    """Return what is committed of an output.

    Args:
        output: The output.
        exact: Whether an array must be the same to the last bit.
    """
    if isinstance(output, bytes):
        return {"sha256": hashlib.sha256(output).hexdigest()}
    if not isinstance(output, np.ndarray):
        return {"numbers": dict(output)}
    if exact:
        return {"shape": list(output.shape), "sha256": hashlib.sha256(output.tobytes()).hexdigest()}
    flat = output.astype(np.float64).reshape(-1, output.shape[-1])
    valid = np.isfinite(flat) & (flat != 0)
    values = flat[valid]
    step = max(1, len(values) // _SAMPLES)
    return {
        "shape": list(output.shape),
        "valid": len(values),
        "range": _short(float(np.ptp(values))) if len(values) else 0.0,
        "blocks": _block_means(flat, valid),
        "samples": [_short(float(value)) for value in values[step // 2 :: step][:_SAMPLES]],
    }


def _block_means(values: NDArray[Any], valid: NDArray[np.bool_]) -> list[float | None]:
    """Return the mean of what is valid in each block of a grid; None where nothing is."""
    means: list[float | None] = []
    bounds = [
        np.linspace(0, n, k + 1).astype(int) for n, k in zip(values.shape, _GRID, strict=True)
    ]
    for top, bottom in zip(bounds[0], bounds[0][1:], strict=False):
        for left, right in zip(bounds[1], bounds[1][1:], strict=False):
            inside = values[top:bottom, left:right][valid[top:bottom, left:right]]
            means.append(_short(float(inside.mean())) if len(inside) else None)
    return means


def _short(value: float) -> float:
    return float(f"{value:.7g}")


def digest_differences(
    found: Mapping[str, Any], expected: Mapping[str, Any], *, relative: float, absolute: float
) -> list[str]:
    """Return a line for each part of a digest that differs.

    Args:
        found: The digest of an output; it may have numbers that are new.
        expected: The digest that was committed.
        relative: Largest difference, in parts of an array's range or of a number.
        absolute: Largest difference of a number, if that is more.
    """
    if "numbers" in expected:
        one, other = found["numbers"], expected["numbers"]
        return [
            f"{key}: {one.get(key)}, not {other.get(key)}"
            for key in sorted(other)
            if not numbers_agree(one.get(key), other.get(key), relative, absolute)
        ]
    lines = [
        f"{key}: {found.get(key)}, not {expected[key]}"
        for key in ("shape", "sha256", "valid")
        if key in expected and found.get(key) != expected[key]
    ]
    close = relative * expected.get("range", 0.0)
    for key in ("blocks", "samples"):
        pairs = zip(found.get(key, []), expected.get(key, []), strict=True)
        lines += [
            f"{key}[{k}]: {one}, not {other}"
            for k, (one, other) in enumerate(pairs)
            if not numbers_agree(one, other, 0.0, close)
        ]
    return lines
