"""Descriptions of a depth map: in full, in a line, and as a document for programs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr._plain import to_plain
from dsdmsr.depth.estimate import NOISY_FROM, estimate_noise
from dsdmsr.depth.find_degradation import StepSource, find_degradation
from dsdmsr.depth.hints import hints
from dsdmsr.depth.kinds import UNIT_WORDS
from dsdmsr.depth.map import DepthMap
from dsdmsr.io.encodings import find_encoding
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

__all__ = ["as_document", "as_line", "as_lines"]

_BARS, _WIDTH = 12, 40
_LOOKS: dict[StepSource, str] = {
    "bicubic": "downsampled by antialiased bicubic interpolation",
    "area": "downsampled by the mean of blocks, which mixes both sides of an edge",
    "opencv_cubic": "downsampled by cubic interpolation, not antialiased",
    "samples": "samples, as sensors and renderers give them",
}
"""What a degradation that was found means."""


def as_line(path: Path, dtype: str, depth: DepthMap, *, assumed: bool) -> str:
    """Return a map's description in a line; arguments as for `as_lines`."""
    height, width = depth.shape
    values = depth.values[depth.valid]
    encoding = depth.encoding or "float"
    name = encoding if isinstance(encoding, str) else encoding.meaning
    parts = [
        f"{width}×{height} {dtype}",
        f"{name}{' (assumed)' if assumed else ''}, {depth.kind.replace('_', ' ')}",
    ]
    if values.size:
        parts.append(f"{float(values.min()):.6g} to {float(values.max()):.6g}{_unit(depth)}")
        parts.append(f"{1 - values.size / depth.valid.size:.1%} holes")
    else:
        parts.append("no pixel is valid")
    if notes := len(depth.metadata.notes):
        parts.append(f"{notes} note{'s' if notes > 1 else ''}, see --full")
    return f"{path}: {'; '.join(parts)}"


def as_lines(path: Path, dtype: str, depth: DepthMap, *, assumed: bool) -> list[str]:
    """Return a map's description in full.

    Args:
        path: Its file.
        dtype: The type of the file's numbers.
        depth: The map.
        assumed: Whether its encoding is a guess.
    """
    height, width = depth.shape
    encoding = depth.encoding or "float"
    name = f"{encoding}: " if isinstance(encoding, str) else ""
    values = depth.values[depth.valid]
    holes = depth.valid.size - values.size
    lines = [
        str(path),
        f"  size      {width}×{height}, {dtype}",
        f"  encoding  {name}{find_encoding(encoding).meaning}"
        + ("; assumed, --encoding changes it" if assumed else ""),
        f"  kind      {depth.kind.replace('_', ' ')}, {_unit_of(depth)}",
        f"  holes     {holes:,} of {depth.valid.size:,} pixels ({holes / depth.valid.size:.1%})",
    ]
    lines += [f"  note      {note}" for note in depth.metadata.notes]
    lines += [f"  hint      {hint}" for hint in hints(depth)]
    if not values.size:
        return [*lines, "  range     none: no pixel is valid"]
    low, high, unit = float(values.min()), float(values.max()), _unit(depth)
    lines.append(f"  range     {low:.6g} to {high:.6g}{unit}, median {np.median(values):.6g}{unit}")
    lines.append(f"  levels    {np.unique(values).size:,} different values")
    lines += _estimates(depth, high - low, unit)
    return lines + _histogram(values, low, high, unit)


def as_document(path: str, dtype: str, depth: DepthMap, *, assumed: bool) -> dict[str, Any]:
    """Return a map's description for JSON: its fields, and figures that follow from it.

    Args:
        path: Its file.
        dtype: The type of the file's numbers.
        depth: The map.
        assumed: Whether its encoding is a guess.
    """
    encoding = depth.encoding or "float"
    values = depth.values[depth.valid].astype(np.float64)
    document = {
        "path": path,
        "shape": list(depth.shape),
        "dtype": dtype,
        "encoding": encoding,
        "encoding_meaning": find_encoding(encoding).meaning,
        "encoding_assumed": assumed,
        "kind": depth.kind,
        "unit": depth.unit,
        "pixels": depth.valid.size,
        "valid_pixels": int(values.size),
        "intrinsics": depth.intrinsics,
        "stereo": depth.stereo,
        "metadata": depth.metadata,
        "hints": hints(depth),
        **_figures(depth, values),
    }
    return {name: _jsonable(to_plain(value)) for name, value in document.items()}


def _figures(depth: DepthMap, values: NDArray[np.float64]) -> dict[str, Any]:
    """Return what follows from a map's valid values; None for what doesn't."""
    if not values.size:
        names = ("minimum", "maximum", "median", "noise", "model", "degradation")
        return dict.fromkeys(names, None) | {"levels": 0, "histogram": None}
    low, high = float(values.min()), float(values.max())
    noise = estimate_noise(depth.values, depth.valid)
    histogram = None
    if low < high:
        counts, edges = np.histogram(values, _BARS, (low, high))
        histogram = {"counts": counts.tolist(), "edges": edges.tolist()}
    return {
        "minimum": low,
        "maximum": high,
        "median": float(np.median(values)),
        "levels": int(np.unique(values).size),
        "noise": noise,
        "model": None if noise is None or low == high else _suited(noise / (high - low)),
        "degradation": _degradation(depth),
        "histogram": histogram,
    }


def _jsonable(value: Any) -> Any:
    """Return a value as JSON has it; numbers that it lacks become words."""
    if isinstance(value, dict):
        return {str(name): _jsonable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_jsonable(each) for each in value]
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isfinite(number):
            return number
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if isinstance(value, np.integer):
        return int(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _suited(noise_share: float) -> str:
    return ROBUST_MODEL if noise_share >= NOISY_FROM else DEFAULT_MODEL


def _estimates(depth: DepthMap, span: float, unit: str) -> list[str]:
    """Return lines on noise and degradation, where they can be estimated."""
    lines = []
    noise = estimate_noise(depth.values, depth.valid)
    if noise is not None and span > 0:
        share = noise / span
        lines.append(
            f"  noise     about {noise:.2g}{unit} ({share:.2g} of the range), an estimate: "
            f"use {_suited(share)}"
        )
    found = find_degradation(depth.values, depth.valid)
    if found is not None and found.name is not None:
        lines.append(f"  steps     {found.steps:,}: {_LOOKS[found.name]} ({found.probability:.0%})")
    elif found is not None:
        lines.append(f"  steps     {found.steps:,}, which don't tell how it was downsampled")
    return lines


def _degradation(depth: DepthMap) -> dict[str, Any] | None:
    found = find_degradation(depth.values, depth.valid)
    return None if found is None else found._asdict()


def _unit(depth: DepthMap) -> str:
    return "" if depth.unit is None else f" {depth.unit}"


def _unit_of(depth: DepthMap) -> str:
    words = UNIT_WORDS[depth.unit]
    return words if depth.unit is None else f"in {words}"


def _histogram(values: NDArray[np.float32], low: float, high: float, unit: str) -> list[str]:
    """Return a bar for each of twelve equal parts of the range."""
    if low == high:
        return []
    counts, edges = np.histogram(values.astype(np.float64), _BARS, (low, high))
    return [
        f"  from {edge:>11.5g}{unit}  {'█' * round(_WIDTH * count / counts.max()):<{_WIDTH}}  "
        f"{count / values.size:.1%}"
        for edge, count in zip(edges[:-1], counts, strict=True)
    ]
