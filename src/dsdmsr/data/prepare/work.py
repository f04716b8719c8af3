"""What happens to one map, in whichever process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dsdmsr._atomic import replacing
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepared.pyramid import centre_window, level_name, levels_of
from dsdmsr.data.prepared.splits import Split
from dsdmsr.data.prepared.storage import Stored, store
from dsdmsr.data.sources.source import Frame, Source
from dsdmsr.errors import DsdmsrError

__all__ = ["Job", "Made", "Worker"]


class Job(NamedTuple):
    """A map to prepare."""

    number: int
    """Of its frame in the source."""
    frame: Frame
    """Where it is."""
    split: Split
    """Where it goes."""


class Made(NamedTuple):
    """What became of a map."""

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

    def __call__(self, job: Job) -> Made:
        """Prepare a map: write its levels, and return what a shard holds of it.

        A map that can't be read is no error, but told in the record.

        Raises:
            OSError: If something can't be written.
        """
        frame = job.frame
        named = {"index": job.number, "key": frame.key, "scene": frame.scene}
        named |= {"split": job.split, "origin": frame.origin}
        try:
            found = self.source.read(frame)
            window = centre_window(found.depth.shape) if self.forms.pyramid else None
        except DsdmsrError as error:
            return Made({**named, "failed": str(error)})
        depth = found.depth
        # A level's PNG says nothing of an offset.
        stored = store(depth, found.quantum, shift=not self.forms.pyramid)
        least, most = stored.ends or (None, None)
        record: dict[str, Any] = named | {
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
        content = stored.to_bytes() if self.forms.shards else b""
        if window is not None:
            top, left, height, width = window
            middle = stored.numbers[top : top + height, left : left + width]
            record["window"] = list(window)
            record["levels"] = self._write_levels(frame, middle, stored)
            record["sha256"] = record["levels"][level_name((height, width))]["sha256"]
        if content:
            record["sha256"] = hashlib.sha256(content).hexdigest()
        return Made(record, stored.suffix, content)

    def _write_levels(self, frame: Frame, numbers: Any, stored: Stored) -> dict[str, Any]:
        """Write all levels; return name → path and checksum, largest first."""
        written: dict[str, Any] = {}
        for level in levels_of(numbers):
            name = level_name((level.shape[0], level.shape[1]))
            content = Stored(numbers=level, quantum=stored.quantum).to_bytes()
            path = self.folder / name / f"{frame.key}{stored.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.write_bytes(content)
            written[name] = {
                "path": path.relative_to(self.folder).as_posix(),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        return written
