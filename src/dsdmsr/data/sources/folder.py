"""Folders of depth files of any kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.sources.source import Frame, ReadMap, Source, check_source, walk
from dsdmsr.errors import DataError
from dsdmsr.io import SUFFIXES, Encoding, interpret, read_stored
from dsdmsr.io.encodings import find_encoding

__all__ = ["ReadFiles", "folder_of_files", "frames_of"]

_EXACT = 2**24


@dataclass(frozen=True)
class ReadFiles:
    """Read files of a folder; whole numbers are kept as they are."""

    folder: Path
    """The folder that frames are relative to."""
    encoding: str | Encoding | None = None
    """What the numbers mean, see `dsdmsr.io.read_depth`."""
    of_suffix: tuple[tuple[str, str], ...] = ()
    """Suffix → what they mean in these files instead."""

    def __call__(self, frame: Frame) -> ReadMap:
        """Return the map, and the step of the whole numbers that it came as."""
        path = self.folder / frame.origin
        stored = read_stored(path)
        numbers = stored.numbers
        if numbers.dtype.kind in "iu" and numbers.size and np.abs(numbers).max() > _EXACT:
            raise DataError(
                f"{path} holds whole numbers beyond 2^24, which float32 cannot tell apart"
            )
        encoding = dict(self.of_suffix).get(path.suffix.lower(), self.encoding)
        depth = interpret(stored, path, encoding)
        if depth.encoding is not None and numbers.dtype.kind in "ui":
            return ReadMap(depth, 1 / find_encoding(depth.encoding).per_unit)
        return ReadMap(depth, None)


def frames_of(folder: Path, paths: Sequence[Path], scenes: Sequence[str]) -> list[Frame]:
    """Return frames called as their files are; those that differ by their ending alone, with it."""
    relative = [path.relative_to(folder) for path in paths]
    stems = [path.with_suffix("").as_posix() for path in relative]
    times = Counter(stems)
    return [
        Frame(stem if times[stem] == 1 else f"{stem}_{path.suffix[1:]}", scene, path.as_posix())
        for path, stem, scene in zip(relative, stems, scenes, strict=True)
    ]


def folder_of_files(
    folder: Path,
    encoding: str | Encoding | None,
    splitting: Splitting,
    *,
    scene_is_file: bool | None = None,
) -> Source:
    """Find the depth files in a folder and the folders in it.

    Args:
        folder: The folder.
        encoding: What the numbers mean, see `dsdmsr.io.read_depth`.
        splitting: How scenes are split.
        scene_is_file: Whether each file is a scene of its own; otherwise each folder is one.
            Default: only if all files lie in one folder.

    Raises:
        DataError: If there is none.
    """
    check_source(folder)
    if isinstance(encoding, str):
        find_encoding(encoding)
    paths = walk(folder, SUFFIXES)
    if not paths:
        raise DataError(f"{folder} holds no depth file ({', '.join(SUFFIXES)}), nor do its folders")
    if scene_is_file is None:
        scene_is_file = len({path.parent for path in paths}) == 1
    named = Path(folder.resolve().name)
    scenes = [
        (named / (path if scene_is_file else path.parent).relative_to(folder)).as_posix()
        for path in paths
    ]
    return Source(
        name="folder",
        frames=frames_of(folder, paths, scenes),
        read=ReadFiles(folder, encoding),
        splitting=splitting,
        settings=repr(encoding),
    )
