"""Options of preparing data sets: the commands', and Python's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dsdmsr._processors import available_processors
from dsdmsr._ray import check_address, joined
from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.depth.map import Kind, Unit
from dsdmsr.errors import ConfigError, require
from dsdmsr.io import Encoding

if TYPE_CHECKING:
    from dsdmsr.data.prepare.plan import Forms
    from dsdmsr.data.prepare.run import Outcome
    from dsdmsr.data.sources.source import Source

__all__ = [
    "DTUOptions",
    "FolderOptions",
    "MiddleburyOptions",
    "NYUOptions",
    "PrepareOptions",
    "SplitOptions",
    "SyntheticOptions",
]

_WORKERS_MAX = 256


@dataclass(frozen=True, kw_only=True)
class PrepareOptions:
    """Say how any data set is prepared.

    Raises:
        ConfigError: If the number of workers is out of range.
    """

    workers: int | None = None
    """Processes that read and compress. Default: one for each core."""
    resume: bool = False
    """Continue in the folder, after an interruption or once damaged files are repaired."""

    ray: bool = False
    """Have Ray's processes work: a local one's, or those of --address. Needs the extra ray."""
    address: str | None = None
    """With --ray: HOST:PORT of a cluster to join, or auto; its machines reach source and folder by
    the same names."""

    def __post_init__(self) -> None:
        if self.address is not None and not self.ray:
            raise ConfigError("--address needs --ray: give both, or leave it out")
        if self.workers is not None and not 1 <= self.workers <= _WORKERS_MAX:
            raise ConfigError(f"workers is {self.workers}: give 1 to {_WORKERS_MAX}")

    @property
    def forms(self) -> Forms:
        """The forms that maps are written in: shards."""
        from dsdmsr.data.prepare.plan import Forms

        return Forms(pyramid=False, shards=True)

    def prepare(
        self,
        source: Source,
        folder: Path,
        progress: Callable[[int, int], object] = lambda done, total: None,
    ) -> Outcome:
        """Prepare a set so; see `dsdmsr.data.prepare.run.prepare`.

        Args:
            source: The data set, such as ``MiddleburyOptions().source(path)``.
            folder: The output folder.
            progress: Called with the maps that are done, and their total.

        Raises:
            DsdmsrError: If nothing can be done as asked.
        """
        from dsdmsr.data.prepare.run import prepare

        workers = available_processors() if self.workers is None else self.workers
        with ExitStack() as stack:
            if self.ray:
                require("ray", "--ray")
                check_address(self.address)
                found = stack.enter_context(joined(self.address, self.workers))
                workers = self.workers or found
            return prepare(
                source,
                folder,
                self.forms,
                workers=workers,
                resume=self.resume,
                on_ray=self.ray,
                advance=progress,
            )


@dataclass(frozen=True, kw_only=True)
class SplitOptions(PrepareOptions):
    """Say how a data set is prepared that has no split of its own."""

    split: Literal["random", "train", "valid", "test"] = "random"
    """The split that all scenes go to; random: 80 % of the scenes train, 10 % valid, 10 % test."""
    seed: int = 0
    """Seed of the random split."""

    @property
    def splitting(self) -> Splitting:
        """The split in the form that sources take."""
        return Splitting(rest=None if self.split == "random" else self.split, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class DTUOptions(PrepareOptions):
    """Say how DTU is prepared."""

    pyramid: bool = False
    """Write the centre of each map, 1024×1280, and its levels down to 64×80 as 16-bit PNG files,
    50 per millimetre, 0 = no depth."""
    shards: bool = False
    """Write whole maps as webdataset tar files of about 256 MB. Default, unless a pyramid is asked
    for."""

    @property
    def forms(self) -> Forms:
        """The forms that maps are written in."""
        from dsdmsr.data.prepare.plan import Forms

        return Forms(pyramid=self.pyramid, shards=self.shards or not self.pyramid)

    def source(self, path: Path) -> Source:
        """Return the data set; see `dsdmsr.data.sources.dtu.dtu`."""
        from dsdmsr.data.sources.dtu import dtu

        return dtu(path)


@dataclass(frozen=True, kw_only=True)
class MiddleburyOptions(SplitOptions):
    """Say how Middlebury's sets are prepared."""

    as_depth: bool = False
    """Convert disparity to depth in metres, by the calib.txt beside each map."""

    def source(self, path: Path) -> Source:
        """Return the data set; see `dsdmsr.data.sources.middlebury.middlebury`."""
        from dsdmsr.data.sources.middlebury import middlebury

        return middlebury(path, self.splitting, as_depth=self.as_depth)


@dataclass(frozen=True, kw_only=True)
class NYUOptions(SplitOptions):
    """Say how NYU Depth v2 is prepared."""

    raw: bool = False
    """Take the sensor's maps, with their holes, instead of the in-painted ones."""

    def source(self, path: Path) -> Source:
        """Return the data set; see `dsdmsr.data.sources.nyu.nyu`."""
        from dsdmsr.data.sources.nyu import nyu

        return nyu(path, self.splitting, raw=self.raw)


@dataclass(frozen=True, kw_only=True)
class FolderOptions(SplitOptions):
    """Say how a folder of depth files is prepared.

    Raises:
        ConfigError: If an encoding is given twice, or a number is out of range.
    """

    encoding: str | None = None
    """What the numbers mean, as for upscale."""
    units_per_value: float | None = None
    """Instead of an encoding: what 1 in the files is, in metres or in --unit. Default: 1."""
    invalid: Literal["none", "0", "65535"] | None = None
    """Instead of an encoding: the number that means "no depth here". Default: 0."""
    kind: Kind | None = None
    """Instead of an encoding: what the values are. Default: depth."""
    unit: Unit | None = None
    """Instead of an encoding: their unit. Default: m if --units-per-value is given for depth, else
    unknown."""
    scene: Literal["folder", "file"] | None = None
    """What shows one scene, and so goes to one split: each folder, or each file. Default: each
    folder, or each file if there is only one folder."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoding is not None and self._describes_encoding:
            raise ConfigError(
                "--encoding and --units-per-value, --invalid, --kind or --unit are given: give one "
                "or the others"
            )
        if self.units_per_value is not None and not 1e-30 < self.units_per_value < 1e30:
            raise ConfigError(
                f"units-per-value is {self.units_per_value:g}: give a positive number"
            )

    @property
    def _describes_encoding(self) -> bool:
        parts = (self.units_per_value, self.invalid, self.kind, self.unit)
        return any(part is not None for part in parts)

    def source(self, path: Path) -> Source:
        """Return the data set; see `dsdmsr.data.sources.folder.folder_of_files`."""
        from dsdmsr.data.sources.folder import folder_of_files

        encoding = self._own_encoding() if self._describes_encoding else self.encoding
        scene_is_file = None if self.scene is None else self.scene == "file"
        return folder_of_files(path, encoding, self.splitting, scene_is_file=scene_is_file)

    def _own_encoding(self) -> Encoding:
        """Return the encoding that the options describe."""
        kind, unit = self.kind or "depth", self.unit
        if unit is None and kind == "depth" and self.units_per_value is not None:
            unit = "m"
        return Encoding(
            meaning="as given",
            per_unit=1 / (self.units_per_value or 1),
            kind=kind,
            unit=unit,
            invalid=float("nan") if self.invalid == "none" else float(self.invalid or 0),
        )


@dataclass(frozen=True, kw_only=True)
class SyntheticOptions(PrepareOptions):
    """Say which scenes are rendered."""

    count: int
    """Number of scenes."""
    height: int = 480
    """Height of each map in pixels."""
    width: int = 640
    """Width of each map in pixels."""
    seed: int = 0
    """Number of the series of scenes."""

    def source(self) -> Source:
        """Return the data set; see `dsdmsr.data.sources.rendered.synthetic`."""
        from dsdmsr.data.sources.rendered import synthetic

        return synthetic(self.count, (self.height, self.width), self.seed)
