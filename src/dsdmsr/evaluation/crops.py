"""Pictures of the places where methods differ most."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from dsdmsr.degradation.resample import resize_nearest
from dsdmsr.evaluation.measure import Case
from dsdmsr.evaluation.methods import Values
from dsdmsr.pictures.colours import GREYS, HEAT, coloured

__all__ = ["Crop", "Picture", "crop"]

SIDE = 96
"""Side of a crop in pixels of the truth."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Hold one picture of a crop."""

    title: str
    depth: str
    """A PNG file, base64."""
    error: str | None = None
    """The same of the error."""


@dataclass(frozen=True, kw_only=True)
class Crop:
    """Hold the pictures of one place."""

    set: str
    scene: str
    scale: int
    top: int
    left: int
    side: tuple[int, int]
    """Height and width in pixels of the truth."""
    span: tuple[float, float]
    """The depths that are black and white."""
    largest_error: float
    """The error that has the last colour."""
    unit: str
    pictures: tuple[Picture, ...]


def crop(case: Case, preds: Mapping[str, Values]) -> Crop:
    """Return pictures of the window where the methods' errors differ most.

    Args:
        case: The map, at one factor.
        preds: Method → its map.
    """
    errors = {
        name: np.where(case.counted, np.abs(pred - case.target), 0) for name, pred in preds.items()
    }
    window, top, left = _most_different(list(errors.values()), case.scale)
    inside = case.counted[window]
    shown = case.target[window][inside] if inside.any() else np.zeros(1)
    low, high = float(shown.min()), float(shown.max())
    first = next(iter(errors.values()))
    largest = float(np.percentile(first[window], 99)) or 1.0
    small = case.small[0]
    lr_depth = torch.from_numpy(np.stack([small.values, small.valid])[:, None])
    blocks = resize_nearest(lr_depth, case.scale, interval=small.interval)[:, 0].numpy()
    pictures = [
        Picture(title="input", depth=_grey(blocks[0][window], blocks[1][window] > 0, low, high)),
        Picture(title="truth", depth=_grey(case.target[window], inside, low, high)),
    ]
    pictures += [
        Picture(
            title=name,
            depth=_grey(pred[window], inside, low, high),
            error=_heat(errors[name][window], inside, largest),
        )
        for name, pred in preds.items()
    ]
    return Crop(
        set=case.file.set,
        scene=case.file.scene,
        scale=case.scale,
        top=top,
        left=left,
        side=(window[0].stop - top, window[1].stop - left),
        span=(low, high),
        largest_error=largest,
        unit=case.unit,
        pictures=tuple(pictures),
    )


def _most_different(errors: Sequence[Values], scale: int) -> tuple[tuple[slice, slice], int, int]:
    """Return the window with the largest mean deviation of the methods' errors."""
    spread = torch.from_numpy(np.std(errors, axis=0))[None, None]
    height, width = spread.shape[-2:]
    size = min(SIDE, height), min(SIDE, width)
    sums = functional.avg_pool2d(spread, size, stride=scale)[0, 0].numpy()
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    top, left = int(row) * scale, int(column) * scale
    return (slice(top, top + size[0]), slice(left, left + size[1])), top, left


def _grey(depth: Values, valid: NDArray[np.bool_], low: float, high: float) -> str:
    return _png(coloured((depth - low) / ((high - low) or 1), valid, GREYS))


def _heat(error: Values, valid: NDArray[np.bool_], largest: float) -> str:
    return _png(coloured(error / largest, valid, HEAT))


def _png(picture: Image.Image) -> str:
    """Return a picture as a PNG file, base64."""
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
