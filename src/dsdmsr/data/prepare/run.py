"""Prepare a data set: read every map once, write its forms, index them."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from dsdmsr._atomic import remove_unfinished
from dsdmsr.data.prepare.journal import JOURNAL, Journal, is_prepared
from dsdmsr.data.prepare.plan import Forms, Shard, check_keys, fingerprint, shards_of
from dsdmsr.data.prepare.pool import in_order
from dsdmsr.data.prepare.work import Job, Made, Worker
from dsdmsr.data.prepared.index import write_index, write_manifest
from dsdmsr.data.prepared.shard_writer import writing_shard
from dsdmsr.data.prepared.splits import SPLITS, Split
from dsdmsr.data.sources.source import Source
from dsdmsr.errors import DataError, DsdmsrError, FileError

__all__ = ["SHARD_BYTES", "Outcome", "prepare"]

SHARD_BYTES = 256_000_000
"""About the size of a shard."""
_LOOKED_AT = 5
"""Maps by whose size it is decided how many a shard holds."""
_PACKED, _BESIDE = 0.33, 2560
"""What remains of 16-bit numbers in a PNG, about, and bytes of a sample beside them."""


class Outcome(NamedTuple):
    """What a preparation came to."""

    counts: dict[Split, int]
    """Maps that are there, by split."""
    failures: list[tuple[str, str]]
    """Where a map should have come from, and why it did not."""


def prepare(
    source: Source,
    folder: Path,
    forms: Forms,
    *,
    workers: int = 1,
    resume: bool = False,
    shard_bytes: int = SHARD_BYTES,
    advance: Callable[[int, int], object] = lambda done, total: None,
) -> Outcome:
    """Write a data set's maps to a folder: levels, shards, index and manifest.

    Interrupted at any moment, and resumed, it ends with the same bytes.

    Args:
        source: The data set.
        folder: A new or empty folder, or, to resume, one that was begun.
        forms: What is written.
        workers: Processes that read and compress; 0 works in this one.
        resume: Whether to go on with what is there.
        shard_bytes: About the size of a shard.
        advance: Told how many maps are done, of how many.

    Raises:
        DataError: If two maps have one key, the folder is not free, was begun otherwise or is
            being written to by another run, or a process is killed.
        FileError: If something cannot be written.
    """
    check_keys(source.frames)
    splits = source.splitting.assign(frame.scene for frame in source.frames)
    split_of = [splits[frame.scene] for frame in source.frames]
    plan = fingerprint(source, split_of, forms)
    try:
        _check_folder(folder, resume=resume)
        folder.mkdir(parents=True, exist_ok=True)
        with closing(Journal(folder, plan, len(split_of))) as journal:
            for below, _, _ in os.walk(folder):
                remove_unfinished(Path(below))
            run = _Run(source, folder, forms, split_of, journal, workers, advance)
            run.make(shard_bytes)
            outcome = run.finish()
        if not outcome.failures:
            (folder / JOURNAL).unlink()
    except OSError as error:
        advice = "; go on with --resume" if (folder / JOURNAL).exists() else ""
        raise FileError(f"cannot write to {folder}: {error.strerror or error}{advice}") from error
    return outcome


def _check_folder(folder: Path, *, resume: bool) -> None:
    """Check that a folder is new or empty or, to resume, that a preparation began in it.

    Raises:
        DataError: If it is not.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file: give a new folder")
    begun = is_prepared(folder)
    if any(folder.iterdir()) and not (resume and begun):
        advice = "give a new folder"
        if begun:
            advice += ", or --resume to go on with what is there"
        raise DataError(f"{folder} is not empty: {advice}")


class _Run:
    """One call of `prepare`."""

    def __init__(
        self,
        source: Source,
        folder: Path,
        forms: Forms,
        split_of: Sequence[Split],
        journal: Journal,
        workers: int,
        advance: Callable[[int, int], object],
    ) -> None:
        self.source, self.folder, self.forms = source, folder, forms
        self.split_of, self.journal = split_of, journal
        self.workers, self.advance = workers, advance
        self.worker = Worker(source, folder, forms)
        self.shards: list[Shard] = []

    def make(self, shard_bytes: int) -> None:
        """Make what is not there yet."""
        if self.forms.shards:
            self.shards = shards_of(self.split_of, self._maps_per_shard(shard_bytes))
            to_make = [shard for shard in self.shards if not self._is_made(shard)]
            indices = [index for shard in to_make for index in shard.members]
        else:
            indices = [k for k in range(len(self.split_of)) if not self._is_there(k)]
        total = len(self.split_of)
        done = total - len(indices)
        self.advance(done, total)

        def counted() -> Iterator[Made]:
            jobs = (Job(k, self.source.frames[k], self.split_of[k]) for k in indices)
            made = in_order(self.worker, jobs, min(self.workers, len(indices)))
            for number, result in enumerate(made, start=done + 1):
                self.advance(number, total)
                yield result

        results = counted()
        if not self.forms.shards:
            for made in results:
                self.journal.add([made.record])
            return
        for shard in to_make:
            self._write_shard(shard, results)

    def _write_shard(self, shard: Shard, results: Iterator[Made]) -> None:
        """Write one shard of the next results."""
        records = []
        with writing_shard(self.folder / shard.name) as writer:
            for index in shard.members:
                made = next(results)
                record = made.record
                if "failed" not in record:
                    record = {**record, "shard": shard.name}
                    about = {key: value for key, value in record.items() if key != "levels"}
                    writer.add(f"{index:08d}", made.suffix, made.content, about)
                records.append(record)
            sha256 = writer.close()
        whole = sum("failed" not in record for record in records)
        size = (self.folder / shard.name).stat().st_size
        about_shard = {"name": shard.name, "maps": whole, "bytes": size, "sha256": sha256}
        self.journal.add([*records, about_shard])

    def _maps_per_shard(self, shard_bytes: int) -> int:
        """Return what was chosen when the preparation began, or choose by some of the maps."""
        if self.journal.maps_per_shard is not None:
            return self.journal.maps_per_shard
        count = len(self.split_of)
        sizes = []
        for k in sorted({k * count // _LOOKED_AT for k in range(_LOOKED_AT)}):
            try:
                found = self.source.read(self.source.frames[k])
            except DsdmsrError:
                continue
            bytes_a_pixel = 4 if found.quantum is None else 2 * _PACKED
            sizes.append(bytes_a_pixel * found.depth.values.size + _BESIDE)
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

    def _is_made(self, shard: Shard) -> bool:
        """Return whether a shard is done, and is still in the folder."""
        made = self.journal.shards.get(shard.name)
        return (
            made is not None
            and _size(self.folder / shard.name) == made["bytes"]
            and all(self._is_there(index) for index in shard.members)
        )

    def finish(self) -> Outcome:
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
        shards = [self.journal.shards[shard.name] for shard in self.shards]
        write_index(self.folder, records, shards, pyramid=self.forms.pyramid)
        write_manifest(self.folder, about, shards, records)
        return Outcome(counts, failures)


def _size(path: Path) -> int:
    """Return a file's bytes; 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
