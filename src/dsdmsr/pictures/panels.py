"""Panels: all that a network makes of one map, beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dsdmsr.pictures.colours import GREYS, HEAT, coloured

__all__ = ["Panel", "Shown", "draw_panel"]

_SIDE, _GAP, _HEAD = 256, 8, 26


class Shown(NamedTuple):
    """A map in a panel."""

    values: NDArray[np.float32]
    """H×W."""
    valid: NDArray[np.bool_]
    """H×W."""


class Panel(NamedTuple):
    """What a panel shows, in one unit."""

    title: str
    """Above all."""
    unit: str
    """Of the values."""
    small: Shown
    """The input."""
    stages: Sequence[tuple[int, Shown, Shown]]
    """Each stage's factor, output and truth, smallest first."""
    answer: NDArray[np.float32]
    """The network's answer, of the last truth's size."""
    bicubic: NDArray[np.float32]
    """Bicubic interpolation of the input, of the same size."""


def draw_panel(panel: Panel) -> Image.Image:
    """Return the panel: two columns, each stage beside its truth, one grey scale for all.

    Below are the answer and bicubic's, the errors of both in one scale, and truth and input.
    """
    truth, valid = panel.stages[-1][2]
    low, high = (float(f(truth[valid])) if valid.any() else 0.0 for f in (np.min, np.max))
    errors = {
        name: np.abs(made - truth)
        for name, made in (("answer", panel.answer), ("bicubic", panel.bicubic))
    }
    largest = float(np.percentile(errors["bicubic"][valid], 99)) if valid.any() else 0.0

    def grey(shown: Shown) -> Image.Image:
        return coloured((shown.values - low) / ((high - low) or 1), shown.valid, GREYS)

    rows = []
    for factor, made, target in panel.stages:
        rows.append([(f"×{factor} prediction", grey(made)), (f"×{factor} truth", grey(target))])
    pair = [("answer", panel.answer), ("bicubic", panel.bicubic)]
    rows.append([(name, grey(Shown(made, valid))) for name, made in pair])
    rows.append(
        [
            (
                f"|error|, RMSE {_rmse(error, valid):.4g}",
                coloured(error / (largest or 1), valid, HEAT),
            )
            for error in errors.values()
        ]
    )
    height, width = panel.small.values.shape
    rows.append(
        [("truth", grey(Shown(truth, valid))), (f"input, {height}×{width}", grey(panel.small))]
    )
    scale = f"{low:.4g} black, {high:.4g} white; error {largest:.4g} darkest ({panel.unit})"
    return _sheet(panel.title, scale, rows)


def _rmse(error: NDArray[np.float32], valid: NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean(error[valid].astype(np.float64) ** 2))) if valid.any() else 0.0


def _sheet(
    title: str, scale: str, rows: Sequence[Sequence[tuple[str, Image.Image]]]
) -> Image.Image:
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
    pen.text((2, 3), _plain(title), fill="black", font=large)
    pen.text((2, _HEAD + 2), _plain(scale), fill="black", font=small)
    for row, height in zip(cells, heights, strict=True):
        for column, (label, picture) in enumerate(row):
            left = column * (_SIDE + _GAP)
            pen.text((left + 2, top + 4), _plain(label), fill="black", font=small)
            sheet.paste(picture, (left, top + _HEAD))
        top += _HEAD + height + _GAP
    return sheet


def _plain(text: str) -> str:
    """Return text in the letters that the font has."""
    return text.replace("×", "x")


def _fitted(picture: Image.Image) -> Image.Image:
    """Return a picture as wide as a column, its pixels as squares."""
    height = round(_SIDE * picture.height / picture.width)
    kind = Image.Resampling.NEAREST if picture.width <= _SIDE else Image.Resampling.BOX
    return picture.convert("RGB").resize((_SIDE, height), kind)
