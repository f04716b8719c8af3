from __future__ import annotations

import numpy as np
from PIL import Image

from benchmarks.common.dtu_like import make_tree
from benchmarks.speed.prepare import research


def test_the_research_approach_fills_its_holes_and_rounds_to_8_bits(tmp_path):
    research(make_tree(tmp_path / "tree", 1, 2, (96, 128)), tmp_path / "prepared")
    assert len(list((tmp_path / "prepared").rglob("*.png"))) == 10
    level = tmp_path / "prepared" / "64x80" / "scan1" / "depth_map_0001.png"
    with Image.open(level) as picture:
        values = np.asarray(picture)
    assert values.dtype == np.uint8
    assert values.shape == (64, 80)
