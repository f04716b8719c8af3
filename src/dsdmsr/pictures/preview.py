"""Previews of maps and results: as pictures, as PNG files, and many on a contact sheet."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from dsdmsr._atomic import writing
from dsdmsr.depth.map import DepthMap, check_map
from dsdmsr.depth.phase import Phase, check_phase
from dsdmsr.errors import DepthError
from dsdmsr.pictures.comparison import Comparison, single_map
from dsdmsr.pictures.sheet import Strip, plot_sheet

__all__ = ["ContactSheet", "as_png", "picture_of", "preview", "write_png"]

_LEGEND = (
    "no value (a hole)",
    "Colours: bright is near, or high in a map of heights. Values beyond the ends of the bar have "
    "the colours of its ends.",
    "Relief: the map as a surface lit from the upper left, its slopes exaggerated, by the same "
    "factor for an input and its results.",
)


def preview(
    lr_depth: DepthMap, upscaled: DepthMap | None = None, *, phase: Phase = "centre"
) -> Image.Image:
    """Return a picture of a map, or of an input, its bicubic interpolation and its result.

    All are in the same colours, explained by a bar, and each has its shaded relief. The colours
    are those of the input's range.

    Args:
        lr_depth: A map; the input, if there is a result.
        upscaled: What it was upscaled to.
        phase: Where the input's pixels sit among those of the result; see `Upscaler`.

    Returns:
        RGB, at most about 2000 pixels wide.

    Raises:
        DepthError: If one of them is no `DepthMap`, the result is smaller than the input, or they
            differ in kind or unit.
        ConfigError: If there is no such phase.

    Example:
        >>> import dsdmsr
        >>> lr_depth, hr_depth = dsdmsr.sample()
        >>> dsdmsr.preview(lr_depth, hr_depth).mode
        'RGB'
    """
    check_map(lr_depth)
    check_phase(phase)
    if upscaled is None:
        return picture_of(single_map("", lr_depth))
    smaller = any(m < n for n, m in zip(lr_depth.shape, check_map(upscaled).shape, strict=True))
    if smaller or (lr_depth.kind, lr_depth.unit) != (upscaled.kind, upscaled.unit):
        raise DepthError(
            f"{upscaled!r} is no result of {lr_depth!r}: give a map at least as large, of the "
            "same kind and unit"
        )
    comparison = Comparison("", lr_depth, upscaled.shape, phase)
    comparison.keep(upscaled)
    return picture_of(comparison.strip())


class ContactSheet:
    """A row for each of several files, up to a number of them.

    Args:
        most: Up to how many.
    """

    def __init__(self, most: int = 12) -> None:
        self.most, self.left_out = most, 0
        self._strips: list[Strip] = []

    def __len__(self) -> int:
        return len(self._strips)

    @property
    def full(self) -> bool:
        """Whether no row is left."""
        return len(self) == self.most

    @property
    def remark(self) -> str | None:
        """A line on the files that have no row; None if all have one."""
        if not self.left_out:
            return None
        verb = "is" if self.left_out == 1 else "are"
        return f"shows the first {self.most} files; {self.left_out:,} more {verb} left out"

    def add(self, strip: Strip) -> None:
        """Add a file's row."""
        self._strips.append(strip)

    def picture(self) -> Image.Image:
        """Return the sheet, of one row at least."""
        legend = _LEGEND if self.remark is None else (*_LEGEND, f"This sheet {self.remark}.")
        return plot_sheet(self._strips, legend)


def picture_of(strip: Strip) -> Image.Image:
    """Return a picture of one map, or of one input and its results."""
    return plot_sheet([strip], _LEGEND)


def write_png(path: Path, picture: Image.Image, *, overwrite: bool) -> None:
    """Write a picture as a PNG file, whole or not at all.

    Raises:
        FileError: If it cannot be written, or exists and may not be replaced.
    """
    with writing(path, overwrite=overwrite) as beside:
        picture.save(beside, format="PNG")


def as_png(picture: Image.Image) -> bytes:
    """Return a picture as the content of a PNG file."""
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()
