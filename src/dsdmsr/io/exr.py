"""OpenEXR files, of which one channel is depth; needs OpenEXR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.places import ImageWindow
from dsdmsr.errors import FileError
from dsdmsr.io.checks import check_size, single_channel, single_line, stored_bytes
from dsdmsr.io.exr_channels import Channel, Choice, choose_channels
from dsdmsr.io.stored import Stored

__all__ = ["read_exr", "write_exr"]


def read_exr(path: Path, member: str | None = None) -> Stored:
    """Return the depth in an EXR: float32, or float16 or uint32 as they are in the file.

    Args:
        path: The file, of any number of parts and layers.
        member: The channel; see `dsdmsr.io.exr_channels` for its spelling, and for what is chosen
            without it. Red, green and blue that are equal are depth, too, if they are all there is.

    Raises:
        FileError: If the file is damaged, or no channel or several may be meant.

    Source:
        Technical Introduction to OpenEXR, "Layers", "Multi-part files", "Data window".
    """
    import OpenEXR

    try:
        with OpenEXR.File(str(path), separate_channels=True, header_only=True) as file:
            heads = [(str(part.name()), dict(part.header)) for part in file.parts]
        _check_sizes(path, [head for _, head in heads])
        choice = choose_channels(_channels(heads), member, path)
        name, head = heads[choice.channels[0].part]
        with OpenEXR.File(str(path), separate_channels=True) as file:
            # A part that cannot be read is left out without an error.
            parts = [part for part in file.parts if len(heads) == 1 or part.name() == name]
            pixels = [np.array(parts[0].channels[c.name].pixels) for c in choice.channels]
    except FileError:
        raise
    except (Exception, MemoryError) as error:  # whatever pybind makes of C++
        summary = single_line(error) or type(error).__name__
        raise FileError(f"{path} is damaged, or no EXR that can be read: {summary}") from error
    window = _window(head)
    _check_shapes(path, head, choice, pixels)
    numbers, opaque, notes = _grey(pixels, path)
    return Stored(
        numbers=numbers,
        valid=opaque,
        window=window,
        channel=_written_as(choice, path),
        notes=(*([choice.note] if choice.note else []), *notes),
    )


def _channels(heads: list[tuple[str, dict[str, Any]]]) -> list[Channel]:
    several = len(heads) > 1
    return [
        Channel(number, name if several else "", channel.name)
        for number, (name, head) in enumerate(heads)
        for channel in head["channels"]
    ]


def _written_as(choice: Choice, path: Path) -> str | None:
    """Return the name of the channel in a file of its own; None if it would not be read there.

    Of equal colours it is ``Y``, the standard name of grey. Blender, for one, finds nothing in a
    file whose only channel is ``Z``, without a layer.
    """
    name = choice.channels[0].name
    if len(choice.channels) > 1:
        layers, dot, _ = name.rpartition(".")
        name = f"{layers}{dot}Y"
    try:
        choose_channels([Channel(0, "", name)], None, path)
    except FileError:
        return None
    return name


def _box(head: dict[str, Any], name: str) -> tuple[int, int, int, int]:
    """Return a window of a header: first column and row, last column and row."""
    (left, top), (right, bottom) = ([int(n) for n in corner] for corner in head[name])
    return left, top, right, bottom


def _check_sizes(path: Path, heads: list[dict[str, Any]]) -> None:
    """Check, before memory is taken, that a file may hold what its header promises.

    Raises:
        FileError: If it is too small for it, or there is a part without pixels.
    """
    stored, promised = stored_bytes(path), 0
    for head in heads:
        left, top, right, bottom = _box(head, "dataWindow")
        width, height = right - left + 1, bottom - top + 1
        if min(width, height) < 1:
            raise FileError(f"{path} promises {width}×{height} pixels: give 1×1 or more")
        promised += 4 * width * height * len(head["channels"])
        check_size(path, promised, stored)


def _check_shapes(
    path: Path, head: dict[str, Any], choice: Choice, pixels: list[NDArray[Any]]
) -> None:
    """Check that the channels have a number for each pixel, not for every second one.

    Raises:
        FileError: If not.
    """
    left, top, right, bottom = _box(head, "dataWindow")
    whole = (bottom - top + 1, right - left + 1)
    for channel, numbers in zip(choice.channels, pixels, strict=True):
        if numbers.shape != whole:
            form = "×".join(map(str, numbers.shape))
            raise FileError(
                f"{path}: its channel {channel.name} holds {form} numbers for {whole[0]}×{whole[1]}"
                " pixels: give one for each pixel"
            )


def _window(head: dict[str, Any]) -> ImageWindow | None:
    """Return which part of the picture the data are; None if they are all of it, from (0, 0)."""
    data, display = _box(head, "dataWindow"), _box(head, "displayWindow")
    if data == display and data[:2] == (0, 0):
        return None
    return ImageWindow(left=data[0], top=data[1], display=display)


def _grey(
    pixels: list[NDArray[Any]], path: Path
) -> tuple[NDArray[Any], NDArray[np.bool_] | None, tuple[str, ...]]:
    """Return the numbers of one channel or of equal colours, and the rest of `single_channel`.

    Raises:
        FileError: If the colours differ or are all the same, or some pixels are half transparent.
    """
    if len(pixels) == 1:
        return pixels[0], None, ()
    numbers, opaque, notes = single_channel(np.stack(pixels, axis=-1), path)
    if len(pixels) > 2 and numbers.min() == numbers.max():
        raise FileError(f"{path} is a picture of a single colour: name a channel, as in #R")
    if opaque is not None and not opaque.any():
        return numbers, None, (*notes[:-1], "its alpha is 0 everywhere: left out")
    return numbers, opaque, notes


def write_exr(
    path: Path,
    numbers: NDArray[np.generic],
    channel: str | None = None,
    comments: str | None = None,
    *,
    metadata: Metadata | None = None,
) -> None:
    """Write float32 numbers as a channel, in the window that the metadata say.

    Args:
        path: Where.
        numbers: The map.
        channel: The name of the channel. Default: that which the metadata say, or ``Z``.
        comments: What the file says beside it.
        metadata: Those of the map.
    """
    import OpenEXR

    header: dict[str, Any] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
    }
    if comments is not None:
        header["comments"] = comments
    window = metadata.window if metadata is not None else None
    name = channel or (metadata.channel if metadata is not None else None) or "Z"
    if window is not None:
        height, width = numbers.shape
        last = window.left + width - 1, window.top + height - 1
        header["dataWindow"] = _corners(window.left, window.top, *last)
        header["displayWindow"] = _corners(*window.display)
    try:
        with OpenEXR.File(header, {name: np.ascontiguousarray(numbers, np.float32)}) as file:
            file.write(str(path))
    except (RuntimeError, ValueError) as error:  # what it says of a full disk, among others
        raise OSError(single_line(error)) from error


def _corners(
    left: int, top: int, right: int, bottom: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return np.array([left, top], np.int32), np.array([right, bottom], np.int32)
