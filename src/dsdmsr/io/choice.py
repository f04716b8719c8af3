"""The choice of an encoding for a file, by its numbers, its format and the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap, Kind, Stereo
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io.calib import read_calib
from dsdmsr.io.encodings import ENCODINGS, find_encoding
from dsdmsr.io.formats import FORMATS, format_of

__all__ = ["choose_encoding", "default_encoding", "guess_encoding", "sort_of", "stereo_beside"]

_GUESSES = {("u", 1): "levels", ("u", 2): "mm"}
_BY_KIND: dict[Kind, tuple[str, str | None]] = {
    "depth": ("float", "mm"),
    "disparity": ("disparity", "disparity16"),
    "inverse_depth": ("inverse", None),
}
"""The encoding of floats and of whole numbers for each kind, where none is given."""


def sort_of(numbers: NDArray[np.generic]) -> tuple[str, int]:
    """Return the kind of numbers, and the bytes of each, whatever their order."""
    return numbers.dtype.kind, numbers.dtype.itemsize


def guess_encoding(numbers: NDArray[np.generic], path: Path, kind: Kind | None) -> str:
    """Return the encoding that numbers in a file most likely have.

    Raises:
        EncodingError: If `kind` is given, and no encoding of that kind has such numbers.
    """
    guess = _GUESSES.get(sort_of(numbers), "float")
    if guess == "float" and stereo_beside(path) is not None:
        guess = "disparity"
    if kind is None or ENCODINGS[guess].kind == kind:
        return guess
    whole = ENCODINGS[guess].largest is not None
    name = _BY_KIND[kind][whole]
    if name is None or (whole and ENCODINGS[name].dtype.itemsize != numbers.dtype.itemsize):
        raise EncodingError(
            f"{path} holds {numbers.dtype.name} numbers, and no encoding of kind {kind} does: "
            "leave the kind out"
        )
    return name


def stereo_beside(path: Path) -> Stereo | None:
    """Return what the calib.txt beside a PFM file says, if it is one of Middlebury's."""
    beside = path.with_name("calib.txt")
    if path.suffix.lower() != ".pfm" or not beside.is_file():
        return None
    try:
        return read_calib(beside)[1]
    except FileError:
        # Other data sets have other files of this name.
        return None


def choose_encoding(path: Path, depth: DepthMap, encoding: str | None) -> str:
    """Return the encoding in which `depth` goes to `path`: the given one, or that it was read in.

    Raises:
        EncodingError: If the file's format cannot hold it.
    """
    holds = format_of(path).holds
    name = encoding or depth.encoding or "float"
    if holds == "whole" and find_encoding(name).largest is None:
        whole = [n for n, e in ENCODINGS.items() if e.largest is not None]
        raise EncodingError(
            f"{path}: a {path.suffix[1:].upper()} cannot hold encoding {name!r}: write "
            f"{_float_suffixes()}, or choose an output encoding, one of {', '.join(whole)}"
        )
    return name


def default_encoding(path: Path, depth: DepthMap) -> str:
    """Return the encoding in which a map that was read in none goes to `path`.

    Raises:
        EncodingError: If the file's format holds whole numbers, and no encoding does for the
            map's kind and unit.
    """
    floats, whole = _BY_KIND[depth.kind]
    if format_of(path).holds != "whole":
        return "metres" if (floats, depth.unit) == ("float", "m") else floats
    if whole is None or depth.unit != ENCODINGS[whole].unit:
        raise EncodingError(
            f"{path}: a {path.suffix[1:].upper()} cannot hold {depth.kind} in "
            f"{depth.unit or 'an unknown unit'}: write {_float_suffixes()}, or give an output "
            "encoding"
        )
    return whole


def _float_suffixes() -> str:
    """Return the suffixes of formats that hold floats, to be listed in an error."""
    suffixes = [suffix for suffix, format_ in FORMATS.items() if format_.holds != "whole"]
    return f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
