"""The choice of an encoding for a file, by its numbers, its format and the map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Stereo
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.map import DepthMap, Kind
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io.calib import read_calib
from dsdmsr.io.encodings import ENCODINGS, find_encoding, name_of
from dsdmsr.io.formats import FORMATS, format_of
from dsdmsr.io.invalid import RECOGNISED, usable_pixels
from dsdmsr.io.stored import Stored

__all__ = [
    "choose_encoding",
    "default_encoding",
    "guess_encoding",
    "sort_of",
    "stereo_beside",
    "zero_is_far",
]

_GUESSES = {("u", 1): "levels", ("u", 2): "mm"}
_BY_KIND: dict[Kind, tuple[str, str | None]] = {
    "depth": ("float", "mm"),
    "disparity": ("disparity", "disparity16"),
    "inverse_depth": ("inverse", "relative16"),
    "height": ("height", None),
}
"""The encoding of floats and of whole numbers for each kind, where none is given."""
_ZEROS_MAX = 3
"""Where more than one pixel in so many is 0, that is no unknown disparity."""
_UPPER_SHARE = 0.01
"""Of 16-bit numbers that fill their range, at least so many are in its upper half."""
_LOW, _LOW_SHARE = 0.03, 0.25
"""Where at least a quarter of the pixels beside zeros have at most so much of the greatest number,
values go on to 0."""


def sort_of(numbers: NDArray[np.generic]) -> tuple[str, int]:
    """Return the kind of numbers, and the bytes of each, whatever their order."""
    return numbers.dtype.kind, numbers.dtype.itemsize


def guess_encoding(stored: Stored, path: Path, kind: Kind | None) -> str | Encoding:
    """Return the encoding that numbers in a file most likely have.

    Raises:
        EncodingError: If `kind` is given, and no encoding of that kind has such numbers.
    """
    numbers = stored.numbers
    guess = stored.encoding or _GUESSES.get(sort_of(numbers), "float")
    if guess == "float" and stereo_beside(path) is not None:
        guess = "disparity"
    if guess in ("float", "mm") and kind in (None, "height") and _is_elevation(stored, path):
        guess = "height"
    scaled = {"levels": "relative", "mm": "relative16"}.get(str(guess))
    if scaled and not stored.encoding and kind in (None, "inverse_depth") and zero_is_far(numbers):
        guess = scaled
    if kind is None or find_encoding(guess).kind == kind:
        return guess
    whole = find_encoding(guess).largest is not None
    name: str | None = _BY_KIND[kind][whole]
    if kind == "inverse_depth" and sort_of(numbers) == ("u", 1):
        name = "relative"
    if name is None or (whole and ENCODINGS[name].dtype.itemsize != numbers.dtype.itemsize):
        raise EncodingError(
            f"{path} holds {numbers.dtype.name} numbers, and no encoding of kind {kind} does: "
            "leave the kind out"
        )
    return name


def _is_elevation(stored: Stored, path: Path) -> bool:
    """Return whether a TIFF is an elevation model: it says where it lies, or goes below 0."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return False
    if stored.georeference is not None:
        return True
    below = stored.numbers < 0
    # Few maps need the look at what their negative numbers mean. One alone may mean "nothing here".
    if not below.any():
        return False
    return bool((below & usable_pixels(stored, ENCODINGS["float"], RECOGNISED).valid).any())


def zero_is_far(numbers: NDArray[np.integer]) -> bool:
    """Return whether 0 is the farthest value of 8- or 16-bit numbers, not an unknown one.

    Networks for relative depth scale their result to 0…255 or 0…65535, so that 0 is their farthest
    value, which others close to it surround. In Middlebury's disparities 0 is unknown: a few per
    cent of the pixels, beside surfaces far above 0, and the largest number isn't 255. In a sensor's
    millimetres hardly a pixel is beyond 33 m, but for the code 65535.
    """
    zero, greatest = numbers == 0, int(numbers.max())
    if not zero.any() or not greatest:
        return False
    if numbers.dtype.itemsize > 1:
        upper = (numbers > greatest // 2) & (numbers < greatest)
        if greatest != 65535 or np.count_nonzero(upper) < max(16, _UPPER_SHARE * numbers.size):
            return False
    elif greatest == 255 or _ZEROS_MAX * np.count_nonzero(zero) > numbers.size:
        return True
    padded = np.pad(numbers, 1)
    height, width = numbers.shape
    beside = [
        padded[y : y + height, x : x + width][zero] for y, x in ((0, 1), (2, 1), (1, 0), (1, 2))
    ]
    around = np.concatenate(beside)
    around = around[around > 0]
    low = np.count_nonzero(around <= max(2, _LOW * greatest))
    return bool(around.size and low >= _LOW_SHARE * around.size)


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


def choose_encoding(path: Path, depth: DepthMap, encoding: str | Encoding | None) -> str | Encoding:
    """Return the encoding in which `depth` goes to `path`: the given one, or that it was read in.

    A map that was read in none goes as floats of its kind.

    Raises:
        EncodingError: If the file's format cannot hold it.
    """
    format_ = format_of(path)
    holds = format_.holds
    if format_.needs_view and (depth.metadata.view is None or depth.kind != "depth"):
        raise EncodingError(
            f"{path}: a {path.suffix} needs the camera and the image of a depth map that was read "
            f"from one: write {_float_suffixes()}"
        )
    name = encoding or depth.encoding or _BY_KIND[depth.kind][0]
    if holds == "whole" and find_encoding(name).largest is None:
        whole = [n for n, e in ENCODINGS.items() if e.largest is not None]
        raise EncodingError(
            f"{path}: a {path.suffix[1:].upper()} cannot hold encoding {name_of(name)}: write "
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
    """Return the suffixes of formats that hold any map of floats, to be listed in an error."""
    suffixes = [
        suffix
        for suffix, format_ in FORMATS.items()
        if format_.holds != "whole" and format_.write and not format_.needs_view
    ]
    return f"{', '.join(suffixes[:-1])} or {suffixes[-1]}"
