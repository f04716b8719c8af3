"""Ground truth maps, of a protocol or the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.map import Kind
from dsdmsr.errors import DataError, FileError
from dsdmsr.evaluation.protocols import FigureUnit, MapSet, Protocol, Scene
from dsdmsr.io import read_depth
from dsdmsr.io.arrays import read_npz
from dsdmsr.io.png import read_png

__all__ = [
    "OWN",
    "GroundTruth",
    "GroundTruthFile",
    "own_ground_truth",
    "protocol_ground_truth",
]

OWN = "own"
"""Name of the set of the user's own maps."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GroundTruth:
    """Hold a map at full resolution."""

    values: NDArray[np.float64]
    """The map, H×W."""
    valid: NDArray[np.bool_]
    """Which pixels are valid, H×W: what low-resolution maps are computed from."""
    counted: NDArray[np.bool_]
    """Which of them count in figures, H×W."""
    kind: Kind
    """What the values are."""
    unit: FigureUnit | None
    """Unit of the values."""
    camera: Intrinsics | None = None
    """The camera, if it is known."""


@dataclass(frozen=True, kw_only=True)
class GroundTruthFile:
    """Name a map that is read only when it is measured."""

    set: str
    """Name of its set."""
    scene: str
    """Its name in tables."""
    path: Path
    """The file."""
    maps: MapSet | None = None
    """What the protocol says about its set; None for the user's own."""
    part: Scene | None = None
    """What the protocol says about the map."""
    encoding: str | None = None
    """What the numbers of the user's own file mean; see `read_depth`."""
    camera: Intrinsics | None = None
    """The camera of the user's own file. Default: the one that it names itself."""

    def read(self) -> GroundTruth:
        """Read the map.

        Raises:
            DataError: If it is missing, damaged, or has no valid pixel.
        """
        try:
            return self._read_own() if self.maps is None else self._read_of_protocol(self.maps)
        except FileError as error:
            raise DataError(f"a map cannot be used: {error}") from error

    def _read_own(self) -> GroundTruth:
        depth = read_depth(self.path, self.encoding)
        if not depth.valid.any():
            raise DataError(f"{self.path} has no valid pixel: leave it out")
        return GroundTruth(
            values=depth.values.astype(np.float64),
            valid=depth.valid.copy(),  # torch wants arrays that can be written to
            counted=depth.valid.copy(),
            kind=depth.kind,
            unit=depth.unit,
            camera=self.camera or depth.intrinsics,
        )

    def _read_of_protocol(self, maps: MapSet) -> GroundTruth:
        read = read_png if maps.suffix == ".png" else read_npz
        values = read(self.path).numbers.astype(np.float64) * maps.per_unit
        part = self.part or Scene(name=self.scene)
        if part.size is not None:
            values = values[: part.size[0], : part.size[1]]
        counted = np.ones(values.shape, bool) if part.above is None else values > part.above
        if maps.border:
            inner = np.zeros_like(counted)
            inner[maps.border : -maps.border, maps.border : -maps.border] = True
            counted &= inner
        return GroundTruth(
            values=values,
            valid=np.ones(values.shape, bool),
            counted=counted,
            kind=maps.kind,
            unit=maps.unit,
        )


def protocol_ground_truth(protocol: Protocol, data: Path) -> list[GroundTruthFile]:
    """Return a protocol's maps.

    Args:
        protocol: The protocol.
        data: The folder that holds its sets' folders.

    Raises:
        DataError: If a map is missing.
    """
    files = []
    for maps in protocol.sets:
        for scene in maps.scenes:
            path = data / maps.folder / f"{scene.name}{maps.suffix}"
            if not path.is_file():
                raise DataError(f"{path} is missing: give the folder that holds {maps.folder}")
            files.append(
                GroundTruthFile(set=maps.name, scene=scene.name, path=path, maps=maps, part=scene)
            )
    return files


def own_ground_truth(
    paths: Sequence[Path], encoding: str | None = None, camera: Intrinsics | None = None
) -> list[GroundTruthFile]:
    """Return the user's own depth files as a set.

    Files of one name in several folders are distinguished by their paths.

    Args:
        paths: The files.
        encoding: What their numbers mean; see `read_depth`.
        camera: The camera of all of them. Default: the one that each names itself.
    """
    names = [path.stem for path in paths]
    return [
        GroundTruthFile(
            set=OWN,
            scene=path.stem if names.count(path.stem) == 1 else str(path),
            path=path,
            encoding=encoding,
            camera=camera,
        )
        for path in paths
    ]
