"""Draw a rendered scene as a point cloud seen from the side: bicubic, and dsdmsr-base.

python benchmarks/cloud_picture.py
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dsdmsr import DepthMap, Intrinsics, Upscaler
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.resample import resize
from dsdmsr.depth.geometry import points
from options import ROOT
from picture import tinted

PICTURE = ROOT / "docs" / "cloud.png"
SEED, SCALE = 9, 4
CAMERA = Intrinsics(fx=560, fy=560, cx=319.5, cy=239.5)
"""Of the large maps; for looks only."""
TURN = np.deg2rad(38)
SIZE, FOCAL, CENTRE = (340, 330), 450, (185, 265)
"""Of the picture, pixels."""


def seen(values: NDArray[np.float32], nearest: float, farthest: float) -> Image.Image:
    """Return the points as a camera to the side sees them, the nearer over the farther."""
    cloud = points(values.astype(np.float64), CAMERA).reshape(-1, 3).astype(np.float64)
    middle = (nearest * farthest) ** 0.5
    cloud -= (0, 0, middle)
    turn = np.array([[np.cos(TURN), 0, np.sin(TURN)], [0, 1, 0], [-np.sin(TURN), 0, np.cos(TURN)]])
    x, y, z = (cloud @ turn.T + (0, 0, 1.25 * middle)).T
    light = np.clip((1 / values.ravel() - 1 / farthest) / (1 / nearest - 1 / farthest), 0, 1)
    colours = np.array(tinted(light.reshape(values.shape))).reshape(-1, 3)
    columns = np.round(CENTRE[1] + FOCAL * x / z).astype(int)
    rows = np.round(CENTRE[0] + FOCAL * y / z).astype(int)
    canvas = np.full((*SIZE, 3), 255, np.uint8)
    for index in np.argsort(-z, kind="stable"):
        row, column = rows[index], columns[index]
        if z[index] > 0 and 0 <= row < SIZE[0] and 0 <= column < SIZE[1]:
            canvas[row, column] = colours[index]
    return Image.fromarray(canvas)


def draw() -> Image.Image:
    truth, small = render_sample(SEED)
    lr_depth = torch.from_numpy(small.values.copy())[None, None].double()
    bicubic = resize(lr_depth, SCALE)[0, 0].float().numpy()
    large: DepthMap = Upscaler.from_pretrained(scale=SCALE, device="cpu")(small)
    panels = {"bicubic": bicubic, "dsdmsr-base": large.values, "truth": truth.values}
    nearest, farthest = float(truth.values.min()), float(truth.values.max())
    sheet = Image.new("RGB", (len(panels) * SIZE[1], SIZE[0] + 20), "white")
    font = ImageFont.load_default(14)
    for k, (name, values) in enumerate(panels.items()):
        ImageDraw.Draw(sheet).text((k * SIZE[1] + 6, 2), name, fill="black", font=font)
        sheet.paste(seen(np.maximum(values, nearest / 2), nearest, farthest), (k * SIZE[1], 20))
    return sheet


if __name__ == "__main__":
    draw().save(PICTURE)
    print(f"wrote {PICTURE}")
