"""The run: Ray Data gives the maps to a pool of processes, and the ledger says what is done."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any, NamedTuple

from dsdmsr._plain import to_plain
from dsdmsr._ray import check_address, joined
from dsdmsr.errors import ConfigError, FileError, require
from dsdmsr.upscaling.many.cluster import Cluster
from dsdmsr.upscaling.many.ledger import Ledger
from dsdmsr.upscaling.many.options import ManyOptions, check_options
from dsdmsr.upscaling.many.sources import Source, find_sources
from dsdmsr.upscaling.many.storage import Place, StorageError, place_of
from dsdmsr.upscaling.many.worker import Worker
from dsdmsr.upscaling.options import UpscaleOptions

__all__ = ["Outcome", "Watcher", "upscale_many"]

_AT_ONCE = 8192
"""Maps in a block of the listing, which Ray keeps."""
_BLOCK_MAX = 16
"""Maps that a process is given at a time."""
_PASSES = 3
"""How often maps are given out that come back with nobody: Ray Data drops a block after an error of
its own, such as a node that is lost at a bad moment."""
_PER_WORKER = 16
"""Blocks for each process, at least, where there are few maps."""


class Outcome(NamedTuple):
    """The outcome of a run."""

    written: int
    """Maps that were written."""
    kept: int
    """Maps that were done before."""
    failures: list[tuple[str, str]]
    """Source and reason of each map that failed."""
    lost: list[str]
    """Maps that no process finished, since each that tried was killed."""


class Watcher(NamedTuple):
    """What is called while a run goes on."""

    listed: Callable[[int], object] = lambda count: None
    """Takes the number of maps that are found so far."""
    starting: Callable[[], object] = lambda: None
    """Called before Ray starts or is joined, which takes seconds."""
    done: Callable[[int, int], object] = lambda count, total: None
    """Takes the number of maps that are done, and of all."""
    remark: Callable[[str, str], object] = lambda source, line: None
    """Takes a map's name and what was assumed for it."""


def upscale_many(
    source: str,
    target: str,
    options: UpscaleOptions,
    many: ManyOptions | None = None,
    *,
    watcher: Watcher | None = None,
) -> Outcome:
    """Upscale all maps of a source, wherever it is, on one machine or a cluster.

    Each map becomes the bytes that `dsdmsr.upscaling.files.upscale_file` writes. Interrupted at any
    moment, and resumed, the run ends with each map written and in the ledger once; what was being
    worked on is done again.

    Args:
        source: See `dsdmsr.upscaling.many.sources.find_sources`.
        target: A folder or a URL, new or empty; or, to resume, one that was begun.
        options: As for `dsdmsr upscale`; `filled` and `confidence` are folders or URLs.
        many: Where the work is done. Default: on this machine.
        watcher: What is called meanwhile.

    Raises:
        ConfigError: If options contradict each other, or those that a ledger was begun with.
        DependencyError: If Ray is not installed.
        FileError: If the source names no map, or storage or the cluster cannot be used.
    """
    many, watcher = many or ManyOptions(), watcher or Watcher()
    check_options(options)
    for module in ("ray", "pyarrow", "fsspec"):
        require(module, "dsdmsr upscale-many", "ray")
    place = place_of(target)
    run = _Run(source, place, options, many, watcher)
    check_address(many.address)
    done = run.begin()
    watcher.starting()
    with ExitStack() as stack:
        try:
            processes = stack.enter_context(joined(many.address, many.workers))
        except ConfigError:
            run.undo()
            raise
        return run.go(Cluster(many, processes), done)


class _Run:
    """One call of `upscale_many`."""

    def __init__(
        self,
        source: str,
        target: Place,
        options: UpscaleOptions,
        many: ManyOptions,
        watcher: Watcher,
    ) -> None:
        self._source, self._target, self._options = source, target, options
        self._suffix, self._watcher = many.suffix, watcher
        folder = target / "_ledger" if many.ledger is None else place_of(many.ledger)
        plain = {**to_plain(options), "resume": None, "overwrite": None, "suffix": many.suffix}
        self._ledger = Ledger(folder, plain)
        self._total = self._kept = self._written = 0
        self._failures: list[tuple[str, str]] = []
        self._seen = bytearray()

    def begin(self) -> set[str]:
        """Check that all can be read and written; return the sources that are done."""
        next(find_sources(self._source, self._suffix, self._target))
        if self._options.resume:
            done = self._ledger.resume()
        else:
            done = set()
            if self._options.overwrite:
                self._ledger.remove()
            elif self._ledger.parts() or not self._target.is_empty():
                raise FileError(
                    f"{self._target.name} is not empty: --resume goes on with its ledger, "
                    "--overwrite begins anew"
                )
        self._ledger.write()
        return done

    def undo(self) -> None:
        """Remove a ledger that was begun for nothing."""
        if not self._options.resume:
            self._ledger.remove()

    def go(self, cluster: Cluster, done: set[str]) -> Outcome:
        """Upscale what is not done."""
        import pyarrow

        blocks = [cluster.put(pyarrow.Table.from_pylist(rows)) for rows in self._listing(done)]
        self._kept, self._seen = len(done), bytearray(self._total)
        try:
            for _ in range(_PASSES):
                if not blocks:
                    break
                left = self._total - sum(self._seen)
                size = max(1, min(_BLOCK_MAX, left // (_PER_WORKER * cluster.processes)))
                worker = (self._target.name, self._options)
                for row in cluster.map(Worker, worker, blocks, size):
                    self._take(row)
                blocks = list(self._unseen(blocks, cluster))
        finally:
            self._ledger.write()
        lost = [
            Source(**{key: value for key, value in row.items() if key != "number"}).name
            for block in blocks
            for row in cluster.get(block).to_pylist()
        ]
        return Outcome(self._written, self._kept, self._failures, lost)

    def _take(self, row: dict[str, Any]) -> None:
        """Put a worker's row into the ledger, once.

        Raises:
            StorageError: If no map can be upscaled.
        """
        if row["stop"]:
            raise StorageError(f"{row['error']}; go on with --resume")
        if self._seen[row["number"]]:
            return
        self._seen[row["number"]] = 1
        self._ledger.add(row)
        if row["error"] is None:
            self._written += 1
        else:
            self._failures.append((row["source"], row["error"]))
        done = self._kept + self._written + len(self._failures)
        self._watcher.done(done, self._kept + self._total)
        for line in row["remarks"]:
            self._watcher.remark(row["source"], line)

    def _unseen(self, blocks: list[Any], cluster: Cluster) -> Iterator[Any]:
        """Yield blocks of the maps that have no row: of nodes that were lost, say."""
        if all(self._seen):
            return
        for block in blocks:
            table = cluster.get(block)
            left = [not self._seen[number] for number in table["number"].to_pylist()]
            if any(left):
                yield cluster.put(table.filter(left))

    def _listing(self, done: set[str]) -> Iterator[list[dict[str, Any]]]:
        """Yield the maps that are not done, numbered, many at a time.

        Raises:
            FileError: If two would have the same output.
        """
        hashes = array("q")
        left = self._left(done, hashes)
        while rows := list(islice(left, _AT_ONCE)):
            self._total += len(rows)
            self._watcher.listed(self._total)
            yield rows
        self._check_targets(hashes)

    def _left(self, done: set[str], hashes: array[int]) -> Iterator[dict[str, Any]]:
        number = 0
        for source in self._sources():
            hashes.append(hash(source.target))
            if source.name not in done:
                yield {"number": number, **source._asdict()}
                number += 1

    def _sources(self) -> Iterator[Source]:
        return find_sources(self._source, self._suffix, self._target)

    def _check_targets(self, hashes: array[int]) -> None:
        """Check that no two maps have the same output; hashes take less memory than names."""
        import numpy as np

        ordered = np.sort(np.frombuffer(hashes, np.int64))
        doubled = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
        if not doubled:
            return
        names: dict[str, str] = {}
        for source in self._sources():
            if hash(source.target) not in doubled:
                continue
            other = names.setdefault(source.target, source.name)
            if other == source.name:
                continue
            raise FileError(
                f"{other} and {source.name} would both become {source.target}: upscale them to "
                "separate folders"
            )
