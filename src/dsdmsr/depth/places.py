"""Where a map lies: on the ground, in a picture, before a camera of a reconstruction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dsdmsr.depth.phase import Axis

__all__ = ["Georeference", "ImageWindow", "MvsView", "Tag"]

Tag = tuple[int, str, int, object]
"""A TIFF tag: its code, its type as tifffile names it, its count and its value."""


@dataclass(frozen=True, kw_only=True)
class Georeference:
    """Say where the pixels of a GeoTIFF lie on the ground.

    Source:
        OGC GeoTIFF Standard 1.1, sections 7.1 (raster space) and B.6 (tie points, pixel scale and
        model transformation).
    """

    pixel_size: tuple[float, ...] | None = None
    """Size of a pixel along x, y and z: ModelPixelScaleTag."""
    tie_points: tuple[float, ...] | None = None
    """Six numbers a point: i, j, k in the raster, and x, y, z on the ground: ModelTiepointTag."""
    transformation: tuple[float, ...] | None = None
    """Instead of both, a 4×4 matrix, row by row: ModelTransformationTag."""
    points: bool = False
    """Whether raster coordinates name the pixels' centres (PixelIsPoint), not their corners."""
    tags: tuple[Tag, ...] = ()
    """The coordinate system: tags that don't depend on the pixels' size."""

    def mapped(self, x: Axis, y: Axis) -> Georeference:
        """Return that of a map whose columns and rows lie at `x` and `y` of this one's."""
        size, ties, matrix = self.pixel_size, self.tie_points, self.transformation
        if size is not None:
            size = (size[0] / x.factor, size[1] / y.factor, *size[2:])
        if ties is not None:
            moved: list[float] = []
            for k in range(0, len(ties) - 5, 6):
                i, j = (
                    along.of(at) if self.points else along.of_corner(at)
                    for along, at in ((x, ties[k]), (y, ties[k + 1]))
                )
                moved += [i, j, *ties[k + 2 : k + 6]]
            ties = tuple(moved)
        if matrix is not None:
            # Where the larger map's raster begins in this one's.
            start_x, start_y = (
                -(along.of(0.0) if self.points else along.of_corner(0.0)) / along.factor
                for along in (x, y)
            )
            rows = [matrix[k : k + 4] for k in range(0, 16, 4)]
            matrix = tuple(
                number
                for a, b, c, d in rows
                for number in (a / x.factor, b / y.factor, c, d + a * start_x + b * start_y)
            )
        return replace(self, pixel_size=size, tie_points=ties, transformation=matrix)


@dataclass(frozen=True, kw_only=True)
class ImageWindow:
    """Say which part of a picture an OpenEXR file holds, in pixels.

    Source:
        Technical Introduction to OpenEXR, "Display window and data window".
    """

    left: int
    """Column of the picture at which the data begin."""
    top: int
    """Row of the picture at which the data begin."""
    display: tuple[int, int, int, int]
    """The picture: its first column and row, its last column and row."""

    def mapped(self, x: Axis, y: Axis) -> ImageWindow:
        """Return that of a map with so many times as many columns and rows."""
        first_x, first_y, last_x, last_y = self.display
        return ImageWindow(
            left=round(self.left * x.factor),
            top=round(self.top * y.factor),
            display=(
                round(first_x * x.factor),
                round(first_y * y.factor),
                round((last_x + 1) * x.factor) - 1,
                round((last_y + 1) * y.factor) - 1,
            ),
        )


@dataclass(frozen=True, kw_only=True)
class MvsView:
    """Say from where a depth map of OpenMVS was seen; it belongs to the image, whatever the map."""

    image: bytes
    """The image's file name."""
    image_size: tuple[int, int]
    """Width and height of the image."""
    views: tuple[int, ...]
    """The number of this view, then those that it was compared with."""
    depth_range: tuple[float, float]
    """The least and the greatest depth."""
    camera: tuple[float, ...]
    """The matrix K of the image, row by row."""
    pose: tuple[float, ...]
    """The matrix R, row by row, then the camera's centre C."""
    halves: bool = False
    """Whether the file holds half floats."""
