"""The preparation of one map, in whichever process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from dsdmsr._atomic import replacing
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepared.pyramid import Window, centre_window, level_name, levels_of
from dsdmsr.data.prepared.splits import Split
from dsdmsr.data.prepared.storage import StoredMap, extremes, store
from dsdmsr.data.sources.source import Frame, Source
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DsdmsrError

__all__ = ["Job", "PreparedMap", "Worker"]


class Job(NamedTuple):
    """A map to prepare."""

    number: int
    """Of its frame in the source."""
    frame: Frame
    """Where it is."""
    split: Split
    """Where it goes."""


class PreparedMap(NamedTuple):
    """The outcome of a map."""

    record: dict[str, Any]
    """For the manifest: all there is to say of the map, or why it failed."""
    suffix: str = ""
    """The ending of its file in a shard."""
    content: bytes = b""
    """That file."""


@dataclass(frozen=True)
class Worker:
    """Prepares maps of a source, one after the other."""

    source: Source
    """The data set."""
    folder: Path
    """Where levels are written."""
    forms: Forms
    """What is written."""

    def __call__(self, job: Job) -> PreparedMap:
        """Prepare a map: write its levels, and return what a shard holds of it.

        A map that can't be read is no error, but said in the record.

        Raises:
            OSError: If something can't be written.
        """
        frame = job.frame
        record: dict[str, Any] = {"index": job.number, "key": frame.key, "scene": frame.scene}
        record |= {"split": job.split, "origin": frame.origin}
        try:
            depth, quantum = self.source.read(frame)
            window = centre_window(depth.shape) if self.forms.pyramid else None
        except DsdmsrError as error:
            return PreparedMap({**record, "failed": str(error)})
        ends = extremes(depth)
        # A level's PNG says nothing of an offset.
        stored = store(depth, quantum, ends, shift=not self.forms.pyramid)
        record |= _described(depth, stored, ends)
        content = stored.to_bytes() if self.forms.shards else b""
        if window is not None:
            record["window"] = list(window)
            record["levels"] = self._write_levels(frame, stored, window)
            record["sha256"] = record["levels"][level_name(window[2:])]["sha256"]
        if content:
            record["sha256"] = hashlib.sha256(content).hexdigest()
        return PreparedMap(record, stored.suffix, content)

    def _write_levels(self, frame: Frame, stored: StoredMap, window: Window) -> dict[str, Any]:
        """Write all levels of a map's window; return name → path and checksum, largest first."""
        top, left, height, width = window
        written: dict[str, Any] = {}
        for level in levels_of(stored.numbers[top : top + height, left : left + width]):
            name = level_name((level.shape[0], level.shape[1]))
            content = replace(stored, numbers=level).to_bytes()
            path = self.folder / name / f"{frame.key}{stored.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.write_bytes(content)
            written[name] = {
                "path": path.relative_to(self.folder).as_posix(),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        return written


def _described(
    depth: DepthMap, stored: StoredMap, ends: tuple[float, float] | None
) -> dict[str, Any]:
    """Return the entries of a record that describe a map's values."""
    least, most = ends or (None, None)
    return {
        "kind": depth.kind,
        "unit": depth.unit,
        "quantum": stored.quantum,
        "offset": stored.offset,
        "height": depth.shape[0],
        "width": depth.shape[1],
        "valid_share": round(float(depth.valid.mean()), 6),
        "minimum": least,
        "maximum": most,
    }
