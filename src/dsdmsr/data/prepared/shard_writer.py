"""Shards: tar files in webdataset's form, the same bytes whenever they are made."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from dsdmsr._atomic import replacing

__all__ = ["ShardWriter", "shard_name", "writing_shard"]


def shard_name(split: str, number: int) -> str:
    """Return the file name of a split's shard."""
    return f"{split}-{number:05d}.tar"


class _Hashed(io.RawIOBase):
    """A file that hashes what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.hash, self.length = file, hashlib.sha256(), 0

    def write(self, content: Any) -> int:
        self.hash.update(content)
        self.length += len(content)
        return self.file.write(content)

    def tell(self) -> int:
        return self.length


class ShardWriter:
    """Adds samples to a shard.

    Args:
        file: Where to; opened for writing.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._hashed = _Hashed(file)
        self._tar = tarfile.TarFile(fileobj=self._hashed, mode="w", format=tarfile.USTAR_FORMAT)

    def add(self, name: str, suffix: str, content: bytes, about: dict[str, Any]) -> None:
        """Add a sample: the file of its map, and a JSON file with what it means."""
        text = json.dumps(about, ensure_ascii=False, sort_keys=True).encode()
        for ending, body in ((suffix, content), (".json", text)):
            info = tarfile.TarInfo(name + ending)
            info.size, info.mode, info.mtime = len(body), 0o644, 0
            self._tar.addfile(info, io.BytesIO(body))

    def close(self) -> str:
        """End the tar; return its SHA-256."""
        self._tar.close()
        return self._hashed.hash.hexdigest()


@contextmanager
def writing_shard(path: Path) -> Iterator[ShardWriter]:
    """Yield a writer of a shard that is whole or not there."""
    with replacing(path) as beside, beside.open("wb") as file:
        yield ShardWriter(file)
