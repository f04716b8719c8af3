"""What a preparation has done so far, so that it can go on after any interruption."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from dsdmsr.errors import DataError

__all__ = ["JOURNAL", "Journal"]

JOURNAL = ".journal"
_NOWHERE = -1


class Journal:
    """A file of JSON lines: first the plan, then a record for each map and each shard.

    A later record replaces an earlier one of the same map or shard. Only where records are in the
    file is kept in memory. A line that was not written to its end is dropped.

    Args:
        path: The file; made if missing.
        plan: What is prepared and how.
        maps: How many maps there are.

    Raises:
        DataError: If the file tells of another plan.
    """

    def __init__(self, path: Path, plan: dict[str, Any], maps: int) -> None:
        self.maps_per_shard: int | None = None
        self.shards: dict[str, dict[str, Any]] = {}
        self.failed: set[int] = set()
        self._maps = array("q", [_NOWHERE]) * maps
        self._file: BinaryIO = path.open("a+b")
        self._file.seek(0)
        place = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            record = json.loads(line)
            if place == 0:
                if record != {"plan": plan}:
                    self._file.close()
                    raise DataError(
                        f"{path.parent} was begun with other options, by another version, or from "
                        "files that have changed since: prepare to a new folder"
                    )
            else:
                self._remember(record, place)
            place += len(line)
        self._file.truncate(place)
        if place == 0:
            self._append([{"plan": plan}])

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
        if "maps_per_shard" in record:
            self.maps_per_shard = record["maps_per_shard"]
            return
        if "name" in record:
            self.shards[record["name"]] = record
            return
        index = record["index"]
        self._maps[index] = place
        self.failed.discard(index)
        if "failed" in record:
            self.failed.add(index)
