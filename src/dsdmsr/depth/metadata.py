"""What a depth file says beside its values, so that a larger map's file can say it, too."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Georeference", "ImageWindow", "Metadata", "MvsView"]

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

    def scaled(self, x: float, y: float) -> Georeference:
        """Return that of a map with `x` times as many columns and `y` times as many rows."""
        size, ties, matrix = self.pixel_size, self.tie_points, self.transformation
        # The centre of the first small pixel lies at this place of the large pixel's raster.
        shift = tuple((0.5 / s - 0.5 if self.points else 0.0) for s in (x, y))
        if size is not None:
            size = (size[0] / x, size[1] / y, *size[2:])
        if ties is not None:
            moved = []
            for k in range(0, len(ties) - 5, 6):
                i, j = ((ties[k + n] - shift[n]) * (x, y)[n] for n in (0, 1))
                moved += [i, j, *ties[k + 2 : k + 6]]
            ties = tuple(moved)
        if matrix is not None:
            rows = [matrix[k : k + 4] for k in range(0, 16, 4)]
            matrix = tuple(
                number
                for a, b, c, d in rows
                for number in (a / x, b / y, c, d + a * shift[0] + b * shift[1])
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

    def scaled(self, x: float, y: float) -> ImageWindow:
        """Return that of a map with `x` times as many columns and `y` times as many rows."""
        first_x, first_y, last_x, last_y = self.display
        return ImageWindow(
            left=round(self.left * x),
            top=round(self.top * y),
            display=(
                round(first_x * x),
                round(first_y * y),
                round((last_x + 1) * x) - 1,
                round((last_y + 1) * y) - 1,
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


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Keep what a depth file says beside its values."""

    invalid: float | None = None
    """The number that means "nothing here" in the file, before any scale. None: the encoding's."""
    declares_invalid: bool = False
    """Whether the file itself says so: GDAL's NODATA tag, HDF5's ``_FillValue``."""
    floats: bool | None = None
    """Whether the file holds floats, which stay floats. None where there is no file."""
    georeference: Georeference | None = None
    """Where the pixels lie on the ground."""
    window: ImageWindow | None = None
    """Which part of a picture the map is."""
    view: MvsView | None = None
    """From where a depth map of OpenMVS was seen."""
    entry: str | None = None
    """What the map is called in a file that names its arrays; empty if it is the only one and has
    no name. None: ``depth``."""
    notes: tuple[str, ...] = ()
    """What reading assumed, chose or left out, a line each."""

    def scaled(self, x: float, y: float) -> Metadata:
        """Return that of a map with `x` times as many columns and `y` times as many rows."""
        place, window = self.georeference, self.window
        return replace(
            self, georeference=place and place.scaled(x, y), window=window and window.scaled(x, y)
        )
