"""Parts of a map that are enlarged one after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.window import Window

__all__ = ["Tile", "TileOf", "check_tile", "tiles"]

Tile = Literal["auto"] | int
"""Side of a tile in pixels of the small map; auto chooses."""

_LARGE = 1024
"""About how many pixels a side auto's tiles have in the largest map: at most half as many more."""
_BLOCK = 640
"""How many pixels of the small map a side auto's blocks have at the most, if tiles are smaller."""
_HELD = _BLOCK * _BLOCK
"""How many pixels of the small map blocks that lie beside each other have at the most, so."""


class TileOf(NamedTuple):
    """A part of a small map, and the block of such parts that it is one of."""

    window: Window
    block: Window

    @property
    def last(self) -> bool:
        """Whether it is the last of its block."""
        return self.window.bottom == self.block.bottom and self.window.right == self.block.right


def check_tile(tile: Tile) -> Tile:
    """Return a tile's side if it is one.

    Raises:
        ConfigError: If it is a number below 1, or another word than auto.
    """
    if tile != "auto" and (not isinstance(tile, int) or tile < 1):
        raise ConfigError(f"tile is {tile!r}: give auto, or 1 or more pixels of the small map")
    return tile


def tiles(tile: Tile, scale: int, height: int, width: int) -> Iterator[TileOf]:
    """Yield the parts of a small map of `height` × `width` pixels, row by row.

    They are as equal as can be. None is larger than a tile that is given, which is a block of its
    own; auto makes none for a small rest, since each tile needs to see what is around it, and
    blocks of them, which have less around them.

    Args:
        tile: See `Tile`.
        scale: How many times larger the largest map is that is made of the small one.
        height: Of the small map.
        width: Of the small map.
    """
    if tile == "auto":
        counts = tuple(max(1, round(side * scale / _LARGE)) for side in (height, width))
        across = max(1, _BLOCK * counts[1] // width)
        down = max(1, min(_BLOCK, _HELD // width) * counts[0] // height)
    else:
        counts = tuple(-(-side // tile) for side in (height, width))
        across = down = 1
    rows = _spans(height, counts[0], down)
    columns = _spans(width, counts[1], across)
    for (top, bottom), block_rows in rows:
        for (left, right), block_columns in columns:
            yield TileOf(Window(top, bottom, left, right), Window(*block_rows, *block_columns))


def _spans(side: int, count: int, most: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return `count` equal spans of a side, each with that of the group it is in.

    Groups are of at most `most` spans, and as equal as can be.
    """
    groups = -(-count // most)
    firsts = [count * group // groups for group in range(groups + 1)]
    edges = [side * index // count for index in range(count + 1)]
    return [
        ((edges[index], edges[index + 1]), (edges[first], edges[end]))
        for first, end in pairwise(firsts)
        for index in range(first, end)
    ]
