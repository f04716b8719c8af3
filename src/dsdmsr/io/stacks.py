"""Arrays that may hold several maps, and the one that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import FileError, suggestion
from dsdmsr.io.checks import holds_errors, refuse_errors

__all__ = [
    "NAMES",
    "map_of",
    "named_array",
    "numbered",
    "split_number",
    "stack_axis",
    "without_single_axes",
]

NAMES = ("depth", "depths")
"""What a map or a stack of maps is called, if nobody says otherwise."""
_NUMBERS = "fiub"
"""Kinds of numbers of which a map could be."""


class _Array(Protocol):
    """An array in memory or in a file."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    def __getitem__(self, key: Any, /) -> Any: ...


A = TypeVar("A", bound=_Array)


def split_number(member: str | None) -> tuple[str | None, str | None]:
    """Return the array's name and the map's number in what follows ``#`` in a path.

    Example:
        >>> split_number("12"), split_number("camera/depth"), split_number("camera/depth@12")
        ((None, '12'), ('camera/depth', None), ('camera/depth', '12'))
    """
    if member is None or member.isdecimal():
        return None, member
    name, mark, number = member.rpartition("@")
    return (name, number) if mark and number.isdecimal() else (member, None)


def named_array(arrays: Mapping[str, A], name: str | None, path: Path) -> tuple[str, A]:
    """Return the array of a name; or else the map among a file's arrays, and what it is called.

    That is one called as in `NAMES`, or the only one that could be a map or a stack of maps; arrays
    of a single axis, such as coordinates, and texts could not.

    Raises:
        FileError: If there is none, or several; or it is a file of expected errors.
    """
    if name is not None:
        wanted = name.strip("/")
        if wanted not in arrays:
            names = ", ".join(arrays) or "nothing"
            raise FileError(
                f"{path} has no array {name}{suggestion(wanted, arrays)}: it holds {names}"
            )
        return wanted, arrays[wanted]
    for each in NAMES:
        if each in arrays:
            return each, arrays[each]
    if holds_errors(arrays):
        refuse_errors(path)
    maps = {n: array for n, array in arrays.items() if _could_be_map(array)} or dict(arrays)
    if len(maps) != 1:
        names = ", ".join(maps) or "no array"
        example = f": name one, such as {path.name}#{next(iter(maps))}" if maps else ""
        raise FileError(f"{path} holds {names}{example}")
    return next(iter(maps.items()))


def _could_be_map(array: _Array) -> bool:
    kind = getattr(array.dtype, "kind", "")
    return kind in _NUMBERS and len(without_single_axes(array.shape)) >= 2


def without_single_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without axes of length 1, the first ones first, but with two axes if it had.

    Example:
        >>> without_single_axes((1, 480, 640, 1)), without_single_axes((1, 1, 9))
        ((480, 640), (1, 9))
    """
    axes = list(shape)
    while len(axes) > 2 and 1 in axes:
        axes.remove(1)
    return tuple(axes)


def stack_axis(shape: tuple[int, ...]) -> int:
    """Return along which axis the maps of a stack lie: the first that is longer than 1.

    Example:
        >>> stack_axis((1, 8, 480, 640))
        1
    """
    return next(k for k, length in enumerate(shape) if length > 1)


def numbered(number: str | None, count: int, path: Path, what: str) -> int:
    """Return the number of one of several maps or pages in a file.

    Raises:
        FileError: If none is given, or there is none of that number.
    """
    if number is None or not number.isdecimal() or int(number) >= count:
        raise FileError(
            f"{path} holds {count} {what}: name one, {path.name}#0 to {path.name}#{count - 1}"
        )
    return int(number)


def map_of(array: _Array, number: str | None, path: Path) -> NDArray[Any]:
    """Return the map in an array, or one of a stack; nothing else of it is read.

    Args:
        array: H×W, or N×H×W, and any axes of length 1 among them.
        number: The number of a map in a stack, from 0.
        path: The file, for errors.

    Raises:
        FileError: If the array is neither, or has no such map.
    """
    axes = without_single_axes(array.shape)
    if len(axes) not in (2, 3) or 0 in axes:
        form = "×".join(map(str, array.shape)) or "single"
        raise FileError(f"{path} holds {form} numbers: give one map, or a stack of them")
    if len(axes) == 2:
        if number not in (None, "0"):
            raise FileError(f"{path}#{number}: it holds one map: leave #{number} out")
        return np.asarray(array[...]).reshape(axes)
    if number is None and axes[2] in (3, 4) and axes[0] > axes[2]:
        raise FileError(
            f"{path} holds {axes[0]}×{axes[1]}×{axes[2]} numbers, as pictures in "
            "colours do: give one grey map, or a stack of them, N×H×W"
        )
    chosen = numbered(number, axes[0], path, "maps")
    return np.asarray(array[(0,) * stack_axis(array.shape) + (chosen,)]).reshape(axes[1:])
