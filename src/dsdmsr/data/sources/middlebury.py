"""Middlebury's stereo sets of 2001 to 2021."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.sources.folder import ReadFiles, frames_of
from dsdmsr.data.sources.source import Frame, ReadMap, Source, check_source, walk
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DataError
from dsdmsr.io.calib import read_calib

__all__ = ["TEST_SCENES", "middlebury", "scene_of"]

TEST_SCENES = (
    "art",
    "books",
    "cones",
    "dolls",
    "laundry",
    "moebius",
    "reindeer",
    "teddy",
    "tsukuba",
    "venus",
)
"""The scenes that depth super-resolution is measured on, and that are never trained on."""

_DISPARITY = re.compile(r"disp\d(?:GT)?|truedisp.*")
_NOT_DISPARITY = re.compile(r"disp\d.+|view\d.*|im\d.*|mask.*|scene\d.*")
_VIEW = re.compile(r"[_-](?:true)?disp\d?(?:GT)?$")
_EDITION = re.compile(r"-(?:im)?perfect$|(?<=^cones)[fhq]$|(?<=^teddy)[fhq]$")

_OTHER_NAMES = {
    "artl": "art",
    "australiap": "australia",
    "classroom2e": "classroom2",
    "crusadep": "crusade",
    "djembel": "djembe",
    "motorcyclee": "motorcycle",
    "pianol": "piano",
    "playtablep": "playtable",
}
"""Scenes in other light, exposure or rectification in the third evaluation's sets."""


@dataclass(frozen=True)
class _ReadMiddlebury:
    files: ReadFiles
    as_depth: bool

    def __call__(self, frame: Frame) -> ReadMap:
        read = self.files(frame)
        if not self.as_depth:
            return read
        calib = (self.files.folder / frame.origin).parent / "calib.txt"
        if not calib.is_file():
            raise DataError(f"{calib} is missing: disparity cannot be turned into depth")
        camera, stereo = read_calib(calib)
        disparity = read.depth
        shifted = disparity.values.astype(np.float64) + stereo.doffs
        usable = disparity.valid & (shifted > 0)
        metres = stereo.baseline * stereo.focal / np.where(usable, shifted, 1)
        return ReadMap(DepthMap(metres, usable, unit="m", intrinsics=camera), None)


def scene_of(path: Path) -> str:
    """Return the scene that a file shows, the same for all its views and sizes."""
    name = path.parent.name if _DISPARITY.fullmatch(path.stem) else _VIEW.sub("", path.stem)
    name = _EDITION.sub("", name.lower())
    return _OTHER_NAMES.get(name, name)


def middlebury(folder: Path, splitting: Splitting, *, as_depth: bool = False) -> Source:
    """Find Middlebury's disparity maps.

    PNG and PGM files hold grey levels, 0 = unknown; PFM files hold pixels, infinity = unknown.
    Where a folder has files called ``disp0``, ``disp1``… its other files are not looked at;
    elsewhere every PNG, PGM and PFM counts as a map.

    Args:
        folder: A folder with the sets in it, in any depth.
        splitting: How scenes are split that the field doesn't measure on; those are for testing.
        as_depth: Whether disparity becomes depth in metres, by the ``calib.txt`` beside the file.

    Raises:
        DataError: If there is none.
    """
    check_source(folder)
    of_folder: dict[Path, list[Path]] = defaultdict(list)
    for path in walk(folder, (".png", ".pgm", ".pfm")):
        of_folder[path.parent].append(path)
    paths = []
    for files in of_folder.values():
        named = [path for path in files if _DISPARITY.fullmatch(path.stem)]
        paths += named or [path for path in files if not _NOT_DISPARITY.fullmatch(path.stem)]
    if not paths:
        raise DataError(f"{folder} holds no disparity map (PNG, PGM or PFM), nor do its folders")
    known = {**splitting.known, "test": (*splitting.known.get("test", ()), *TEST_SCENES)}
    splitting = dataclasses.replace(splitting, known=known)
    read = ReadFiles(
        folder, of_suffix=((".png", "levels"), (".pgm", "levels"), (".pfm", "disparity"))
    )
    return Source(
        name="middlebury",
        frames=frames_of(folder, paths, [scene_of(path) for path in paths]),
        read=_ReadMiddlebury(read, as_depth),
        splitting=splitting,
        settings=f"as_depth={as_depth}",
    )
