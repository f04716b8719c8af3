from __future__ import annotations

import numpy as np
import pytest

from dsdmsr.upscaling.tiles import tiles
from dsdmsr.upscaling.window import Window


@pytest.mark.parametrize(
    ("tile", "size"),
    [("auto", (3, 5)), ("auto", (380, 900)), (4, (9, 4)), (1, (2, 2)), (5, (5, 16))],
)
def test_tiles_cover_the_map_once_and_none_is_too_large(tile, size):
    covered = np.zeros(size, int)
    for window, _ in tiles(tile, 4, *size):
        covered[window.top : window.bottom, window.left : window.right] += 1
        most = 384 if tile == "auto" else tile
        assert max(window.bottom - window.top, window.right - window.left) <= most
    assert (covered == 1).all()


@pytest.mark.parametrize(
    ("scale", "size", "block"),
    [
        (16, (480, 640), (480, 640)),
        (2, (480, 640), (480, 640)),
        (16, (1200, 1600), (253, 576)),  # as high as what is held at once allows
        (8, (700, 3000), (140, 522)),  # of one row of tiles
        (2, (1200, 9000), (600, 500)),  # of one tile
    ],
)
def test_tiles_are_in_blocks_which_are_no_larger_than_is_held(scale, size, block):
    blocks: dict[Window, int] = {}
    lasts = 0
    most = 0
    for tile in tiles("auto", scale, *size):
        assert tile.window.within(tile.block) == tile.window
        blocks[tile.block] = blocks.get(tile.block, 0) + (
            (tile.window.bottom - tile.window.top) * (tile.window.right - tile.window.left)
        )
        lasts += tile.last
        begun = [b for b, done in blocks.items() if done < _area(b)]
        most = max(most, sum(map(_area, begun)))
    assert lasts == len(blocks)
    assert all(done == _area(window) for window, done in blocks.items())
    sizes = [(b.bottom - b.top, b.right - b.left) for b in blocks]
    assert max(sizes) == block
    assert most <= 640 * 640


def _area(window: Window) -> int:
    return (window.bottom - window.top) * (window.right - window.left)
