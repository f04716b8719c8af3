"""The preparation of a data set: every map read once, written in its forms, and indexed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from dsdmsr.data.prepare.folder import check_folder, locked, remove_unfinished_below
from dsdmsr.data.prepare.journal import JOURNAL, Journal
from dsdmsr.data.prepare.plan import Forms, Shard, check_keys, fingerprint, shards_of
from dsdmsr.data.prepare.pool import in_order, in_order_on_ray
from dsdmsr.data.prepare.work import Job, PreparedMap, Worker
from dsdmsr.data.prepared.index import write_index
from dsdmsr.data.prepared.manifest import write_manifest
from dsdmsr.data.prepared.shards import writing_shard
from dsdmsr.data.prepared.splits import SPLITS, Split
from dsdmsr.data.sources.source import Source
from dsdmsr.errors import DsdmsrError, FileError

__all__ = ["SHARD_BYTES", "Outcome", "prepare"]

SHARD_BYTES = 256_000_000
"""About the size of a shard."""
_SIZES_SAMPLED = 5
"""Maps by whose size it is decided how many a shard holds."""
_PACKED, _SAMPLE_OVERHEAD = 0.33, 2560
"""What remains of 16-bit numbers in a PNG, about, and bytes of a sample beside them."""


class Outcome(NamedTuple):
    """The outcome of a preparation."""

    counts: dict[Split, int]
    """Maps that are there, by split."""
    failures: list[tuple[str, str]]
    """Origin of each map that could not be read, and the reason."""


def prepare(
    source: Source,
    folder: Path,
    forms: Forms,
    *,
    workers: int = 1,
    resume: bool = False,
    shard_bytes: int = SHARD_BYTES,
    on_ray: bool = False,
    advance: Callable[[int, int], object] = lambda done, total: None,
) -> Outcome:
    """Write a data set's maps to a folder: levels, shards, index and manifest.

    Interrupted at any moment, and resumed, it ends with the same bytes.

    Args:
        source: The data set.
        folder: A new or empty folder or, to resume, one that was begun.
        forms: What is written.
        workers: Processes that read and compress; 0 works in this one.
        resume: Whether to go on with what is there.
        shard_bytes: About the size of a shard.
        on_ray: Whether the processes are those of the Ray that this one has joined; source and
            folder have the same names for all of them.
        advance: Called with the number of maps that are done, and of all.

    Raises:
        DataError: If keys clash, the folder is in use, a process is killed or filelock is missing.
        FileError: If something cannot be written.
    """
    check_keys(source.frames)
    try:
        check_folder(folder, resume=resume)
        with locked(folder), closing(Journal(folder, fingerprint(source, forms))) as journal:
            remove_unfinished_below(folder)
            run = _Run(source, folder, forms, source.split_of, journal, on_ray)
            outcome = run.finish(run.write_maps(shard_bytes, workers, advance))
            if not outcome.failures:
                journal.remove()
        return outcome
    except OSError as error:
        advice = "; go on with --resume" if (folder / JOURNAL).exists() else ""
        raise FileError(f"cannot write to {folder}: {error.strerror or error}{advice}") from error


@dataclass(frozen=True)
class _Run:
    """One call of `prepare`."""

    source: Source
    folder: Path
    forms: Forms
    split_of: Sequence[Split]
    journal: Journal
    on_ray: bool

    def write_maps(
        self, shard_bytes: int, workers: int, advance: Callable[[int, int], object]
    ) -> list[Shard]:
        """Write the maps that are not there yet; return all shards, those before included."""
        if not self.forms.shards:
            missing = [k for k in range(len(self.split_of)) if not self._is_there(k)]
            for prepared in self._prepared(missing, workers, advance):
                self.journal.add([prepared.record])
            return []
        shards = shards_of(self.split_of, self._maps_per_shard(shard_bytes))
        unwritten = [shard for shard in shards if not self._is_written(shard)]
        missing = [index for shard in unwritten for index in shard.members]
        maps = self._prepared(missing, workers, advance)
        for shard in unwritten:
            self._write_shard(shard, maps)
        return shards

    def _prepared(
        self, indices: Sequence[int], workers: int, advance: Callable[[int, int], object]
    ) -> Iterator[PreparedMap]:
        """Return the prepared maps of these frames, in their order."""
        total = len(self.split_of)
        done = total - len(indices)
        advance(done, total)

        def counted() -> Iterator[PreparedMap]:
            worker = Worker(self.source, self.folder, self.forms)
            jobs = (Job(k, self.source.frames[k], self.split_of[k]) for k in indices)
            pool = in_order_on_ray if self.on_ray else in_order
            maps = pool(worker, jobs, min(workers, len(indices)))
            for number, prepared in enumerate(maps, start=done + 1):
                advance(number, total)
                yield prepared

        return counted()

    def _write_shard(self, shard: Shard, maps: Iterator[PreparedMap]) -> None:
        """Write one shard of the next maps."""
        records = []
        with writing_shard(self.folder / shard.name) as writer:
            for index in shard.members:
                prepared = next(maps)
                record = prepared.record
                if "failed" not in record:
                    record = {**record, "shard": shard.name}
                    entries = {key: value for key, value in record.items() if key != "levels"}
                    writer.add(f"{index:08d}", prepared.suffix, prepared.content, entries)
                records.append(record)
            sha256 = writer.close()
        whole = sum("failed" not in record for record in records)
        size = (self.folder / shard.name).stat().st_size
        shard_record = {"name": shard.name, "maps": whole, "bytes": size, "sha256": sha256}
        self.journal.add([*records, shard_record])

    def _maps_per_shard(self, shard_bytes: int) -> int:
        """Return what was chosen when the preparation began, or choose by some of the maps."""
        if self.journal.maps_per_shard is not None:
            return self.journal.maps_per_shard
        count = len(self.split_of)
        sizes = []
        for k in sorted({k * count // _SIZES_SAMPLED for k in range(_SIZES_SAMPLED)}):
            try:
                depth, quantum = self.source.read(self.source.frames[k])
            except DsdmsrError:
                continue
            bytes_a_pixel = 4 if quantum is None else 2 * _PACKED
            sizes.append(bytes_a_pixel * depth.values.size + _SAMPLE_OVERHEAD)
        if not sizes:
            return 1
        chosen = max(1, round(shard_bytes / statistics.median(sizes)))
        self.journal.add([{"maps_per_shard": chosen}])
        return chosen

    def _is_there(self, index: int) -> bool:
        """Return whether a map is done, and its levels are still in the folder."""
        if not self.journal.done(index) or index in self.journal.failed:
            return False
        levels = self.journal.record(index).get("levels", {})
        return all(_size(self.folder / level["path"]) for level in levels.values())

    def _is_written(self, shard: Shard) -> bool:
        """Return whether a shard is done, and is still in the folder."""
        record = self.journal.shards.get(shard.name)
        return (
            record is not None
            and _size(self.folder / shard.name) == record["bytes"]
            and all(self._is_there(index) for index in shard.members)
            and all(self.journal.record(k).get("shard") == shard.name for k in shard.members)
        )

    def finish(self, shards: Sequence[Shard]) -> Outcome:
        """Write index and manifest."""

        def records() -> Iterator[dict[str, Any]]:
            return map(self.journal.record, range(len(self.split_of)))

        counts = dict.fromkeys(SPLITS, 0)
        scenes: dict[Split, set[str]] = {split: set() for split in SPLITS}
        failures = []
        for record in records():
            if "failed" in record:
                failures.append((record["origin"], record["failed"]))
                continue
            counts[record["split"]] += 1
            scenes[record["split"]].add(record["scene"])
        about = {
            **self.journal.plan,
            "maps_per_shard": self.journal.maps_per_shard,
            "values": "offset + quantum × number, 0 = invalid; without a quantum floats, NaN = "
            "invalid",
            "splits": {
                split: {"maps": counts[split], "scenes": len(scenes[split])} for split in SPLITS
            },
            "failed": len(failures),
        }
        shard_records = [self.journal.shards[shard.name] for shard in shards]
        write_index(self.folder, records, shard_records, pyramid=self.forms.pyramid)
        write_manifest(self.folder, about, shard_records, records)
        return Outcome(counts, failures)


def _size(path: Path) -> int:
    """Return a file's bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
