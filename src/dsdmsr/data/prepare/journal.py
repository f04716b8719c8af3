"""The journal of a preparation, so that it can go on after any interruption."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from dsdmsr.data.prepared.manifest import read_manifest
from dsdmsr.data.prepared.splits import SPLITS
from dsdmsr.errors import DataError

__all__ = ["JOURNAL", "Journal", "is_prepared"]

JOURNAL = ".journal"
_NOWHERE = -1
_DAMAGE = (LookupError, TypeError, ValueError, RecursionError)


def is_prepared(folder: Path) -> bool:
    """Return whether a preparation began, or ended, in a folder."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            return "frames" in json.loads(file.readline())["plan"]
    except FileNotFoundError:
        return read_manifest(folder) is not None
    except _DAMAGE:
        return False


_Types = dict[str, tuple[type, ...]]
_TEXT, _COUNT, _NUMBER = (str,), (int,), (int, float, type(None))
_SHARD: _Types = {"name": _TEXT, "maps": _COUNT, "bytes": _COUNT, "sha256": _TEXT}
_ANY: _Types = {"index": _COUNT, "key": _TEXT, "scene": _TEXT, "split": _TEXT, "origin": _TEXT}
_FAILED: _Types = {**_ANY, "failed": _TEXT}
_MAP: _Types = {
    **_ANY,
    "kind": _TEXT,
    "unit": (str, type(None)),
    "height": _COUNT,
    "width": _COUNT,
    **dict.fromkeys(("quantum", "offset", "valid_share", "minimum", "maximum"), _NUMBER),
}
"""What is read of a record of a shard, of a map that failed, and of a map: its name → its types."""


class Journal:
    """A file of JSON lines: first the plan, then a record for each map and each shard.

    A later record replaces an earlier one of the same map or shard. Only where records are in the
    file is kept in memory. What follows a line that is damaged, or was not written to its end, is
    dropped. Of a preparation that has ended, the journal is restored from its manifest.

    Args:
        folder: The prepared folder.
        plan: What is prepared and how; see `dsdmsr.data.prepare.plan.fingerprint`.

    Attributes:
        maps_per_shard: How many maps a shard holds, once that is decided.
        shards: Name → record of each shard that is written.
        failed: The maps that could not be read.

    Raises:
        DataError: If the folder was prepared by another plan, or its manifest is damaged.
    """

    def __init__(self, folder: Path, plan: dict[str, Any]) -> None:
        self.folder, self.plan = folder, plan
        self.maps_per_shard: int | None = None
        self.shards: dict[str, dict[str, Any]] = {}
        self.failed: set[int] = set()
        count: int = plan["count"]
        self._maps = array("q", [_NOWHERE]) * count
        ended = None if (folder / JOURNAL).exists() else read_manifest(folder)
        if ended is not None and any(ended.get(key) != value for key, value in plan.items()):
            raise _mismatch(folder)
        self._file: BinaryIO = (folder / JOURNAL).open("a+b")
        try:
            self._read()
        except DataError:
            self._file.close()
            raise
        if ended is not None:
            self._restore(ended)

    def _restore(self, ended: dict[str, Any]) -> None:
        """Take up a preparation that has ended from its manifest.

        Raises:
            DataError: If it is damaged.
        """
        try:
            self.add([{"maps_per_shard": ended["maps_per_shard"]}, *ended["maps"]])
            self.add(ended["shards"])
        except _DAMAGE as error:
            self.remove()
            raise DataError(
                f"{self.folder} has a manifest that is damaged: prepare to a new folder"
            ) from error

    def _read(self) -> None:
        """Take up what is in the file."""
        self._file.seek(0)
        place = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            try:
                record = json.loads(line)
                if place:
                    self._remember(record, place)
            except _DAMAGE:
                break
            if not place and record != {"plan": self.plan}:
                raise _mismatch(self.folder)
            place += len(line)
        self._file.truncate(place)
        if not place:
            self._append([{"plan": self.plan}])

    def add(self, records: Iterable[dict[str, Any]]) -> None:
        """Append records, in one piece."""
        records = list(records)
        places = self._append(records)
        for record, place in zip(records, places, strict=True):
            self._remember(record, place)

    def done(self, index: int) -> bool:
        """Return whether a map has a record, be it of a failure."""
        return self._maps[index] != _NOWHERE

    def record(self, index: int) -> dict[str, Any]:
        """Return a map's record."""
        self._file.seek(self._maps[index])
        record: dict[str, Any] = json.loads(self._file.readline())
        return record

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def remove(self) -> None:
        """Close and remove the file, since the preparation has ended."""
        self.close()
        (self.folder / JOURNAL).unlink()

    def _append(self, records: Iterable[dict[str, Any]]) -> list[int]:
        place = self._file.seek(0, 2)
        places, lines = [], []
        for record in records:
            line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
            places.append(place)
            lines.append(line)
            place += len(line)
        self._file.write(b"".join(lines))
        self._file.flush()
        return places

    def _remember(self, record: dict[str, Any], place: int) -> None:
        """Take up a record that is at a place of the file.

        Raises:
            LookupError: If it lacks something, or is of a map that is not there.
            TypeError: If something in it is not what it should be.
        """
        if "maps_per_shard" in record:
            maps = record["maps_per_shard"]
            if maps is not None and (type(maps) is not int or maps < 1):
                raise TypeError
            self.maps_per_shard = maps
        elif "name" in record:
            _check(record, _SHARD)
            self.shards[record["name"]] = record
        else:
            _check(record, _FAILED if "failed" in record else _MAP)
            index = record["index"]
            if not 0 <= index < len(self._maps):
                raise LookupError
            self._maps[index] = place
            self.failed.discard(index)
            if "failed" in record:
                self.failed.add(index)


def _check(record: dict[str, Any], kinds: _Types) -> None:
    """Check that a record has what is read of it later."""
    for name, kind in kinds.items():
        if type(record[name]) not in kind:
            raise TypeError
    if record.get("split", "train") not in SPLITS:
        raise TypeError
    levels = record.get("levels", {})
    if not isinstance(levels, dict):
        raise TypeError
    for level in levels.values():
        _check(level, {"path": (str,), "sha256": (str,)})


def _mismatch(folder: Path) -> DataError:
    return DataError(
        f"{folder} was begun with other options, by another version, or from other files: prepare "
        "to a new folder"
    )
