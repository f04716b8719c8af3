"""Pictures of the windows where methods differ most."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from dsdmsr.degradation.resample import resize_nearest
from dsdmsr.evaluation.cases import Case
from dsdmsr.evaluation.methods import Values
from dsdmsr.evaluation.protocols import UNIT_NAMES
from dsdmsr.evaluation.results import CropPicture, ErrorCrop
from dsdmsr.pictures.colours import GREYS, HEAT, coloured

__all__ = ["SIDE", "error_crop"]

SIDE = 96
"""Side of a crop in pixels of the ground truth."""


class _Window(NamedTuple):
    rows: slice
    columns: slice


def error_crop(case: Case, preds: Mapping[str, Values]) -> ErrorCrop:
    """Return pictures of the window where the methods' errors differ most.

    Args:
        case: The map, at one scale.
        preds: Method → its prediction.
    """
    errors = {
        name: np.where(case.counted, np.abs(pred - case.target), 0) for name, pred in preds.items()
    }
    window = _most_different(list(errors.values()), case.scale)
    counted, target = case.counted[window], case.target[window]
    shown = target[counted] if counted.any() else np.zeros(1)
    low, high = float(shown.min()), float(shown.max())
    first = next(iter(errors.values()))
    largest = float(np.percentile(first[window], 99)) or 1.0
    lr_values, lr_valid = _repeated(case)
    pictures = [
        CropPicture(title="input", depth=_grey(lr_values[window], lr_valid[window], low, high)),
        CropPicture(title="truth", depth=_grey(target, counted, low, high)),
    ]
    pictures += [
        CropPicture(
            title=name,
            depth=_grey(pred[window], counted, low, high),
            error=_heat(errors[name][window], counted, largest),
        )
        for name, pred in preds.items()
    ]
    return ErrorCrop(
        set=case.file.set,
        scene=case.file.scene,
        scale=case.scale,
        top=window.rows.start,
        left=window.columns.start,
        side=(window.rows.stop - window.rows.start, window.columns.stop - window.columns.start),
        span=(low, high),
        largest_error=largest,
        unit=UNIT_NAMES[case.unit],
        pictures=tuple(pictures),
    )


def _repeated(case: Case) -> tuple[Values, NDArray[np.bool_]]:
    """Return the first low-resolution map at full size, pixels as blocks, and what is valid."""
    low_res = case.low_res[0]
    both = torch.from_numpy(np.stack([low_res.values, low_res.valid])[:, None])
    values, valid = resize_nearest(both, case.scale, interval=low_res.interval)[:, 0].numpy()
    return values, valid > 0


def _most_different(errors: Sequence[Values], scale: int) -> _Window:
    """Return the window with the largest mean deviation of the methods' errors."""
    spread = torch.from_numpy(np.std(errors, axis=0))[None, None]
    height, width = spread.shape[-2:]
    size = min(SIDE, height), min(SIDE, width)
    sums = functional.avg_pool2d(spread, size, stride=scale)[0, 0].numpy()
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    top, left = int(row) * scale, int(column) * scale
    return _Window(slice(top, top + size[0]), slice(left, left + size[1]))


def _grey(depth: Values, valid: NDArray[np.bool_], low: float, high: float) -> str:
    return _png(coloured((depth - low) / ((high - low) or 1), GREYS, valid))


def _heat(error: Values, valid: NDArray[np.bool_], largest: float) -> str:
    return _png(coloured(error / largest, HEAT, valid))


def _png(picture: Image.Image) -> str:
    """Return a picture as a PNG file, base64."""
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
