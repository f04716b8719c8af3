"""Folders that grow: the depth files that a sensor or another program puts there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NamedTuple

from dsdmsr.errors import FileError
from dsdmsr.io.formats import FORMATS
from dsdmsr.io.patterns import frame_order

__all__ = ["new_files"]

_LOOK = 0.05
"""Seconds between two looks at the folder, at least; a look takes a tenth of them at most."""
_SETTLED = 0.2
"""Seconds for which a file that is whole hasn't changed."""
_PATIENCE = 5.0
"""Seconds that a file which isn't whole holds up those after it."""
_SUFFIXES = tuple(suffix for suffix, format_ in FORMATS.items() if format_.members is None)


class _Seen(NamedTuple):
    """What was seen of a file that was not whole yet."""

    state: tuple[int, int]
    """Its size, and when it was changed."""
    since: float
    """Since when it is like that."""
    first: float
    """When it was first there."""

    def is_whole(self, now: float) -> bool:
        return self.state[0] > 0 and now - self.since >= _SETTLED


def new_files(
    folder: str | os.PathLike[str], *, idle: float | None = None, ended: Event | None = None
) -> Iterator[Path]:
    """Yield the depth files of a folder, those that are there and those that come, each once.

    Files that are there at the same time come in the order of the numbers in their names. Each is
    yielded once it is whole: not empty, and unchanged for a fifth of a second. Until then, those
    after it wait, but no longer than 5 seconds. Hidden files, folders and recordings are left out.

    Args:
        folder: The folder.
        idle: Seconds after which nothing more is expected if nothing has come or changed. Default:
            go on for ever.
        ended: Is set by another thread to say that no more files are wanted.

    Raises:
        FileError: If there is no such folder, or it can't be read any more.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from dsdmsr.io.growing import new_files
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for k in (10, 9):
        ...         np.save(f"{folder}/frame{k}.npy", np.ones((3, 4)))
        ...     print([path.name for path in new_files(folder, idle=0.3)])
        ['frame9.npy', 'frame10.npy']
    """
    given: set[str] = set()
    seen: dict[str, _Seen] = {}
    ended = ended or Event()
    active = time.monotonic()
    while not ended.is_set():
        now = time.monotonic()
        changed = _look(Path(folder), given, seen, now)
        took = time.monotonic() - now
        for name in _whole(seen, now):
            del seen[name]
            given.add(name)
            yield Path(folder, name)
            changed = True
            if ended.is_set():
                return
        if changed:
            active = time.monotonic()
        elif idle is not None and time.monotonic() - active >= idle:
            return
        ended.wait(max(_LOOK, 9 * took))


def _look(folder: Path, given: set[str], seen: dict[str, _Seen], now: float) -> bool:
    """Look at the files that weren't given yet; return whether one has come or changed."""
    changed, there = False, set()
    try:
        for entry in os.scandir(folder):
            name = entry.name
            is_depth = name.lower().endswith(_SUFFIXES) and not name.startswith(".")
            if name in given or not is_depth or not entry.is_file():
                continue
            try:
                about = entry.stat()
            except FileNotFoundError:
                continue
            there.add(name)
            before, state = seen.get(name), (about.st_size, about.st_mtime_ns)
            if before is None or before.state != state:
                seen[name] = _Seen(state, now, now if before is None else before.first)
                changed = True
    except OSError as error:
        raise FileError(f"{folder} cannot be read: {error.strerror or error}") from error
    for name in seen.keys() - there:
        del seen[name]
    return changed


def _whole(seen: dict[str, _Seen], now: float) -> list[str]:
    """Return the files that are whole, in their order, up to the first that may still be."""
    names = []
    for name in sorted(seen, key=lambda name: frame_order(Path(name))):
        if seen[name].is_whole(now):
            names.append(name)
        elif now - seen[name].first < _PATIENCE:
            break
    return names
