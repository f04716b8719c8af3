"""What a depth file says beside its values, so that a larger map's file can say it, too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsdmsr.depth.phase import Axis
    from dsdmsr.depth.places import Georeference, ImageWindow, MvsView

__all__ = ["Metadata"]


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
    channel: str | None = None
    """What the map is called in an OpenEXR file, with its layers. None: ``Z``."""
    entry: str | None = None
    """What the map is called in a file that names its arrays; empty if it is the only one and has
    no name. None: ``depth``."""
    notes: tuple[str, ...] = ()
    """What reading assumed, chose or left out, a line each."""

    def mapped(self, x: Axis, y: Axis) -> Metadata:
        """Return that of a map whose columns and rows lie at `x` and `y` of this one's."""
        place, window = self.georeference, self.window
        return replace(
            self, georeference=place and place.mapped(x, y), window=window and window.mapped(x, y)
        )
