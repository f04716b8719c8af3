"""Draw what networks make of maps, stage by stage, and write down the errors of all stages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.markup import escape
from rich.table import Table

from dsdmsr._atomic import writing
from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import FileError
from dsdmsr.evaluation.measure import Case
from dsdmsr.evaluation.methods import Values
from dsdmsr.evaluation.protocols import Protocol
from dsdmsr.evaluation.report import figure
from dsdmsr.evaluation.stages import StageFigures, panel_of, stage_figures, stages
from dsdmsr.nn import DSDMSR
from dsdmsr.pictures.panels import draw_panel

__all__ = ["Panels"]

_FIGURES = "stages.csv"


class _Row(NamedTuple):
    protocol: str
    set: str
    scene: str
    scale: int
    method: str
    unit: str
    figures: StageFigures


class Panels:
    """A folder of panels, and what is in them as figures.

    Args:
        folder: Where; made if missing.
        overwrite: Whether there may be something in it.

    Attributes:
        networks: Name → network, of which panels are drawn.
        known: Name → its networks for known degradations.

    Raises:
        FileError: If the folder is not empty, or cannot be made.
    """

    def __init__(self, folder: Path, *, overwrite: bool) -> None:
        self.folder = folder
        self.networks: dict[str, DSDMSR] = {}
        self.known: dict[str, Mapping[Degradation, DSDMSR]] = {}
        self._paths: set[Path] = set()
        self._rows: list[_Row] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()) and not overwrite:
                raise FileError(f"{folder} is not empty: give a new folder, or --overwrite")
        except OSError as error:
            raise FileError(f"{folder} cannot be written to: {error.strerror}") from error

    def draw(self, protocol: Protocol, case: Case, preds: Mapping[str, Values]) -> None:
        """Write a panel of each network.

        Args:
            protocol: How the map is measured.
            case: The map, at one factor.
            preds: Method → its answer.

        Raises:
            FileError: If a file cannot be written.
        """
        file = case.file
        for name, usual in self.networks.items():
            model = self.known[name].get(protocol.degradation, usual)
            made, answer = stages(model, case, protocol.degradation), preds[name]
            for figures in stage_figures(case, made, answer):
                self._rows.append(
                    _Row(
                        protocol.letter, file.set, file.scene, case.scale, name, case.unit, figures
                    )
                )
            title = f"{file.set} {file.scene}, ×{case.scale}, {name}"
            picture = draw_panel(panel_of(title, case, made, answer))
            parts = (protocol.letter, file.set, file.scene, f"x{case.scale}", name)
            path = self._path("_".join(parts))
            with writing(path) as beside:
                picture.save(beside, format="PNG")

    def _path(self, name: str) -> Path:
        """Return a file of that name, without signs that a file name cannot have, not yet used."""
        plain = re.sub(r"[^\w.+-]+", "-", name)
        path, number = self.folder / f"{plain}.png", 1
        while path in self._paths:
            number += 1
            path = self.folder / f"{plain}_{number}.png"
        self._paths.add(path)
        return path

    @property
    def count(self) -> int:
        """How many panels are written."""
        return len(self._paths)

    def table(self) -> Table:
        """Return the mean errors of each network's outputs, over the maps of a protocol's set."""
        table = Table(title="Outputs on the way, mean over maps")
        for heading in ("protocol", "set", "method", "factor", "output"):
            table.add_column(heading)
        for heading in ("RMSE", "MAE", "PSNR in dB"):
            table.add_column(heading, justify="right")
        groups: dict[tuple[str, str, str, str, str], list[StageFigures]] = {}
        for row in self._rows:
            key = (row.protocol, row.set, row.method, f"×{row.scale}", row.figures.output)
            groups.setdefault(key, []).append(row.figures)
        for key, members in groups.items():
            means = np.mean([member[1:] for member in members], axis=0)
            table.add_row(
                *map(escape, key),
                *(
                    figure(float(mean), name)
                    for mean, name in zip(means, StageFigures._fields[1:], strict=True)
                ),
            )
        return table

    def write_figures(self) -> None:
        """Write ``stages.csv``: the errors of each output on each map.

        Raises:
            FileError: If it cannot be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(
            ["protocol", "set", "scene", "scale", "method", "unit", *StageFigures._fields]
        )
        for row in self._rows:
            writer.writerow([*row[:-1], row.figures.output, *map(repr, row.figures[1:])])
        with writing(self.folder / _FIGURES) as beside:
            beside.write_text(text.getvalue(), encoding="utf-8", newline="")
