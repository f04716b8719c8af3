"""The cells of the matrix: a library's file that we read, or a file of ours that it reads."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import DsdmsrError
from dsdmsr.io import read_numbers
from tools.interop.library import Library, Writer
from tools.interop.numbers import holes_of, numbers_of
from tools.interop.worker import GIVEN, INDEX, READ, files_read

__all__ = ["OURS", "Cell", "read_cells", "write_cells", "write_ours"]

Array = NDArray[Any]
Outcome = Literal["exact", "as itself", "refused", "not written", "differs", "wrong"]
_ENCODINGS = {"uint8": "levels", "uint16": "mm", "float32": "metres"}
"""Type → the encoding that has it."""
OURS = {
    ".png": ("uint8", "uint16"),
    ".pgm": ("uint8", "uint16"),
    ".pfm": ("float32",),
    ".dpt": ("float32",),
    ".exr": ("float32",),
    ".bin": ("float32",),
    **dict.fromkeys((".npy", ".npz", ".tif", ".h5", ".mat", ".zarr"), tuple(_ENCODINGS)),
}
"""Format → types that `write_depth` writes in it."""


@dataclass(frozen=True)
class Cell:
    """Hold what came of a file."""

    library: str
    suffix: str
    dtype: str
    form: str
    """What is special about the file."""
    outcome: Outcome
    """Of files that we read: ``exact``; ``as itself``, other numbers than the library was given,
    but those that it reads itself; ``refused`` by us; ``not written`` by the library. Of ours:
    ``exact``; ``refused`` by the library; ``differs`` as the library is known to."""
    words: str = ""
    """The line of who refused, or what differs."""


def write_ours(folder: Path) -> None:
    """Write every file of ours, named by its type."""
    for suffix, dtypes in OURS.items():
        for dtype in dtypes:
            depth = _depth(dtype)
            write_depth(folder / f"{dtype}{suffix}", depth, encoding=_ENCODINGS[dtype])


def _depth(dtype: str) -> DepthMap:
    """Return the map whose numbers in a file are those of a type, with 0 in holes."""
    numbers = numbers_of(dtype)
    valid = ~holes_of(numbers)
    values = np.where(valid, numbers, 1).astype(np.float64)
    if dtype == "uint8":
        return DepthMap(values, valid, kind="disparity", unit="level")
    return DepthMap(values / 1000 if dtype == "uint16" else values, valid, unit="m")


def write_cells(library: Library, folder: Path) -> list[Cell]:
    """Return what we read from the files that a library wrote into a folder."""
    index = json.loads((folder / INDEX).read_text())
    cells = []
    for writer in library.writers:
        cell = Cell(library.name, writer.suffix, writer.dtype, writer.form, "exact")
        if refused := index["refused"].get(writer.file):
            cells.append(dataclasses.replace(cell, outcome="not written", words=refused))
            continue
        outcome, words = _reading(library, writer, folder / writer.file)
        cells.append(dataclasses.replace(cell, outcome=outcome, words=words))
    return cells


def _reading(library: Library, writer: Writer, path: Path) -> tuple[Outcome, str]:
    """Return what comes of reading a library's file, in a word and more."""
    given = np.load(f"{path}{GIVEN}")
    try:
        numbers = read_numbers(path)
        below = given[~holes_of(given)].min() < 0
        depth = read_depth(path, "height" if below or writer.heights else None)
    except DsdmsrError as error:
        words = str(error).replace(str(path.parent), "").lstrip("/")
        return ("refused" if "\n" not in words else "wrong"), words
    if _equal(numbers, given):
        seen = np.isfinite(given) if writer.heights else ~holes_of(given)
        return ("exact", "") if np.array_equal(depth.valid, seen) else ("wrong", "other holes")
    itself = Path(f"{path}{READ}")
    if itself.exists() and _equal(numbers, np.load(itself)):
        return "as itself", library.changes.get(writer.file, "")
    return "wrong", _difference(numbers, given)


def read_cells(library: Library, folder: Path, ours: Path) -> list[Cell]:
    """Return what a library read from our files, which lie in `ours`."""
    index = json.loads((folder / INDEX).read_text())
    cells = []
    for reader, file in files_read(library):
        dtype = file.partition(".")[0]
        cell = Cell(library.name, reader.suffix, dtype, "", "exact")
        known = reader.differs.get(dtype)
        if refused := index["refused"].get(file):
            cells.append(dataclasses.replace(cell, outcome="refused", words=known or refused))
            continue
        numbers, given = np.load(folder / f"{file}{READ}"), _stored(ours / file)
        if not _equal(numbers, given):
            words = known or _difference(numbers, given)
            cell = dataclasses.replace(cell, outcome="differs" if known else "wrong", words=words)
        cells.append(cell)
    return cells


def _stored(path: Path) -> Array:
    """Return the numbers that stand in a file of ours."""
    dtype = path.name.partition(".")[0]
    numbers = numbers_of(dtype)
    return np.where(holes_of(numbers), np.zeros_like(numbers), numbers)


def _equal(numbers: Array, other: Array) -> bool:
    """Return whether numbers are the same, whatever their type."""
    if numbers.shape != other.shape or numbers.dtype.kind not in "uif":
        return False
    floats = numbers.dtype.kind == "f" and other.dtype.kind == "f"
    return bool(np.array_equal(numbers, other, equal_nan=floats))


def _difference(numbers: Array, given: Array) -> str:
    if numbers.shape != given.shape:
        return f"{'×'.join(map(str, numbers.shape))} numbers of {numbers.dtype}"
    differs = ~((numbers == given) | ((numbers != numbers) & (given != given)))
    at = tuple(np.argwhere(differs)[0])
    return f"{int(differs.sum())} differ, such as {numbers[at]} for {given[at]}"
