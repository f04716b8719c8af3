"""What a public source of depth files is: a file as it writes it, and what is true of that file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "METRES",
    "NONE",
    "SHAPE",
    "Content",
    "Source",
    "disparities",
    "everywhere",
    "floats",
    "metres",
    "seen",
    "whole",
]

SHAPE = (48, 64)
METRES = ("--encoding", "metres")
"""What has to be given where floats are metres, and the file doesn't say so."""
NONE = "what was written"
"""Where no library but ours reads a file: its numbers are compared with those that it was given."""
Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Content:
    """Hold the numbers that a file gets, and what they mean by the source's own description."""

    numbers: Array
    """The numbers as they stand in the file, H×W."""
    values: Array
    """What they mean, float64: metres, pixels, … Where nothing was seen, anything."""
    valid: NDArray[np.bool_]
    """Where something was seen."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Describe a renderer, sensor, data set, … by one file that it writes.

    No file was made by the renderer or the sensor itself: each is written as its description says,
    by a library other than `dsdmsr`, or by hand; and read for comparison by another one than
    `dsdmsr` reads it with, by hand where there is none.
    """

    name: str
    """What people call it."""
    file: str
    """Its file's name, as it gives it."""
    content: Content
    """What is in the file."""
    write: Callable[[Path, Array], None]
    """Writes the numbers to a path."""
    library: str
    """What reads the file for comparison; ``by hand`` is a reader written here, `NONE` none."""
    read: Callable[[Path], Array]
    """Returns the numbers by that library; raises ModuleNotFoundError where it is missing."""
    encoding: str
    """The name of the encoding, or words of the meaning that the file itself gives."""
    kind: str = "depth"
    """Of the map: depth, disparity, inverse_depth or height."""
    unit: str | None = "m"
    """Of the map: m, px, level or None."""
    options: tuple[str, ...] = ()
    """What has to be given to `dsdmsr` so that the values are right."""
    member: str = ""
    """What has to follow the file's name: ``#`` and one map of several."""
    said: bool = False
    """Whether the file itself says what its numbers mean."""
    remark: str = ""
    """What else one has to know, for the table."""

    @property
    def assumed(self) -> bool:
        """Whether `dsdmsr` has to guess the encoding, and says so."""
        return not self.said and not {"--encoding", "--units-per-metre"} & set(self.options)

    def make(self, folder: Path) -> Path:
        """Write the file into a folder; return what to give to `dsdmsr`."""
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        self.write(path, self.content.numbers)
        return Path(f"{path}{self.member}")


def metres() -> NDArray[np.float64]:
    """Return the depth of a scene: a wall that leads away, and a box before it."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    depth = 2.0 + 0.031 * x + 0.017 * y
    depth[20:40, 24:44] = 1.25 + 0.003 * y[20:40, 24:44]
    return np.asarray(depth, np.float64)


def seen() -> NDArray[np.bool_]:
    """Return where something is seen: not in the sky at the top, nor in the box's shadow."""
    valid = np.ones(SHAPE, np.bool_)
    valid[:5] = False
    valid[20:40, 21:24] = False
    return valid


def disparities() -> NDArray[np.float64]:
    """Return the scene's disparity in pixels, for 100 px of focal length times baseline."""
    return np.asarray(100 / metres())


def whole(
    per_unit: float, values: Array | None = None, *, hole: int = 0, offset: int = 0, bits: int = 16
) -> Content:
    """Return values as whole numbers, ``value · per_unit + offset``, rounded."""
    dtype = np.dtype(f"u{bits // 8}")
    numbers = np.round((metres() if values is None else values) * per_unit).astype(dtype) + offset
    numbers = np.where(seen(), numbers, hole).astype(dtype)
    return Content(
        numbers=numbers, values=(numbers.astype(np.float64) - offset) / per_unit, valid=seen()
    )


def floats(
    hole: float, values: Array | None = None, *, per_unit: float = 1, dtype: str = "f4"
) -> Content:
    """Return values as floats, ``value · per_unit``, with a number where nothing is seen."""
    numbers = (metres() if values is None else values) * per_unit
    numbers = np.where(seen(), numbers, hole).astype(dtype)
    return Content(numbers=numbers, values=numbers.astype(np.float64) / per_unit, valid=seen())


def everywhere(values: Array) -> Content:
    """Return values as floats, something being seen in every pixel."""
    numbers = values.astype(np.float32)
    return Content(
        numbers=numbers, values=numbers.astype(float), valid=np.ones(numbers.shape, np.bool_)
    )
