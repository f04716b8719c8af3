"""A contact sheet of scenes, ray-cast above and painted below, as training sees them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from benchmarks.common.options import DOCS
from docs.figures.colours import tinted
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.scenery import SceneryConfig

PICTURE = DOCS / "scenes.png"
COLUMNS, SIDE, GAP = 6, 192, 6
ROWS = {1.0: 3, 0.0: 2}
"""Share of ray-cast scenes → rows."""


def plot() -> Image.Image:
    """Return the sheet."""
    height, width = (n * (SIDE + GAP) - GAP for n in (sum(ROWS.values()), COLUMNS))
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


def main() -> None:
    plot().save(PICTURE)
    print(f"wrote {PICTURE}")
