"""Weights of networks as safetensors files hold them, checked before anything is built of them."""

from __future__ import annotations

import json
import math
import re
import stat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ModelError
from dsdmsr.zoo.find import CARD, WEIGHTS

__all__ = [
    "LARGEST_FILE",
    "StoredTensor",
    "check_card",
    "check_weights",
    "file_size",
    "read_small",
    "with_checksum",
]

LARGEST_FILE = 2**30
"""Bytes of a network's largest file, a hundred times those of the packaged networks."""
_LARGEST_HEADER, _LARGEST_TEXT = 2**24, 2**20
_NAMES, _SIDES = 100_000, 8
_TYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "BF16": np.uint16}
"""Types that weights may have; NumPy lacks the last, whose bits are the first half of a float32's.
"""
_AT_ONCE = 2**22
_CHECKSUM = re.compile(r"^weights_sha256: *([0-9a-f]{64}) *$", re.MULTILINE)
_HEAD = re.compile(r"---\n.*?^---$", re.DOTALL | re.MULTILINE)
"""The Hub's YAML header of a card."""


class StoredTensor(NamedTuple):
    """Where a tensor lies in a safetensors file, and what it is."""

    dtype: str
    """As the format names it."""
    shape: tuple[int, ...]
    begin: int
    """Its first byte in the file."""
    end: int
    """The byte after its last one."""


def check_weights(path: Path) -> dict[str, StoredTensor]:
    """Check a safetensors file, and return what it says of its tensors.

    Raises:
        ModelError: If it is no regular file, too large, damaged, or holds anything but finite
            floats.

    Source:
        The format's documentation: 8 bytes length of a JSON header, the header, the data.
    """
    try:
        size = file_size(path, LARGEST_FILE)
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= min(_LARGEST_HEADER, size - 8):
                raise ValueError(f"a header of {length:,} bytes in a file of {size:,}")
            header = json.loads(file.read(length))
        tensors = _tensors(header, 8 + length, size)
        for name, tensor in tensors.items():
            _check_finite(path, name, tensor)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as safetensors: {error}") from error
    return tensors


def file_size(path: Path, largest: int) -> int:
    """Return a file's size in bytes.

    Raises:
        ModelError: If it is no regular file, or larger than allowed.
        OSError: If it is not there.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ModelError(f"{path} is no regular file: give a network's folder")
    size = status.st_size
    if size > largest:
        raise ModelError(
            f"{path} has {size:,} bytes: no such file of a network has over {largest:,}"
        )
    return size


def read_small(path: Path) -> str:
    """Return the text of a network's configuration, index or card.

    Raises:
        ModelError: If it is no regular file, or larger than such a text can be.
        OSError: If it cannot be read.
        UnicodeDecodeError: If it is not UTF-8.
    """
    file_size(path, _LARGEST_TEXT)
    return path.read_text(encoding="utf-8")


def check_card(folder: Path, checksum: str) -> None:
    """Check that a network's weights are those that its card is about, if that says it.

    Args:
        folder: The network's folder.
        checksum: The SHA-256 of its weights.

    Raises:
        ModelError: If they are others.
    """
    try:
        head = _HEAD.match(read_small(folder / CARD))
    except (OSError, ModelError, UnicodeDecodeError):
        return
    said = None if head is None else _CHECKSUM.search(head[0])
    if said is not None and said[1] != checksum:
        raise ModelError(
            f"{folder / CARD} is about other weights than those in {folder / WEIGHTS}: get the "
            "network again, or correct weights_sha256 there"
        )


def with_checksum(card: str, checksum: str) -> str:
    """Return a card whose header gives the SHA-256 of the weights; as it is if it has no header."""
    head = _HEAD.match(card)
    if head is None:
        return card
    kept = re.sub(r"^weights_sha256:.*\n", "", head[0], flags=re.MULTILINE)
    return f"{kept.removesuffix('---')}weights_sha256: {checksum}\n---{card[head.end() :]}"


def _tensors(header: Any, start: int, size: int) -> dict[str, StoredTensor]:
    """Return the tensors of a header, whose data begin at `start` of a file of `size` bytes."""
    if not isinstance(header, dict) or len(header) > _NAMES:
        raise ValueError("its header is no list of tensors")
    tensors = {
        name: _tensor(name, entry, start)
        for name, entry in header.items()
        if name != "__metadata__"
    }
    place = start
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin != place:
            raise ValueError(f"{name!r:.80} does not begin where the tensor before it ends")
        place = tensor.end
    if place != size:
        raise ValueError(f"its header promises {place:,} bytes, and it has {size:,}")
    return tensors


def _tensor(name: str, entry: Any, start: int) -> StoredTensor:
    try:
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = [*shape, *offsets]
        begin, end = offsets
        good = len(shape) <= _SIDES and all(type(n) is int and 0 <= n < 2**40 for n in whole)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise ValueError(f"its header does not say where {name!r:.80} lies")
    if not isinstance(dtype, str) or dtype not in _TYPES:
        raise ValueError(f"{name!r:.80} is of type {dtype!r:.20}: allowed are {', '.join(_TYPES)}")
    if math.prod(shape) * np.dtype(_TYPES[dtype]).itemsize != end - begin:
        raise ValueError(f"{name!r:.80} has other bytes than its shape needs")
    return StoredTensor(dtype, tuple(shape), start + begin, start + end)


def _check_finite(path: Path, name: str, tensor: StoredTensor) -> None:
    kind = np.dtype(_TYPES[tensor.dtype]).newbyteorder("<")
    count = (tensor.end - tensor.begin) // kind.itemsize
    for done in range(0, count, _AT_ONCE):
        part: NDArray[Any] = np.fromfile(
            path, kind, min(_AT_ONCE, count - done), offset=tensor.begin + done * kind.itemsize
        )
        good = (part & 0x7F80) != 0x7F80 if tensor.dtype == "BF16" else np.isfinite(part)
        if not good.all():
            raise ValueError(f"{name!r:.80} holds numbers that are not finite")
