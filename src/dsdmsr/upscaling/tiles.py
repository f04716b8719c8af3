"""Parts of a map that are enlarged one after the other, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from dsdmsr.errors import ConfigError
from dsdmsr.nn.windows import Window

__all__ = ["Tile", "check_tile", "tiles"]

Tile = Literal["auto"] | int
"""Side of a tile in pixels of the small map; auto chooses."""

_LARGE = 1024
"""About how many pixels a side auto's tiles have in the large map: at most half as many more."""


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

    They are as equal as can be. None is larger than a tile that is given; auto makes none for a
    small rest, since each tile needs to see what is around it.
    """
    if tile == "auto":
        rows, columns = (max(1, round(side * scale / _LARGE)) for side in (height, width))
    else:
        rows, columns = (-(-side // tile) for side in (height, width))
    for row in range(rows):
        for column in range(columns):
            yield Window(
                height * row // rows,
                height * (row + 1) // rows,
                width * column // columns,
                width * (column + 1) // columns,
            )
