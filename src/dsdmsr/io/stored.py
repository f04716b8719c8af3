"""What a reader of depth files returns: numbers, and what the file says about them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Intrinsics, Stereo
from dsdmsr.depth.encoding import Encoding

if TYPE_CHECKING:
    from dsdmsr.depth.places import Georeference, ImageWindow, MvsView

__all__ = ["Packing", "Stored"]


class Packing(NamedTuple):
    """Say what a file multiplies its numbers by, and then adds."""

    scale: float = 1.0
    """Above 0."""
    offset: float = 0.0
    """In the unit of the values."""

    @classmethod
    def of(cls, scale: float, offset: float) -> Packing | None:
        """Return what a file says, or None if that is nothing or makes no sense."""
        makes_sense = 0 < scale < math.inf and math.isfinite(offset)
        return cls(scale, offset) if makes_sense and (scale, offset) != (1, 0) else None

    @property
    def note(self) -> str:
        """What to say of it."""
        return (
            f"its numbers stand for themselves × {self.scale:g} + {self.offset:g}, as it says: "
            "values are written as they are"
        )

    def packed(self, encoding: Encoding) -> Encoding:
        """Return what the numbers mean whose unpacked form has an encoding."""
        per_unit = encoding.per_unit / self.scale
        offset = (encoding.offset - self.offset) / self.scale
        # What 0 would be has moved.
        unknown = encoding.invalid if self.offset == 0 else math.nan
        return replace(encoding, per_unit=per_unit, offset=offset, invalid=unknown, largest=None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """Hold the numbers of one map in a file, and what the file says about them."""

    numbers: NDArray[Any]
    """The numbers as they are in the file, H×W."""
    nodata: tuple[float, ...] = ()
    """Numbers that the file declares to mean "nothing here"."""
    valid: NDArray[np.bool_] | None = None
    """Which pixels a mask in the file lets through, H×W. Default: all."""
    encoding: str | Encoding | None = None
    """What the file itself says its numbers mean. Default: nothing, so that they are guessed."""
    packing: Packing | None = None
    """What makes of the numbers what `encoding` speaks of. Default: they are that already."""
    intrinsics: Intrinsics | None = None
    """The camera, if the file has it."""
    stereo: Stereo | None = None
    """What turns disparity into depth, if the file has it."""
    georeference: Georeference | None = None
    """Where the pixels lie on the ground."""
    window: ImageWindow | None = None
    """Which part of a picture the map is."""
    view: MvsView | None = None
    """From where the map was seen, if the file is one of OpenMVS."""
    channel: str | None = None
    """What the map is called in an OpenEXR file, with its layers, if it can be called so again."""
    entry: str | None = None
    """What the map is called in the file, if another file of this format is to call it so, too."""
    notes: tuple[str, ...] = ()
    """What was chosen among several, or left out, a line each."""
