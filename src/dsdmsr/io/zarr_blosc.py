"""Chunks of Zarr arrays that Blosc has compressed: whether each is as long as it says."""

from __future__ import annotations

import itertools
import math
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dsdmsr.errors import FileError
from dsdmsr.io.stacks import stack_axis, without_single_axes

__all__ = ["check_blosc"]

_HEAD, _BYTES = 16, 12
"""Bytes of a chunk's header, and where in it the chunk's own length is."""
_MISSING = 2**64 - 1
"""Where a shard's index has no chunk."""
_CHECKSUM = 4


def check_blosc(array: Any, number: str | None, path: Path) -> None:
    """Check that the chunks of a map, if Blosc has compressed them, are as long as they say.

    Args:
        array: A ``zarr.Array`` in a folder.
        number: The number of the map, if the array is a stack.
        path: That folder.

    Raises:
        FileError: If one is not.

    Source:
        C-Blosc 1, README_CHUNK_FORMAT.rst; Zarr's specification of the codec sharding_indexed.
    """
    if not array.compressors or not _is_blosc(array.compressors[-1]):
        return
    for file in _files(array, number, path):
        with file.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            places = [(0, size)] if array.shards is None else _in_shard(opened, size, array)
            for start, length in places:
                opened.seek(start)
                head = opened.read(min(_HEAD, length))
                if len(head) < _HEAD or struct.unpack_from("<I", head, _BYTES)[0] != length:
                    raise FileError(f"{path} is damaged: {file.name} is not as long as it says")


def _is_blosc(codec: Any) -> bool:
    """Return whether a codec of format 2 or 3 is Blosc."""
    named = getattr(codec, "codec_id", None) or codec.to_dict().get("name", "")
    return str(named).rpartition(".")[2] == "blosc"


def _files(array: Any, number: str | None, path: Path) -> Iterator[Path]:
    """Yield the files of a map, of one chunk or one shard each, that are there."""
    sides = array.shards or array.chunks
    counts = [range(-(-length // side)) for length, side in zip(array.shape, sides, strict=True)]
    if len(without_single_axes(array.shape)) > 2:
        if number is None or not number.isdecimal():
            return  # of a stack, no map is read without its number
        axis = stack_axis(array.shape)
        of_map = int(number) // sides[axis]
        counts[axis] = range(of_map, of_map + 1)
    for place in itertools.product(*counts):
        file = path / array.path / array.metadata.encode_chunk_key(place)
        if file.is_file():
            yield file


def _in_shard(opened: BinaryIO, size: int, array: Any) -> list[tuple[int, int]]:
    """Return where the chunks of a shard begin, and how long they are."""
    config = array.metadata.codecs[-1].to_dict()["configuration"]
    each = zip(array.shards, array.chunks, strict=True)
    entries = 16 * math.prod(shard // chunk for shard, chunk in each)
    if config["index_location"] == "end":
        checked = config["index_codecs"][-1]["name"] == "crc32c"
        opened.seek(max(0, size - entries - (_CHECKSUM if checked else 0)))
    content = opened.read(entries)
    # zarr refuses shards that lack a part of their index, or a chunk.
    index = np.frombuffer(content[: len(content) // 16 * 16], "<u8").reshape(-1, 2)
    return [(int(at), int(n)) for at, n in index if at != _MISSING and int(at) + int(n) <= size]
