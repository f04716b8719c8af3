"""A folder of panels: the outputs of networks' stages as pictures, and their errors as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dsdmsr._atomic import writing
from dsdmsr.depth.degradations import Degradation
from dsdmsr.evaluation.cases import Case
from dsdmsr.evaluation.folders import new_folder
from dsdmsr.evaluation.methods import Values
from dsdmsr.evaluation.protocols import Protocol
from dsdmsr.evaluation.records import StageScore
from dsdmsr.evaluation.results import ProtocolResults
from dsdmsr.evaluation.stages import stage_outputs, stage_panel, stage_scores
from dsdmsr.nn import DSDMSR
from dsdmsr.pictures.panels import plot_panel

__all__ = ["SCORES", "KnownNetworks", "StagePanels"]

SCORES = "stages.csv"
"""The file of errors, beside the panels."""
_KEYS = ("set", "scene", "scale", "method", "unit", "output")
_FIGURES = ("rmse", "mae", "psnr")


class KnownNetworks(NamedTuple):
    """A network, and its networks for known degradations."""

    blind: DSDMSR
    known: Mapping[Degradation, DSDMSR]


class StagePanels:
    """A folder of panels.

    Args:
        folder: Where; created if missing.
        overwrite: Whether there may be something in it.

    Raises:
        FileError: If the folder is not empty, or cannot be created.
    """

    def __init__(self, folder: Path, *, overwrite: bool) -> None:
        self.folder = new_folder(folder, overwrite=overwrite)
        self._paths: set[Path] = set()

    def plot(
        self,
        protocol: Protocol,
        case: Case,
        networks: Mapping[str, KnownNetworks],
        preds: Mapping[str, Values],
    ) -> list[StageScore]:
        """Write a panel of each network; return the errors of all outputs.

        Args:
            protocol: How the map is measured.
            case: The map, at one scale.
            networks: Method → its networks.
            preds: Method → its prediction.

        Raises:
            FileError: If a file cannot be written.
        """
        scores: list[StageScore] = []
        for name, networks_of in networks.items():
            model = networks_of.known.get(protocol.degradation, networks_of.blind)
            outputs, pred = stage_outputs(model, case, protocol.degradation), preds[name]
            scores += stage_scores(case, name, outputs, pred)
            file, scale = case.file, case.scale
            title = f"{file.set} {file.scene}, ×{scale}, {name}"
            picture = plot_panel(stage_panel(title, case, outputs, pred))
            path = self._path(f"{protocol.letter}_{file.set}_{file.scene}_x{scale}_{name}")
            with writing(path, overwrite=True) as beside:
                picture.save(beside, format="PNG")
        return scores

    def _path(self, name: str) -> Path:
        """Return an unused path of that name, without characters that file names can't have."""
        plain = re.sub(r"[^\w.+-]+", "-", name)
        path, number = self.folder / f"{plain}.png", 1
        while path in self._paths:
            number += 1
            path = self.folder / f"{plain}_{number}.png"
        self._paths.add(path)
        return path

    def write_scores(self, protocols: Sequence[ProtocolResults]) -> None:
        """Write ``stages.csv``: the errors of each output on each map.

        Raises:
            FileError: If it cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["protocol", *_KEYS, *_FIGURES])
        for protocol in protocols:
            for score in protocol.stages:
                keys = [getattr(score, name) for name in _KEYS]
                writer.writerow(
                    [protocol.letter, *keys, *(repr(getattr(score, name)) for name in _FIGURES)]
                )
        with writing(self.folder / SCORES, overwrite=True) as beside:
            beside.write_text(text.getvalue(), encoding="utf-8", newline="")
