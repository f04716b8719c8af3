"""A data set as it is on the disk: its frames, how one is read, and how they are split."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dsdmsr.data.prepared.splits import Split, Splitting
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DataError

__all__ = ["ReadMap", "Frame", "Source", "check_source", "walk"]


class ReadMap(NamedTuple):
    """A map as it was read."""

    depth: DepthMap
    """The map."""
    quantum: float | None
    """The step in which it is stored, in its unit: that of the whole numbers in its file, or one
    that is fine enough; None keeps floats."""


class Frame(NamedTuple):
    """A map of a data set."""

    key: str
    """Its name, unlike any other's in the set; also the path of its files in a pyramid."""
    scene: str
    """What it shows; all maps of a scene go to one split."""
    origin: str
    """Where it comes from, relative to the data set's folder."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A data set that can be prepared."""

    name: str
    """What the set is called."""
    frames: Sequence[Frame]
    """Its maps, in the order of the index."""
    read: Callable[[Frame], ReadMap]
    """Reads a map; runs in other processes, so it can be pickled."""
    splitting: Splitting
    """Which scene goes where."""
    settings: str = ""
    """What else decides the outcome, to tell whether a run that goes on is the same."""

    @property
    def split_of(self) -> list[Split]:
        """The split of each frame."""
        splits = self.splitting.assign(frame.scene for frame in self.frames)
        return [splits[frame.scene] for frame in self.frames]


def check_source(folder: Path) -> None:
    """Check that a data set's folder is there.

    Raises:
        DataError: If it is not.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {what}: give the data set's folder")


def walk(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return the files below a folder with these suffixes, sorted; hidden ones are left out.

    Links are followed, each folder once; those that lead nowhere count as files.

    Raises:
        DataError: If a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise DataError(f"{error.filename} cannot be read: {error.strerror}") from error

    files, seen = [], set()
    for where, folders, names in os.walk(folder, followlinks=True, onerror=fail):
        seen.add(os.path.realpath(where))
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(Path(where, name)) not in seen
        ]
        files += [
            Path(where, name)
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes
        ]
    return sorted(files)
