"""The maps that predictions are compared with: a protocol's, or the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import DataError, FileError
from dsdmsr.evaluation.protocols import LEVELS, MapSet, Protocol, Scene
from dsdmsr.io import read_depth
from dsdmsr.io.arrays import read_npz
from dsdmsr.io.png import read_png

__all__ = ["OWN", "Truth", "TruthFile", "own_truths", "protocol_truths"]

OWN = "own"
"""Name of the set of the user's own maps."""
_UNITS = {"m": "m", "px": "px", "level": LEVELS, None: "the file's unit"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """Hold a map at full size."""

    values: NDArray[np.float64]
    """The map, H×W."""
    known: NDArray[np.bool_]
    """Which of its pixels may be used, H×W."""
    counted: NDArray[np.bool_]
    """Which of them count, H×W."""
    unit: str
    """Unit of the values."""


@dataclass(frozen=True, kw_only=True)
class TruthFile:
    """Name a map that is read when its turn comes."""

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

    def read(self) -> Truth:
        """Read the map.

        Raises:
            DataError: If it is missing, damaged, or has no valid pixel.
        """
        try:
            return self._read_own() if self.maps is None else self._read_protocols(self.maps)
        except FileError as error:
            raise DataError(f"a map cannot be used: {error}") from error

    def _read_own(self) -> Truth:
        depth = read_depth(self.path, self.encoding)
        if not depth.valid.any():
            raise DataError(f"{self.path} has no valid pixel: leave it out")
        return Truth(
            values=depth.values.astype(np.float64),
            known=depth.valid.copy(),  # torch wants arrays that can be written to
            counted=depth.valid.copy(),
            unit=_UNITS[depth.unit],
        )

    def _read_protocols(self, maps: MapSet) -> Truth:
        read = read_png if maps.suffix == ".png" else read_npz
        values = read(self.path).astype(np.float64) * maps.per_unit
        part = self.part or Scene(name=self.scene)
        if part.size is not None:
            values = values[: part.size[0], : part.size[1]]
        counted = np.ones(values.shape, bool) if part.above is None else values > part.above
        if maps.border:
            inner = np.zeros_like(counted)
            inner[maps.border : -maps.border, maps.border : -maps.border] = True
            counted &= inner
        return Truth(
            values=values, known=np.ones(values.shape, bool), counted=counted, unit=maps.unit
        )


def protocol_truths(protocol: Protocol, data: Path) -> list[TruthFile]:
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
                TruthFile(set=maps.name, scene=scene.name, path=path, maps=maps, part=scene)
            )
    return files


def own_truths(paths: Sequence[Path], encoding: str | None = None) -> list[TruthFile]:
    """Return the user's own depth files as a set.

    Files of one name in several folders are told apart by their paths.
    """
    names = [path.stem for path in paths]
    return [
        TruthFile(
            set=OWN,
            scene=path.stem if names.count(path.stem) == 1 else str(path),
            path=path,
            encoding=encoding,
        )
        for path in paths
    ]
