"""Draw a contact sheet of scenes, ray-cast above and painted below, as training sees them.

python benchmarks/contact_sheet.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.scenery import SceneryConfig
from picture import tinted

SHEET = Path(__file__).resolve().parents[1] / "docs" / "scenes.png"
COLUMNS, SIDE, GAP = 6, 192, 6
ROWS = {1.0: 3, 0.0: 2}
"""Share of ray-cast scenes → rows."""


def draw() -> Image.Image:
    rows = sum(ROWS.values())
    height, width = (n * (SIDE + GAP) - GAP for n in (rows, COLUMNS))
    sheet = Image.new("RGB", (width, height), "white")
    top = 0
    for share, count in ROWS.items():
        config = SceneConfig(ray_cast=share, scenery=SceneryConfig(depth=0))
        scenes, _ = render_scenes(1, range(count * COLUMNS), (SIDE, SIDE), config)
        for k, scene in enumerate(scenes[:, 0].numpy()):
            light = (scene - scene.min()) / max(float(np.ptp(scene)), 1e-6)
            row, column = divmod(k, COLUMNS)
            sheet.paste(tinted(light), (column * (SIDE + GAP), top + row * (SIDE + GAP)))
        top += count * (SIDE + GAP)
    return sheet


if __name__ == "__main__":
    SHEET.parent.mkdir(exist_ok=True)
    draw().save(SHEET)
    print(f"wrote {SHEET}")
