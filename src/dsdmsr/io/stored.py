"""What a reader of depth files returns: numbers, and what the file says about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import Intrinsics, Stereo
from dsdmsr.depth.metadata import Georeference, ImageWindow, MvsView

__all__ = ["Stored"]


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
    entry: str | None = None
    """What the map is called in the file, if another file of this format is to call it so, too."""
    notes: tuple[str, ...] = ()
    """What was chosen among several, or left out, a line each."""
