"""Another method's predictions, read from a folder of files."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch

from dsdmsr.degradation.resample import resize_nearest
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.errors import DataError, FileError
from dsdmsr.evaluation.methods import HighRes, LowRes
from dsdmsr.io import read_numbers

__all__ = ["PREDICTION_SUFFIXES", "Predictions"]

PREDICTION_SUFFIXES = (".npy", ".npz", ".pfm", ".mat", ".tif", ".tiff", ".exr", ".png")
"""What files of predictions may end in, in the order in which they are looked for."""
_NAMED = 3
"""How many missing files an error names."""


class Predictions:
    """A folder of predictions, as a method.

    A file has the name of the low-resolution map that it comes from, as `stem` in
    `dsdmsr.evaluation.cases` gives it, and its numbers are in that map's unit.

    Args:
        folder: Where the files are.
        name: What tables call the method.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    def check(self, stems: Collection[str]) -> None:
        """Check, before anything is measured, that there is a file for each low-resolution map.

        Raises:
            DataError: If some are missing.
        """
        missing = [stem for stem in stems if self._file(stem) is None]
        if not missing:
            return
        first = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        raise DataError(
            f"{len(missing)} of {len(stems)} predictions of {self.name} are missing in "
            f"{self.folder}: {first} (each ending in one of {', '.join(PREDICTION_SUFFIXES)}); "
            "--scales measures some factors alone"
        )

    def _file(self, stem: str) -> Path | None:
        files = (self.folder / f"{stem}{suffix}" for suffix in PREDICTION_SUFFIXES)
        return next((file for file in files if file.is_file()), None)

    def __call__(self, low_res: LowRes, /) -> HighRes:
        """Return the prediction for a low-resolution map.

        Raises:
            DataError: If its file is missing, damaged, of another size, or lacks values.
        """
        file = self._file(low_res.stem)
        if file is None:
            raise DataError(f"{self.folder / low_res.stem} is missing")
        try:
            pred = read_numbers(file).astype(np.float64)
        except FileError as error:
            raise DataError(f"a prediction cannot be used: {error}") from error
        height, width = (n * low_res.scale for n in low_res.values.shape)
        if pred.shape != (height, width):
            raise DataError(
                f"{file} is {'×'.join(map(str, pred.shape))}: a prediction for its low-resolution "
                f"map is {height}×{width}, high by wide"
            )
        known = np.isfinite(pred)
        valid = torch.from_numpy(low_res.valid)[None, None]
        needed = resize_nearest(valid, low_res.scale, interval=low_res.interval)[0, 0].numpy()
        if lacking := int((needed & ~known).sum()):
            raise DataError(
                f"{file} has {lacking} pixels without a finite value where the low-resolution map "
                "is valid: give a value for each"
            )
        return HighRes(fill_nearest(pred, known))
