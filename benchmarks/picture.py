"""Draw the README's picture: a rendered scene as it comes in, as it goes out, and its truth.

python benchmarks/picture.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dsdmsr import Upscaler
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.resample import resize

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "before-after.png"
SEED, SCALE, ZOOM = 9, 4, 2
TOP, LEFT, SIDE = 60, 225, 184

# Anchors of a dark-to-light map that keeps its order in grey: near is light.
ANCHORS = np.array(
    [
        [13, 22, 60],
        [48, 50, 130],
        [92, 72, 150],
        [160, 85, 130],
        [225, 110, 90],
        [250, 190, 95],
        [252, 250, 190],
    ],
    dtype=np.float64,
)


def coloured(depth: NDArray[np.float32], near: float, far: float) -> Image.Image:
    return tinted(np.clip((1 / depth - 1 / far) / (1 / near - 1 / far), 0, 1))


def tinted(share: NDArray[np.float32]) -> Image.Image:
    at = np.linspace(0, 1, len(ANCHORS))
    channels = [np.interp(share, at, ANCHORS[:, c]) for c in range(3)]
    return Image.fromarray(np.stack(channels, -1).round().astype(np.uint8))


def draw() -> Image.Image:
    truth, small = render_sample(SEED)
    large = Upscaler.from_pretrained(scale=SCALE, device="cpu")(small)
    lr_depth = torch.from_numpy(small.values.copy())[None, None].double()
    bicubic = resize(lr_depth, SCALE)[0, 0].float().numpy()
    nearest = small.values.repeat(SCALE, 0).repeat(SCALE, 1)
    panels = [
        ("input", nearest),
        ("bicubic", bicubic),
        ("dsdmsr-base", large.values),
        ("truth", truth.values),
    ]
    near, far = float(truth.values.min()), float(truth.values.max())
    side, gap, head = SIDE * ZOOM, 10, 34
    sheet = Image.new("RGB", (4 * side + 3 * gap, side + head), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=20)
    for k, (label, depth) in enumerate(panels):
        error = np.sqrt(np.mean((depth - truth.values).astype(np.float64) ** 2))
        if label == "input":
            label = f"input, {small.shape[0]} by {small.shape[1]}"
        elif label != "truth":
            label = f"{label}, RMSE {1000 * error:.0f} mm"
        crop = coloured(depth[TOP : TOP + SIDE, LEFT : LEFT + SIDE], near, far)
        x = k * (side + gap)
        sheet.paste(crop.resize((side, side), Image.Resampling.NEAREST), (x, head))
        pen.text((x + 2, 4), label, fill="black", font=font)
    return sheet


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    draw().save(PICTURE)
    print(f"wrote {PICTURE}")
