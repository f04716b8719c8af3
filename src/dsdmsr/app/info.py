"""The command that describes depth files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from dsdmsr.app.console import print_remark, print_result
from dsdmsr.app.options import ReadOptions
from dsdmsr.depth.estimate import NOISY_FROM, edge_ramp_share, estimate_noise, looks_averaged
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DsdmsrError
from dsdmsr.io import read_stored
from dsdmsr.io.encodings import find_encoding
from dsdmsr.io.patterns import depth_files
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

__all__ = ["info"]

_BARS, _WIDTH = 12, 40


def info(
    inputs: Annotated[list[str], Parameter(name="IN")],
    /,
    *,
    options: ReadOptions | None = None,
) -> int:
    """Run `dsdmsr info`; return 0, or 1 if some of several files failed.

    Args:
        inputs: Depth files, folders of them, or patterns.
        options: What the numbers in the files mean.

    Raises:
        FileError: If a file is missing or damaged.
        EncodingError: If the encoding doesn't fit the numbers.
        DepthError: If the numbers are not a depth map.
    """
    paths, options = depth_files(inputs), options or ReadOptions()
    failed = 0
    for path in paths:
        try:
            stored = read_stored(path)
            depth = options.interpret(stored, path)
        except DsdmsrError as error:
            if len(paths) == 1:
                raise
            print_remark(f"failed: {error}")
            failed = 1
            continue
        for line in _lines(path, stored.numbers.dtype, depth, options):
            print_result(line)
    return failed


def _lines(
    path: Path, dtype: np.dtype[np.generic], depth: DepthMap, given: ReadOptions
) -> list[str]:
    height, width = depth.shape
    own = isinstance(depth.encoding, str) and given.encoding is None
    encoding = depth.encoding or "float"
    name = f"{encoding}: " if isinstance(encoding, str) else ""
    values = depth.values[depth.valid]
    holes = depth.valid.size - values.size
    lines = [
        str(path),
        f"  size      {width}×{height}, {dtype.name}",
        f"  encoding  {name}{find_encoding(encoding).meaning}"
        + ("; assumed, --encoding changes it" if own else ""),
        f"  kind      {depth.kind.replace('_', ' ')}, {_unit_of(depth)}",
        f"  holes     {holes:,} of {depth.valid.size:,} pixels ({holes / depth.valid.size:.1%})",
    ]
    lines += [f"  note      {note}" for note in depth.metadata.notes]
    if not values.size:
        return [*lines, "  range     none: no pixel is valid"]
    low, high = float(values.min()), float(values.max())
    unit = "" if depth.unit is None else f" {depth.unit}"
    lines.append(f"  range     {low:.6g} to {high:.6g}{unit}, median {np.median(values):.6g}{unit}")
    lines.append(f"  levels    {np.unique(values).size:,} different values")
    lines += _estimates(depth, high - low, unit)
    return lines + _histogram(values, low, high, unit)


def _estimates(depth: DepthMap, span: float, unit: str) -> list[str]:
    """Return lines on noise and degradation, where they can be estimated."""
    lines = []
    noise = estimate_noise(depth.values, depth.valid)
    if noise is not None and span > 0:
        share = noise / span
        suited = ROBUST_MODEL if share >= NOISY_FROM else DEFAULT_MODEL
        lines.append(
            f"  noise     about {noise:.2g}{unit} ({share:.2g} of the range), an estimate: "
            f"use {suited}"
        )
    ramps = edge_ramp_share(depth.values, depth.valid)
    if ramps is not None:
        averaged = looks_averaged(depth.values, depth.valid)
        looks = "downsampled by averaging" if averaged else "sampled"
        lines.append(f"  steps     {ramps:.0%} with a value in between: looks {looks}")
    return lines


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
