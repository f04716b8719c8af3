"""The README's picture: a rendered scene before and after upscaling, and its ground truth."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common.options import DOCS
from docs.figures.colours import coloured
from docs.figures.comparison import SCALE, comparison

PICTURE = DOCS / "before-after.png"
ZOOM, GAP, HEAD = 2, 10, 34
TOP, LEFT, SIDE = 60, 225, 184


def plot() -> Image.Image:
    """Return the panels side by side, with their errors."""
    lr_depth, upscaled = comparison()
    nearest = lr_depth.values.repeat(SCALE, 0).repeat(SCALE, 1)
    target = upscaled["ground truth"]
    near, far = float(target.min()), float(target.max())
    side = SIDE * ZOOM
    panels = {"input": nearest, **upscaled}
    sheet = Image.new("RGB", (len(panels) * (side + GAP) - GAP, side + HEAD), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=20)
    for k, (name, depth) in enumerate(panels.items()):
        error = np.sqrt(np.mean((depth - target).astype(np.float64) ** 2))
        label = f"{name}, RMSE {1000 * error:.0f} mm"
        if name == "input":
            label = f"input, {lr_depth.shape[0]} by {lr_depth.shape[1]}"
        elif name == "ground truth":
            label = name
        crop = coloured(depth[TOP : TOP + SIDE, LEFT : LEFT + SIDE], near, far)
        x = k * (side + GAP)
        sheet.paste(crop.resize((side, side), Image.Resampling.NEAREST), (x, HEAD))
        pen.text((x + 2, 4), label, fill="black", font=font)
    return sheet


def main() -> None:
    plot().save(PICTURE)
    print(f"wrote {PICTURE}")
