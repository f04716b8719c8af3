"""Low-resolution maps of protocols as files, for methods that run elsewhere."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from dsdmsr._atomic import writing
from dsdmsr.errors import FileError
from dsdmsr.evaluation.cases import Case
from dsdmsr.evaluation.folders import new_folder
from dsdmsr.evaluation.protocols import UNIT_NAMES, Protocol

__all__ = ["INDEX", "LowResFiles"]

INDEX = "index.csv"
"""The file that lists the maps."""
_COLUMNS = (
    *("file", "protocol", "set", "scene", "scale", "seed", "degradation", "unit", "invalid"),
    *("height", "width", "prediction_height", "prediction_width"),
)


class LowResFiles:
    """A folder of low-resolution maps: NumPy files in single precision, NaN where invalid.

    Each has the name that `dsdmsr.evaluation.predictions` expects of its prediction.

    Args:
        folder: Where; created if missing.
        overwrite: Whether there may be something in it.

    Raises:
        FileError: If the folder is not empty, or cannot be created.
    """

    def __init__(self, folder: Path, *, overwrite: bool) -> None:
        self.folder, self._overwrite = new_folder(folder, overwrite=overwrite), overwrite
        self._rows: dict[str, list[str]] = {}

    def write(self, protocol: Protocol, case: Case) -> None:
        """Write a case's maps.

        Raises:
            FileError: If one cannot be written, or two would have one name.
        """
        for seed, low_res in enumerate(case.low_res, start=1):
            name = f"{low_res.stem}.npy"
            if name in self._rows:
                raise FileError(f"two maps would be {self.folder / name}: rename one of them")
            values = np.where(low_res.valid, low_res.values, np.nan).astype(np.float32)
            path = self.folder / name
            with writing(path, overwrite=self._overwrite) as beside, beside.open("wb") as file:
                np.save(file, values)
            row = (
                *(name, protocol.letter, case.file.set, case.file.scene, case.scale, seed),
                *(protocol.degradation, UNIT_NAMES[case.unit], int((~low_res.valid).sum())),
                *(*values.shape, *case.target.shape),
            )
            self._rows[name] = list(map(str, row))

    def write_index(self) -> None:
        """Write the list of what was written.

        Raises:
            FileError: If it cannot be written.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerows([_COLUMNS, *self._rows.values()])
        with writing(self.folder / INDEX, overwrite=self._overwrite) as beside:
            beside.write_text(text.getvalue(), encoding="utf-8", newline="")
