"""NYU Depth v2: the labelled set's MAT file, or folders of 16-bit PNG files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.sources.folder import ReadFiles, folder_of_files
from dsdmsr.data.sources.source import Frame, ReadMap, Source
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DataError, FileError, needing
from dsdmsr.io.checks import single_line

__all__ = ["nyu"]

_LABELLED = "nyu_depth_v2_labeled.mat"
_PART = re.compile(r"(?<=\d)[a-z]$")
"""Long recordings of one room were cut: basement_0001a, basement_0001b."""


@lru_cache(maxsize=1)
def _open(path: Path) -> Any:
    """Return the MAT file, kept open, since a process reads many of its maps."""
    import h5py

    return h5py.File(path, "r")


@dataclass(frozen=True)
class _ReadLabelled:
    path: Path
    name: str

    def __call__(self, frame: Frame) -> ReadMap:
        number = int(frame.origin.rpartition("#")[2])
        try:
            metres = np.asarray(_open(self.path)[self.name][number]).T
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            raise FileError(f"{frame.origin} cannot be read: {single_line(error)}") from error
        return ReadMap(DepthMap(metres, metres > 0, unit="m"), None)


def nyu(source: Path, splitting: Splitting, *, raw: bool = False) -> Source:
    """Find NYU Depth v2.

    Args:
        source: ``nyu_depth_v2_labeled.mat`` or a folder that holds it; or a folder of PNG files in
            millimetres, 0 = no depth, and of files of metres, one folder a scene.
        splitting: How rooms are split.
        raw: Whether to take the MAT file's ``rawDepths``, which have holes, instead of
            ``depths``, which are in-painted.

    Raises:
        DataError: If there is neither, or the MAT file is not the labelled set.
        DependencyError: If h5py is not installed.
    """
    mats = [source] if source.is_file() else sorted(source.glob("[!.]*.mat"))
    mats.sort(key=lambda path: path.name != _LABELLED)
    if not mats:
        read = ReadFiles(source, "metres", ((".png", "mm"),))
        files = folder_of_files(source, "metres", splitting)
        frames = [frame._replace(scene=_PART.sub("", frame.scene)) for frame in files.frames]
        return Source(name="nyu", frames=frames, read=read, splitting=splitting)
    with needing(f"reading {mats[0]}"):
        import h5py  # noqa: F401
    path, name = mats[0], "rawDepths" if raw else "depths"
    try:
        frames = _labelled(path, name)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged, or not NYU's labelled set: {single_line(error)}"
        ) from error
    return Source(
        name="nyu",
        frames=frames,
        read=_ReadLabelled(path, name),
        splitting=splitting,
        settings=name,
    )


def _labelled(path: Path, name: str) -> list[Frame]:
    import h5py

    with h5py.File(path, "r") as file:
        count = len(file[name])
        references = np.asarray(file["scenes"]).reshape(-1)
        scenes = ["".join(map(chr, np.asarray(file[r]).reshape(-1))) for r in references]
    if len(scenes) != count:
        raise ValueError(f"{count} maps, but {len(scenes)} scenes")
    return [
        Frame(f"{scene}/{number + 1:04d}", _PART.sub("", scene), f"{path.name}#{number}")
        for number, scene in enumerate(scenes)
    ]
