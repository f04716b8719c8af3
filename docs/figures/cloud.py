"""A rendered scene as a point cloud seen from the side: bicubic, dsdmsr-base, ground truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common.options import DOCS
from docs.figures.colours import coloured
from docs.figures.comparison import comparison
from dsdmsr import Intrinsics
from dsdmsr.depth.geometry import points

PICTURE = DOCS / "cloud.png"
CAMERA = Intrinsics(fx=560, fy=560, cx=319.5, cy=239.5)
"""Of the high-resolution maps; for looks only."""
TURN = np.deg2rad(38)
SIZE, FOCAL, CENTRE, HEAD = (340, 330), 450, (185, 265), 20
"""Of the picture, pixels."""


def from_the_side(values: NDArray[np.float32], nearest: float, farthest: float) -> Image.Image:
    """Return the points as a camera to the side sees them, the nearer over the farther."""
    cloud = points(values.astype(np.float64), CAMERA).reshape(-1, 3).astype(np.float64)
    middle = (nearest * farthest) ** 0.5
    cloud -= (0, 0, middle)
    turn = np.array([[np.cos(TURN), 0, np.sin(TURN)], [0, 1, 0], [-np.sin(TURN), 0, np.cos(TURN)]])
    x, y, z = (cloud @ turn.T + (0, 0, 1.25 * middle)).T
    colours = np.array(coloured(values, nearest, farthest)).reshape(-1, 3)
    columns = np.round(CENTRE[1] + FOCAL * x / z).astype(int)
    rows = np.round(CENTRE[0] + FOCAL * y / z).astype(int)
    canvas = np.full((*SIZE, 3), 255, np.uint8)
    for index in np.argsort(-z, kind="stable"):
        row, column = rows[index], columns[index]
        if z[index] > 0 and 0 <= row < SIZE[0] and 0 <= column < SIZE[1]:
            canvas[row, column] = colours[index]
    return Image.fromarray(canvas)


def plot() -> Image.Image:
    """Return the clouds side by side."""
    _, panels = comparison()
    target = panels["ground truth"]
    nearest, farthest = float(target.min()), float(target.max())
    sheet = Image.new("RGB", (len(panels) * SIZE[1], SIZE[0] + HEAD), "white")
    font = ImageFont.load_default(14)
    for k, (name, values) in enumerate(panels.items()):
        ImageDraw.Draw(sheet).text((k * SIZE[1] + 6, 2), name, fill="black", font=font)
        cloud = from_the_side(np.maximum(values, nearest / 2), nearest, farthest)
        sheet.paste(cloud, (k * SIZE[1], HEAD))
    return sheet


def main() -> None:
    plot().save(PICTURE)
    print(f"wrote {PICTURE}")
