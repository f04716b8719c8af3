"""Say what a depth file is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from dsdmsr.app.inputs import depth_files
from dsdmsr.depth.estimate import NOISY_FROM, edge_ramp_share, estimate_noise, looks_averaged
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DsdmsrError
from dsdmsr.io import interpret, read_numbers
from dsdmsr.io.encodings import ENCODINGS
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

__all__ = ["describe_files"]

_BARS, _WIDTH = 12, 40


def describe_files(
    inputs: Sequence[str], encoding: str | None, *, out: Console, err: Console
) -> int:
    """Print what each file holds, and how it was read; return 0, or 1 if some of several failed.

    Raises:
        FileError: If a file is missing or damaged.
        EncodingError: If the encoding is not one for its numbers.
        DepthError: If the numbers are not a depth map.
    """
    paths = depth_files(inputs)
    failed = 0
    for path in paths:
        try:
            numbers = read_numbers(path)
            depth = interpret(numbers, path, encoding)
        except DsdmsrError as error:
            if len(paths) == 1:
                raise
            err.print(f"failed: {error}", markup=False)
            failed = 1
            continue
        for line in _lines(path, numbers.dtype, depth, encoding):
            out.print(line, markup=False, soft_wrap=True)
    return failed


def _lines(
    path: Path, dtype: np.dtype[np.generic], depth: DepthMap, given: str | None
) -> list[str]:
    height, width = depth.shape
    known = "" if given else "; assumed, --encoding changes it"
    name = depth.encoding or "float"
    values = depth.values[depth.valid]
    holes = depth.valid.size - values.size
    unit = "" if depth.unit is None else f" {depth.unit}"
    lines = [
        str(path),
        f"  size      {width}×{height}, {dtype.name}",
        f"  encoding  {name}: {ENCODINGS[name].meaning}{known}",
        f"  kind      {depth.kind.replace('_', ' ')}, {_unit_of(depth)}",
        f"  holes     {holes:,} of {depth.valid.size:,} pixels ({holes / depth.valid.size:.1%})",
    ]
    if not values.size:
        return [*lines, "  range     none: no pixel is valid"]
    low, high = float(values.min()), float(values.max())
    lines.append(f"  range     {low:.6g} to {high:.6g}{unit}, median {np.median(values):.6g}{unit}")
    lines.append(f"  levels    {np.unique(values).size:,} different values")
    noise = estimate_noise(depth.values, depth.valid)
    if noise is not None and high > low:
        share = noise / (high - low)
        serves = ROBUST_MODEL if share >= NOISY_FROM else DEFAULT_MODEL
        lines.append(
            f"  noise     about {noise:.2g}{unit} ({share:.2g} of the range), an estimate: "
            f"{serves} serves"
        )
    soft = edge_ramp_share(depth.values, depth.valid)
    if soft is not None:
        looks = "averages" if looks_averaged(depth.values, depth.valid) else "samples"
        lines.append(f"  steps     {soft:.0%} with a value in between: looks made of {looks}")
    return lines + _histogram(values, low, high, unit)


def _unit_of(depth: DepthMap) -> str:
    names = {"m": "metres", "px": "pixels", "level": "grey levels"}
    return "unit unknown" if depth.unit is None else f"in {names[depth.unit]}"


def _histogram(values: np.ndarray, low: float, high: float, unit: str) -> list[str]:
    """Return a bar for each of twelve equal parts of the range."""
    if low == high:
        return []
    counts, edges = np.histogram(values.astype(np.float64), _BARS, (low, high))
    return [
        f"  from {edge:>11.5g}{unit}  {'█' * round(_WIDTH * count / counts.max()):<{_WIDTH}}  "
        f"{count / values.size:.1%}"
        for edge, count in zip(edges[:-1], counts, strict=True)
    ]
