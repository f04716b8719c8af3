"""The commands ``dsdmsr prepare …``. Heavy libraries are loaded by the commands that need them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from cyclopts import App, Parameter

from dsdmsr.app.console import err, out
from dsdmsr.errors import ConfigError

if TYPE_CHECKING:
    from dsdmsr.data.prepared.splits import Splitting
    from dsdmsr.data.sources.source import Source
    from dsdmsr.io import Encoding

__all__ = ["prepare"]

prepare = App(
    name="prepare",
    help="Turn data sets as they are downloaded into shards, or pyramids of PNG files, with an "
    "index, a split by scene and a manifest.",
)

_MOST_WORKERS = 256
Flag: TypeAlias = Annotated[bool, Parameter(negative=())]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Running:
    """Options of all sets."""

    workers: int | None = None
    """Processes that read and compress. Default: one for each core."""
    resume: Flag = False
    """Go on with what is in the folder, after an interruption or when damaged files are mended."""

    def run(
        self, source: Source, folder: Path, *, pyramid: bool = False, shards: bool = True
    ) -> int:
        """Prepare a set; return the exit code."""
        from dsdmsr.app.prepare import prepare_set

        workers = len(os.sched_getaffinity(0)) if self.workers is None else self.workers
        if not 1 <= workers <= _MOST_WORKERS:
            raise ConfigError(f"workers is {workers}: give 1 to {_MOST_WORKERS}")
        return prepare_set(
            source,
            folder,
            pyramid=pyramid,
            shards=shards,
            workers=workers,
            resume=self.resume,
            out=out,
            err=err,
        )


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Split:
    """How scenes are split."""

    split: Literal["drawn", "train", "valid", "test"] = "drawn"
    """The split that all scenes go to; drawn: for each scene 80 % train, 10 % valid, 10 % test."""
    seed: int = 0
    """Of the drawing."""

    def splitting(self) -> Splitting:
        """Return it in the form that sources take."""
        from dsdmsr.data.prepared.splits import Splitting

        return Splitting(rest=None if self.split == "drawn" else self.split, seed=self.seed)


_RUNNING, _SPLIT = Running(), Split()


@prepare.command
def dtu(
    source: Path,
    folder: Path,
    /,
    *,
    pyramid: Flag = False,
    shards: Flag = False,
    running: Running = _RUNNING,
) -> int:
    """Prepare DTU's depth maps, split by scan as MVSNet does.

    Parameters
    ----------
    source
        The folder with scanN/depth_map_*.pfm, or with Depths_raw or Depths.
    folder
        Where to; new or empty.
    pyramid
        Write the middle of each map, 1024×1280, and its levels down to 64×80 as 16-bit PNG files,
        50 per millimetre, 0 = no depth.
    shards
        Write whole maps as webdataset tar files of about 256 MB. Default, unless a pyramid is asked
        for.
    """
    from dsdmsr.data.sources.dtu import dtu as find

    return running.run(find(source), folder, pyramid=pyramid, shards=shards or not pyramid)


@prepare.command
def middlebury(
    source: Path,
    folder: Path,
    /,
    *,
    as_depth: Flag = False,
    split: Split = _SPLIT,
    running: Running = _RUNNING,
) -> int:
    """Prepare Middlebury's disparity maps of 2001 to 2021 as shards.

    All views and sizes of a scene are in one split. The scenes that super-resolution is measured on
    are for testing: art, books, cones, dolls, laundry, moebius, reindeer, teddy, tsukuba, venus.

    Parameters
    ----------
    source
        A folder with the sets in it, in any depth.
    folder
        Where to; new or empty.
    as_depth
        Turn disparity into depth in metres, by the calib.txt beside each map.
    """
    from dsdmsr.data.sources.middlebury import middlebury as find

    found = find(source, split.splitting(), as_depth=as_depth)
    return running.run(found, folder)


@prepare.command
def nyu(
    source: Path,
    folder: Path,
    /,
    *,
    raw: Flag = False,
    split: Split = _SPLIT,
    running: Running = _RUNNING,
) -> int:
    """Prepare NYU Depth v2 as shards, split by room.

    Parameters
    ----------
    source
        nyu_depth_v2_labeled.mat, or a folder of PNG files in millimetres, one folder a room.
    folder
        Where to; new or empty.
    raw
        Take the sensor's maps, with their holes, instead of the in-painted ones.
    """
    from dsdmsr.data.sources.nyu import nyu as find

    return running.run(find(source, split.splitting(), raw=raw), folder)


@prepare.command
def folder(
    source: Path,
    folder: Path,
    /,
    *,
    encoding: str | None = None,
    units_per_value: float | None = None,
    invalid: Literal["none", "0", "65535"] | None = None,
    kind: Literal["depth", "disparity", "inverse_depth"] | None = None,
    unit: Literal["m", "px", "level"] | None = None,
    scene: Literal["folder", "file"] | None = None,
    split: Split = _SPLIT,
    running: Running = _RUNNING,
) -> int:
    """Prepare any depth files as shards: those in a folder and in the folders in it.

    Parameters
    ----------
    source
        The folder.
    folder
        Where to; new or empty.
    encoding
        What the numbers mean, as for upscale.
    units_per_value
        Instead of an encoding: what 1 in the files is, in metres or in --unit. Default: 1.
    invalid
        Instead of an encoding: the number that means "nothing here". Default: 0.
    kind
        Instead of an encoding: what the values are. Default: depth.
    unit
        Instead of an encoding: their unit. Default: m if --units-per-value is given for depth, else
        not known.
    scene
        What shows one scene, and so goes to one split: each folder, or each file. Default: each
        folder, or each file if there is one folder only.
    """
    from dsdmsr.data.sources.folder import folder_of_files

    own = _own_encoding(units_per_value, invalid, kind, unit)
    if encoding is not None and own is not None:
        raise ConfigError(
            "--encoding and --units-per-value, --invalid, --kind or --unit are given: give one "
            "or the others"
        )
    found = folder_of_files(
        source,
        encoding or own,
        split.splitting(),
        scene_is_file=None if scene is None else scene == "file",
    )
    return running.run(found, folder)


def _own_encoding(
    units_per_value: float | None,
    invalid: Literal["none", "0", "65535"] | None,
    kind: Literal["depth", "disparity", "inverse_depth"] | None,
    unit: Literal["m", "px", "level"] | None,
) -> Encoding | None:
    """Return the encoding that the options describe; None if none of them is given."""
    from dsdmsr.io import Encoding

    if all(value is None for value in (units_per_value, invalid, kind, unit)):
        return None
    if units_per_value is not None and not 1e-30 < units_per_value < 1e30:
        raise ConfigError(f"units-per-value is {units_per_value:g}: give a positive number")
    kind = kind or "depth"
    if unit is None and kind == "depth" and units_per_value is not None:
        unit = "m"
    return Encoding(
        meaning="as told",
        per_unit=1 / (units_per_value or 1),
        kind=kind,
        unit=unit,
        invalid=float("nan") if invalid == "none" else float(invalid or 0),
    )


@prepare.command
def synthetic(
    folder: Path,
    /,
    *,
    count: int,
    height: int = 480,
    width: int = 640,
    seed: int = 0,
    running: Running = _RUNNING,
) -> int:
    """Render scenes as depth maps in metres, to share or to train from, as shards.

    Parameters
    ----------
    folder
        Where to; new or empty.
    count
        How many scenes.
    height
        Of each map, in pixels.
    width
        Of each map, in pixels.
    seed
        Which series of scenes.
    """
    from dsdmsr.data.sources.rendered import synthetic as scenes

    return running.run(scenes(count, (height, width), seed), folder)
