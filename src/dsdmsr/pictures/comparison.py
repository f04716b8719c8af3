"""A map and its relief, or an input beside bicubic interpolation and a result, as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from dsdmsr.depth.bicubic import Bicubic
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.phase import Phase
from dsdmsr.pictures.colours import GREYS, coloured
from dsdmsr.pictures.detail import Detail
from dsdmsr.pictures.reduce import Reduced, ReducedMap, enlarged, fitted
from dsdmsr.pictures.relief import Slopes, relief, slopes, steepness, towards_viewer
from dsdmsr.pictures.sheet import Cell, Strip
from dsdmsr.pictures.value_scale import ValueScale

__all__ = ["Comparison", "single_map"]

_WIDEST, _HIGHEST, _SIDE_IN_SHEET = 640, 800, 304
_WIDE = 4.0
"""Maps so many times as wide as high are shown one below the other."""
_LEAST = 12
"""The least height and width of a picture."""
_ROWS_AT_ONCE = 64


class _Panel(NamedTuple):
    """A map that is shown."""

    name: str
    shape: tuple[int, int]
    """Height and width."""
    reduced: ReducedMap


class _Layout(NamedTuple):
    """How large the maps of a strip are shown, and in how many columns."""

    size: tuple[int, int]
    """Height and width of each picture."""
    columns: int
    """Pictures in a row."""

    @classmethod
    def of(cls, shape: tuple[int, int], columns: int, *, in_sheet: bool) -> _Layout:
        """Return the layout of maps, the largest of `shape`, in so many columns if they suit."""
        if shape[1] > _WIDE * shape[0] and not in_sheet:
            return cls(fitted(shape, (_HIGHEST, 3 * _WIDEST), _LEAST), 1)
        box = (_SIDE_IN_SHEET, _SIDE_IN_SHEET) if in_sheet else (_HIGHEST, _WIDEST)
        return cls(fitted(shape, box, _LEAST), columns)

    def kept(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return the size that is kept of a map of `shape`."""
        return min(shape[0], self.size[0]), min(shape[1], self.size[1])


class Comparison:
    """An input, its bicubic interpolation and its result, which comes in bands.

    What is kept of the result is no larger than its picture.

    Args:
        name: What the input is called.
        lr_depth: The input.
        shape: Height and width of the result.
        phase: Where the input's pixels sit among those of the result.
        in_sheet: Whether it becomes a row of a contact sheet.
    """

    def __init__(
        self,
        name: str,
        lr_depth: DepthMap,
        shape: tuple[int, int],
        phase: Phase = "centre",
        *,
        in_sheet: bool = False,
    ) -> None:
        self._name, self._lr_depth, self._shape = name, lr_depth, shape
        self._layout = _Layout.of(shape, 6 if in_sheet else 3, in_sheet=in_sheet)
        self._bicubic = Bicubic(lr_depth, shape, phase)
        kept = self._layout.kept(shape)
        self._interpolated, self._result = Reduced(shape, kept), Reduced(shape, kept)
        self._come = 0
        reduced = kept[0] < shape[0] or kept[1] < shape[1]
        self._detail = Detail(lr_depth, shape, kept) if reduced and not in_sheet else None

    def keep(self, band: DepthMap) -> DepthMap:
        """Take the next band of the result; return it as it is."""
        for top in range(0, band.shape[0], _ROWS_AT_ONCE):
            part = slice(top, top + _ROWS_AT_ONCE)
            values, valid = band.values[part], band.valid[part]
            end = self._come + len(values)
            interpolated = self._bicubic.rows(self._come, end)
            self._result.add(values, valid)
            self._interpolated.add(interpolated, valid)
            if self._detail is not None:
                self._detail.add(self._come, interpolated, values, valid)
            self._come = end
        return band

    def strip(self) -> Strip:
        """Return the pictures, after the last band."""
        panels = [
            _panel("input", self._lr_depth, self._layout),
            _Panel("bicubic interpolation", self._shape, self._interpolated.result()),
            _Panel("result", self._shape, self._result.result()),
        ]
        strip = _strip(self._name, self._lr_depth, panels, self._layout)
        if self._detail is None:
            return strip
        rows = [*strip.rows, *self._detail_rows(self._detail, strip.bar)]
        return strip._replace(title=f"{strip.title}, and a detail at full size", rows=rows)

    def _detail_rows(self, detail: Detail, scale: ValueScale | None) -> list[Sequence[Cell]]:
        """Return the pictures of the part that is shown at full size."""
        maps = (
            ("input", detail.lr_depth),
            ("bicubic interpolation", detail.interpolated),
            ("result", detail.result),
        )
        panels = [_Panel(f"detail of the {name}", part.valid.shape, part) for name, part in maps]
        layout = _Layout(panels[-1].shape, self._layout.columns)
        return _rows(self._lr_depth, panels, layout, scale)


def single_map(name: str, depth: DepthMap, *, in_sheet: bool = False) -> Strip:
    """Return the picture of a map, and its relief.

    Args:
        name: What the map is called.
        depth: The map.
        in_sheet: Whether it becomes a row of a contact sheet.
    """
    layout = _Layout.of(depth.shape, 2, in_sheet=in_sheet)
    return _strip(name, depth, [_panel("map", depth, layout)], layout)


def _panel(name: str, depth: DepthMap, layout: _Layout) -> _Panel:
    reduced = Reduced(depth.shape, layout.kept(depth.shape))
    for top in range(0, depth.shape[0], _ROWS_AT_ONCE):
        part = slice(top, top + _ROWS_AT_ONCE)
        reduced.add(depth.values[part], depth.valid[part])
    return _Panel(name, depth.shape, reduced.result())


def _strip(name: str, depth: DepthMap, panels: Sequence[_Panel], layout: _Layout) -> Strip:
    """Return the pictures of maps, then their reliefs.

    Args:
        name: What the file is called.
        depth: The map whose values get all of the colours.
        panels: The maps, the largest last.
        layout: Where they go.
    """
    scale = ValueScale.of(depth)
    meaning = "no pixel has a value" if scale is None else scale.meaning
    title = (name, meaning, _shown_as(panels[-1].shape, layout.size))
    return Strip("; ".join(filter(None, title)), _rows(depth, panels, layout, scale), scale)


def _rows(
    depth: DepthMap, panels: Sequence[_Panel], layout: _Layout, scale: ValueScale | None
) -> list[Sequence[Cell]]:
    """Return the rows of `_strip`, in the colours of a scale."""
    size = layout.size
    cells = []
    for panel in panels:
        picture = coloured(np.zeros(panel.reduced.valid.shape), GREYS, panel.reduced.valid)
        if scale is not None:
            picture = scale.picture(panel.reduced.values, panel.reduced.valid)
        label = f"{panel.name}, {panel.shape[1]}×{panel.shape[0]}"
        cells.append(Cell(label, _enlarged(picture, size)))
    surfaces = [_surface(panel, depth, size) for panel in panels]
    exaggeration = steepness(surfaces[0])
    for panel, surface in zip(panels, surfaces, strict=True):
        picture = coloured(relief(surface, exaggeration), GREYS, panel.reduced.valid)
        cells.append(Cell(f"relief of the {panel.name}", _enlarged(picture, size)))
    count = layout.columns
    return [cells[first : first + count] for first in range(0, len(cells), count)]


def _surface(panel: _Panel, depth: DepthMap, size: tuple[int, int]) -> Slopes:
    """Return the slopes of a map towards the viewer, per pixel of its picture."""
    down, right = (
        towards_viewer(depth.kind) * slope * pixels / shown
        for slope, pixels, shown in zip(slopes(panel.reduced), panel.shape, size, strict=True)
    )
    return down, right


def _enlarged(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(enlarged(np.asarray(picture.convert("RGB")), size))


def _shown_as(shape: tuple[int, int], size: tuple[int, int]) -> str:
    """Return how the largest map's picture differs from it in size."""
    down, right = (shown / pixels for shown, pixels in zip(size, shape, strict=True))
    if abs(size[0] - right * shape[0]) > 1 and abs(size[1] - down * shape[1]) > 1:
        return "stretched, so that it can be seen"
    if right < 1:
        return f"shown reduced, to 1/{1 / right:.3g} of the full size"
    return f"shown enlarged ×{right:.3g}" if right > 1 else "shown at full size"
