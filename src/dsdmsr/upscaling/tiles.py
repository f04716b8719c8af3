"""Tiles of a map, which are enlarged one after the other so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.window import Window

__all__ = ["Tile", "TileOf", "check_tile", "tiles"]

Tile = Literal["auto"] | int
"""Side of a tile in low-resolution pixels; auto chooses."""

_LARGE = 1024
"""About how many pixels a side auto's tiles have in the largest map: at most half as many more."""
_BLOCK = 640
"""Low-resolution pixels a side that auto's blocks have at the most, if tiles are smaller."""
_BLOCKS_AREA = _BLOCK * _BLOCK
"""Low-resolution pixels that blocks beside each other have at the most, then."""


class TileOf(NamedTuple):
    """A tile of a low-resolution map, and the block of tiles that it is one of."""

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
        raise ConfigError(f"tile is {tile!r}: give auto, or 1 or more low-resolution pixels")
    return tile


def tiles(tile: Tile, scale: int, height: int, width: int) -> Iterator[TileOf]:
    """Yield the tiles of a low-resolution map of `height` × `width` pixels, row by row.

    They are as equal as can be. None is larger than a tile that is given, which is a block of its
    own; auto gives a small rest no tile of its own, since each tile needs to see what is around
    it, and groups tiles in blocks, which have less around them.

    Args:
        tile: See `Tile`.
        scale: The scale of the largest map that is computed.
        height: Of the low-resolution map.
        width: Of the low-resolution map.
    """
    if tile == "auto":
        counts = tuple(max(1, round(side * scale / _LARGE)) for side in (height, width))
        across = max(1, _BLOCK * counts[1] // width)
        down = max(1, min(_BLOCK, _BLOCKS_AREA // width) * counts[0] // height)
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
