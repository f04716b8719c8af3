"""Parts of a map that are enlarged one after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dsdmsr.errors import ConfigError
from dsdmsr.nn.windows import Window

__all__ = ["Tile", "check_tile", "tiles"]

Tile = Literal["auto"] | int
"""Side of a tile in pixels of the small map; auto gives large tiles of `_LARGE` pixels a side."""

_LARGE = 1024


def check_tile(tile: Tile) -> Tile:
    """Return a tile's side if it is one.

    Raises:
        ConfigError: If it is a number below 1, or another word than auto.
    """
    if tile != "auto" and (not isinstance(tile, int) or tile < 1):
        raise ConfigError(f"tile is {tile!r}: give auto, or 1 or more pixels of the small map")
    return tile


def tiles(tile: Tile, scale: int, height: int, width: int) -> Iterator[Window]:
    """Yield the parts of a small map of `height` × `width` pixels, row by row.

    They are as equal as can be, and none is larger than a tile.
    """
    side = _LARGE // scale if tile == "auto" else tile
    rows, columns = -(-height // side), -(-width // side)
    for row in range(rows):
        for column in range(columns):
            yield Window(
                height * row // rows,
                height * (row + 1) // rows,
                width * column // columns,
                width * (column + 1) // columns,
            )
