"""The reading of depth files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.map import DepthMap, Kind
from dsdmsr.errors import DepthError, DsdmsrError, EncodingError, FileError
from dsdmsr.io.checks import any_size as of_any_size
from dsdmsr.io.checks import check_size, single_line, stored_bytes
from dsdmsr.io.choice import guess_encoding, sort_of, stereo_beside
from dsdmsr.io.codec import decode
from dsdmsr.io.encodings import ENCODINGS, Encoding, check_kind_of, find_encoding
from dsdmsr.io.formats import format_of, is_depth_folder, split_member
from dsdmsr.io.invalid import RECOGNISED, InvalidNumbers
from dsdmsr.io.stored import Stored

__all__ = ["encoding_for_16_bits", "interpret", "read_depth", "read_numbers", "read_stored"]

_OF_16_BITS = {"levels": "levels16", "relative": "relative16"}
"""Encodings of 8 bits → what their names mean in files of 16 bits."""
_BITS_OF_FLOATS = (1e-4, 1e5)
"""Floats among which all have to be; as whole numbers, their bits are all above 950 million."""
_FLOATS = "its 32-bit whole numbers are the bits of floats: read as floats"


def read_depth(
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
    invalid: InvalidNumbers = RECOGNISED,
    any_size: bool = False,
) -> DepthMap:
    """Read a depth file.

    Args:
        path: A file that ends in one of `dsdmsr.io.SUFFIXES`; ``nyu.mat#12`` is one map of a stack.
            TIFF, EXR, HDF5 and MATLAB files need the extra ``io``.
        encoding: What its numbers mean: a name in `dsdmsr.io.ENCODINGS`, or an `Encoding`.
            Default: what the file says, else a guess, named by the map's ``encoding``: 8-bit
            numbers are ``levels``, 16-bit ones ``mm``, or ``relative`` and ``relative16`` where 0
            looks like the farthest value; all others ``float``, or ``disparity`` in PFM files
            beside a ``calib.txt``, or ``height`` in TIFF files with a georeference (of 16 bits,
            too) or values below 0. ``levels`` and ``relative`` mean ``levels16`` and
            ``relative16`` where the file has 16 bits.
        kind: The kind that the guess has to have: depth, disparity, inverse depth or height.
        invalid: Which numbers mean "nothing here", beside those that the file declares. Default:
            the codes of renderers and sensors for it, where they sit in the map as such.
        any_size: As for `read_stored`.

    Returns:
        The map; in metres, if it is depth and the encoding has a unit. Its ``metadata.notes`` say
        what was assumed.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, or is no depth file.
        DependencyError: If the extra ``io`` is needed and not installed.
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.

    Examples:
        Disparity in a NumPy file, NaN where unknown:

        >>> import tempfile
        >>> import numpy as np
        >>> from dsdmsr import read_depth
        >>> with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        ...     np.save(file.name, np.float32([[12.5, np.nan]]))
        ...     disparity = read_depth(file.name, "disparity")
        >>> disparity.unit, disparity.valid.tolist()
        ('px', [[True, False]])
    """
    if isinstance(encoding, str):
        find_encoding(encoding)
    stored = read_stored(path, any_size=any_size)
    return interpret(stored, path, encoding, kind=kind, invalid=invalid)


def read_numbers(path: str | os.PathLike[str]) -> NDArray[np.generic]:
    """Return the numbers in a depth file as they are, H×W; errors as for `read_stored`."""
    return read_stored(path).numbers


def read_stored(path: str | os.PathLike[str], *, any_size: bool = False) -> Stored:
    """Return the numbers in a depth file as they are, and what the file says about them.

    Args:
        path: As for `read_depth`.
        any_size: Whether to read a file that promises far more numbers than it stores, which is
            refused before memory is taken: see `dsdmsr.io.checks.check_size`.

    Raises:
        FileError: If the file is missing, is a folder, is damaged, promises too much, or is no
            depth file.
        DependencyError: If the extra ``io`` is needed and not installed.
    """
    path = Path(path)
    try:
        file, member = split_member(path)
        if file.is_dir() and not is_depth_folder(file):
            raise FileError(f"{path} is a folder: give a depth file")
        if not file.exists():
            raise FileError(f"{file} does not exist: give a depth file")
        if not (file.is_file() or file.is_dir()):
            raise FileError(
                f"{file} is a pipe or a device, not a file: send it on to standard input, and give "
                "- for it"
            )
        read = format_of(path).read
        with of_any_size(any_size), np.errstate(all="ignore"):
            if file.is_file():
                check_size(file, file.stat().st_size, stored_bytes(file))
            return _with_floats(read(file) if member is None else read(file, member))
    except DsdmsrError:
        raise
    except (OSError, MemoryError) as error:
        raise FileError(f"{path} cannot be read: {error or 'not enough memory'}") from error
    except Exception as error:  # headers can promise what no library expects
        summary = f"{type(error).__name__}: {single_line(error)}"
        raise FileError(f"{path} is damaged, or not what it seems to be: {summary}") from error


def _with_floats(stored: Stored) -> Stored:
    """Return what was read, with 32-bit whole numbers whose bits are floats as these floats.

    pyrealsense2 2.59 gives the floats of disparity frames the type uint32.
    """
    numbers = stored.numbers
    if numbers.dtype.kind != "u" or numbers.dtype.itemsize != 4:
        return stored
    floats = np.ascontiguousarray(numbers, np.uint32).view(np.float32)
    known = floats[numbers != 0]
    least, most = _BITS_OF_FLOATS
    # NaN fails, as it should: such files have 0 for what is unknown.
    if not known.size or not (known.min() >= least and known.max() <= most):
        return stored
    return replace(stored, numbers=floats, notes=(*stored.notes, _FLOATS))


def interpret(
    stored: Stored,
    path: str | os.PathLike[str],
    encoding: str | Encoding | None = None,
    *,
    kind: Kind | None = None,
    invalid: InvalidNumbers = RECOGNISED,
) -> DepthMap:
    """Return the map of what `read_stored` returned for `path`; see `read_depth`.

    Raises:
        EncodingError: If the encoding is unknown or is not one for this file's numbers.
        DepthError: If the numbers are not a depth map.
    """
    path, numbers = Path(path), stored.numbers
    if isinstance(encoding, str):
        check_kind_of(encoding, kind)
    if encoding is None:
        encoding = guess_encoding(stored, path, kind)
    elif (other := encoding_for_16_bits(encoding, numbers)) != encoding:
        encoding = other
    elif (
        isinstance(encoding, str)
        and format_of(path).holds == "whole"
        and find_encoding(encoding).dtype != numbers.dtype
    ):
        fitting = [n for n, e in ENCODINGS.items() if e.dtype == numbers.dtype]
        raise EncodingError(
            f"{path} has {8 * numbers.dtype.itemsize} bits, encoding {encoding!r} has not: "
            f"allowed are {', '.join(fitting)}"
        )
    stereo = stereo_beside(path) if encoding == "disparity" else None
    try:
        # What overflows becomes a hole, which the map's notes say.
        with np.errstate(all="ignore"):
            return decode(stored, encoding, stereo, invalid)
    except (DepthError, EncodingError) as error:
        raise type(error)(f"{path}: {error}") from error


def encoding_for_16_bits(encoding: str | Encoding, numbers: NDArray[np.generic]) -> str | Encoding:
    """Return what a name that says 8 bits or 16 means for numbers."""
    if isinstance(encoding, str) and sort_of(numbers) == ("u", 2):
        return _OF_16_BITS.get(encoding, encoding)
    return encoding
