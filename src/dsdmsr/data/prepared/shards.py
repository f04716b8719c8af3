"""Shards: tar files in webdataset's form, with the same bytes whenever they are written."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from dsdmsr._atomic import replacing
from dsdmsr.data.prepared.splits import Split
from dsdmsr.data.prepared.storage import StoredMap, numbers_from_bytes
from dsdmsr.errors import DataError
from dsdmsr.io.checks import single_line

__all__ = ["ShardWriter", "decode_sample", "read_samples", "shard_name", "writing_shard"]


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
    """Writer of the samples of a shard.

    Args:
        file: Where to; opened for writing.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._hashed = _Hashed(file)
        self._tar = tarfile.TarFile(fileobj=self._hashed, mode="w", format=tarfile.USTAR_FORMAT)

    def add(self, name: str, suffix: str, content: bytes, record: Mapping[str, Any]) -> None:
        """Add a sample: the file of its map, and a JSON file with the record of the map."""
        text = json.dumps(record, ensure_ascii=False, sort_keys=True).encode()
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


def read_samples(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the samples of a shard: file name ending → content. Needs webdataset.

    Raises:
        DataError: If it is damaged.
    """
    from webdataset.tariterators import group_by_keys, tar_file_expander

    try:
        with path.open("rb") as stream:
            opened = {"url": str(path), "stream": stream}
            yield from group_by_keys(tar_file_expander(iter([opened])))
    except Exception as error:  # webdataset lets through whatever is raised on the way
        reason = single_line(Exception(*error.args[:1]))
        raise DataError(f"{path} is damaged: {reason}; prepare the set again") from error


def decode_sample(sample: Mapping[str, Any], split: Split) -> StoredMap:
    """Return a sample's map.

    Raises:
        DataError: If it is no sample of ours, or of another split.
    """
    where = f"sample {sample.get('__key__')} of {sample.get('__url__')}"
    try:
        record = json.loads(sample["json"])
        if record["split"] != split:
            raise DataError(
                f"{where} is of the {record['split']} split, not {split}: prepare again"
            )
        suffix = "npy" if record["quantum"] is None else "png"
        numbers = numbers_from_bytes(sample[suffix], f".{suffix}")
        if numbers.shape != (record["height"], record["width"]):
            raise ValueError(f"it has {numbers.shape} pixels")
        return StoredMap.from_record(numbers, record, where)
    except (EOFError, KeyError, OSError, SyntaxError, TypeError, ValueError) as error:
        raise DataError(f"{where} is damaged: {single_line(error)}; prepare it again") from error
