"""Draw a contact sheet of painted scenes, as training sees them.

python benchmarks/contact_sheet.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dsdmsr.data.cutouts import paint_cutouts
from picture import tinted

SHEET = Path(__file__).resolve().parents[1] / "docs" / "scenes.png"
ROWS, COLUMNS, SIDE, GAP = 3, 6, 192, 6


def draw() -> Image.Image:
    height, width = (n * (SIDE + GAP) - GAP for n in (ROWS, COLUMNS))
    sheet = Image.new("RGB", (width, height), "white")
    for k in range(ROWS * COLUMNS):
        scene = paint_cutouts(1, k, (SIDE, SIDE))
        share = (scene - scene.min()) / max(float(np.ptp(scene)), 1e-6)
        row, column = divmod(k, COLUMNS)
        sheet.paste(tinted(share), (column * (SIDE + GAP), row * (SIDE + GAP)))
    return sheet


if __name__ == "__main__":
    SHEET.parent.mkdir(exist_ok=True)
    draw().save(SHEET)
    print(f"wrote {SHEET}")
