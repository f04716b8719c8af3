"""Panels: pictures of all outputs of a network on one map, beside their targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dsdmsr.pictures.colours import GREYS, HEAT, coloured
from dsdmsr.pictures.letters import plain_letters

__all__ = ["MaskedMap", "Panel", "PanelStage", "plot_panel"]

_SIDE, _GAP, _HEAD = 256, 8, 26
_Cell: TypeAlias = tuple[str, Image.Image]
"""A label, and the picture below it."""


class MaskedMap(NamedTuple):
    """A map in a panel."""

    values: NDArray[np.float32]
    """H×W."""
    valid: NDArray[np.bool_]
    """H×W."""


class PanelStage(NamedTuple):
    """A stage's output in a panel."""

    scale: int
    """Size relative to the input."""
    pred: MaskedMap
    """The output."""
    target: MaskedMap
    """The ground truth of that size."""


class Panel(NamedTuple):
    """Content of a panel, in one unit."""

    title: str
    """Above all."""
    unit: str
    """Of the values."""
    lr_depth: MaskedMap
    """The input."""
    stages: Sequence[PanelStage]
    """By scale."""
    pred: NDArray[np.float32]
    """The network's prediction, of the last target's size."""
    bicubic: NDArray[np.float32]
    """Bicubic interpolation of the input, of the same size."""


def plot_panel(panel: Panel) -> Image.Image:
    """Return the panel: two columns, each stage beside its target, one grey scale for all.

    Below are the prediction and bicubic's, the errors of both in one scale, and target and input.
    """
    target, valid = panel.stages[-1].target
    low, high = (float(f(target[valid])) if valid.any() else 0.0 for f in (np.min, np.max))

    def grey(shown: MaskedMap) -> Image.Image:
        return coloured((shown.values - low) / ((high - low) or 1), GREYS, shown.valid)

    rows = [
        [(f"×{scale} prediction", grey(pred)), (f"×{scale} ground truth", grey(of_stage))]
        for scale, pred, of_stage in panel.stages
    ]
    preds = {"prediction": panel.pred, "bicubic": panel.bicubic}
    rows.append([(name, grey(MaskedMap(pred, valid))) for name, pred in preds.items()])
    largest, cells = _error_cells([np.abs(pred - target) for pred in preds.values()], valid)
    rows.append(cells)
    height, width = panel.lr_depth.values.shape
    rows.append(
        [
            ("ground truth", grey(MaskedMap(target, valid))),
            (f"input, {height}×{width}", grey(panel.lr_depth)),
        ]
    )
    scale = f"{low:.4g} black, {high:.4g} white; error {largest:.4g} darkest ({panel.unit})"
    return _sheet(panel.title, scale, rows)


def _error_cells(
    errors: Sequence[NDArray[np.float32]], valid: NDArray[np.bool_]
) -> tuple[float, list[_Cell]]:
    """Return the error that is darkest, of the last map's, and all errors in that scale."""
    largest = float(np.percentile(errors[-1][valid], 99)) if valid.any() else 0.0
    cells = []
    for error in errors:
        picture = coloured(error / (largest or 1), HEAT, valid)
        cells.append((f"|error|, RMSE {_rmse(error, valid):.4g}", picture))
    return largest, cells


def _rmse(error: NDArray[np.float32], valid: NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean(error[valid].astype(np.float64) ** 2))) if valid.any() else 0.0


def _sheet(title: str, scale: str, rows: Sequence[Sequence[_Cell]]) -> Image.Image:
    """Return labelled pictures in rows, each as high as wide maps allow."""
    large, small = (ImageFont.load_default(size=size) for size in (17, 14))
    columns = len(rows[0])
    cells = [[(label, _fitted(picture)) for label, picture in row] for row in rows]
    heights = [max(picture.height for _, picture in row) for row in cells]
    top = 2 * _HEAD
    sheet = Image.new(
        "RGB",
        (columns * (_SIDE + _GAP) - _GAP, top + sum(heights) + len(rows) * (_HEAD + _GAP)),
        "white",
    )
    pen = ImageDraw.Draw(sheet)
    pen.text((2, 3), plain_letters(title), fill="black", font=large)
    pen.text((2, _HEAD + 2), plain_letters(scale), fill="black", font=small)
    for row, height in zip(cells, heights, strict=True):
        for column, (label, picture) in enumerate(row):
            left = column * (_SIDE + _GAP)
            pen.text((left + 2, top + 4), plain_letters(label), fill="black", font=small)
            sheet.paste(picture, (left, top + _HEAD))
        top += _HEAD + height + _GAP
    return sheet


def _fitted(picture: Image.Image) -> Image.Image:
    """Return a picture as wide as a column, its pixels as squares."""
    height = round(_SIDE * picture.height / picture.width)
    kind = Image.Resampling.NEAREST if picture.width <= _SIDE else Image.Resampling.BOX
    return picture.convert("RGB").resize((_SIDE, height), kind)
