"""Remarks on an upscaled file: what was assumed or chosen, and the option that changes it."""

from __future__ import annotations

from dsdmsr.depth.map import DepthMap
from dsdmsr.io.encodings import find_encoding
from dsdmsr.upscaling.auto import announcements
from dsdmsr.upscaling.files import Upscaled
from dsdmsr.upscaling.options import MapOptions

__all__ = ["remarks"]


def remarks(result: Upscaled, options: MapOptions) -> list[str]:
    """Return what was assumed or chosen for a file, and the option that changes it."""
    depth, encoding = result.depth, result.encoding
    lines = []
    if depth.valid.any():
        lines = announcements(
            result.choice, depth, network=options.model, phase_given=options.phase is not None
        )
    if options.reading.encoding is None and isinstance(depth.encoding, str):
        meaning = find_encoding(depth.encoding).meaning
        lines.append(f"read as {depth.encoding}: {meaning}; --encoding changes it")
    lines += depth.metadata.notes
    if (stretch := _stretch(depth, options)) is not None:
        lines.append(stretch)
    if options.refine and options.noise is None:
        lines.append("its noise was estimated, see dsdmsr info; --noise changes it")
    if options.output_encoding is None and encoding != depth.encoding:
        meaning = find_encoding(encoding).meaning
        lines.append(f"written as {encoding}: {meaning}; --output-encoding changes it")
    return [*lines, *result.left_out]


def _stretch(depth: DepthMap, options: MapOptions) -> str | None:
    """Return a line if the size asked for is of another shape than the map, by a pixel or more."""
    if options.pixels is None:
        return None
    (height, width), (rows, columns) = depth.shape, options.pixels
    if abs(rows - columns * height / width) < 1 or abs(columns - rows * width / height) < 1:
        return None
    return (
        f"{columns}x{rows} is of another shape than {width}x{height}: stretched by "
        f"{columns / width:.3g} along x and {rows / height:.3g} along y"
    )
