"""Sheets: labelled pictures in rows, a bar beside them, and a legend below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from dsdmsr.pictures.colours import INVALID
from dsdmsr.pictures.letters import plain_letters
from dsdmsr.pictures.value_scale import ValueScale

__all__ = ["Cell", "Strip", "plot_sheet"]

_GAP, _MARGIN, _LABEL, _TITLE = 8, 10, 20, 26
_TEXT, _LARGE = 14, 17
_LEAST_WIDTH, _LEAST_BAR, _LONGEST_BAR = 560, 130, 420
_FONT = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Cell(NamedTuple):
    """A picture in a sheet."""

    label: str
    """Above it."""
    picture: Image.Image
    """As large as it is shown."""


class Strip(NamedTuple):
    """Pictures that belong together."""

    title: str
    """Above them."""
    rows: Sequence[Sequence[Cell]]
    """From the top."""
    bar: ValueScale | None
    """The scale of their colours, for the bar to their right."""


class _Placed(NamedTuple):
    """A strip, and where its parts go."""

    strip: Strip
    columns: list[int]
    """Widths."""
    heights: list[int]
    """Of the pictures of each row."""
    bar: Image.Image | None

    @property
    def width(self) -> int:
        grid = sum(self.columns) + _GAP * len(self.columns)
        return grid + (0 if self.bar is None else self.bar.width)

    @property
    def height(self) -> int:
        grid = sum(self.heights) + (_LABEL + _GAP) * len(self.heights)
        return _TITLE + max(grid, 0 if self.bar is None else _LABEL + self.bar.height)


def plot_sheet(strips: Sequence[Strip], legend: Sequence[str]) -> Image.Image:
    """Return strips one below the other, and the legend, on white.

    Args:
        strips: From the top.
        legend: Lines on what is shown; the first comes after a square in the colour of holes.
    """
    small, large = (ImageFont.load_default(size=size) for size in (_TEXT, _LARGE))
    placed = [_place(strip, small) for strip in strips]
    inner = max(_LEAST_WIDTH, *(each.width for each in placed))
    lines = list(_legend_lines(legend, small, inner))
    height = sum(each.height for each in placed) + _LABEL * len(lines) + _GAP
    sheet = Image.new("RGB", (inner + 2 * _MARGIN, height + 2 * _MARGIN), "white")
    pen, top = ImageDraw.Draw(sheet), _MARGIN
    for each in placed:
        title = _shortened(plain_letters(each.strip.title), large, inner)
        pen.text((_MARGIN, top), title, fill="black", font=large)
        _paste(sheet, pen, each, top + _TITLE, small)
        top += each.height
    top += _GAP
    for number, (text, indent) in enumerate(lines):
        if number == 0:
            square = (_MARGIN, top + 2, _MARGIN + _TEXT, top + 2 + _TEXT)
            pen.rectangle(square, fill=INVALID, outline="grey")
        pen.text((_MARGIN + indent, top), text, fill="black", font=small)
        top += _LABEL
    return sheet


def _place(strip: Strip, font: _FONT) -> _Placed:
    columns = [0] * max(map(len, strip.rows))
    for row in strip.rows:
        for number, cell in enumerate(row):
            needed = max(cell.picture.width, round(font.getlength(plain_letters(cell.label))) + 1)
            columns[number] = max(columns[number], needed)
    heights = [max(cell.picture.height for cell in row) for row in strip.rows]
    grid = sum(heights) + (_LABEL + _GAP) * (len(heights) - 1)
    height = min(max(grid, _LEAST_BAR), _LONGEST_BAR)
    bar = None if strip.bar is None else strip.bar.bar(height)
    return _Placed(strip, columns, heights, bar)


def _paste(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, placed: _Placed, top: int, font: _FONT
) -> None:
    left = _MARGIN
    if placed.bar is not None:
        grid = sum(placed.columns) + _GAP * len(placed.columns)
        sheet.paste(placed.bar, (_MARGIN + grid, top + _LABEL))
    for row, height in zip(placed.strip.rows, placed.heights, strict=True):
        left = _MARGIN
        for cell, width in zip(row, placed.columns, strict=False):
            pen.text((left, top), plain_letters(cell.label), fill="black", font=font)
            sheet.paste(cell.picture, (left, top + _LABEL))
            left += width + _GAP
        top += _LABEL + height + _GAP


def _legend_lines(legend: Sequence[str], font: _FONT, width: int) -> Iterator[tuple[str, int]]:
    """Yield the lines of a legend, broken where they would be too long, and their indents."""
    for number, text in enumerate(legend):
        indent = _TEXT + 8 if number == 0 else 0
        line = ""
        for word in plain_letters(text).split():
            longer = f"{line} {word}".lstrip()
            if line and font.getlength(longer) > width - indent:
                yield line, indent
                longer = word
            line = longer
        yield line, indent


def _shortened(text: str, font: _FONT, width: int) -> str:
    """Return a text that fits a width, without some of its middle if it is longer."""
    kept = len(text)
    shown = text
    while font.getlength(shown) > width and kept > 2:
        kept -= 1
        shown = f"{text[: kept // 2]}...{text[len(text) - (kept - kept // 2) :]}"
    return shown
