"""Results of an evaluation: typed, read from JSON and written to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dsdmsr._plain import from_plain, to_plain
from dsdmsr._provenance import named, write_json
from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, FileError
from dsdmsr.evaluation.metrics import METRICS
from dsdmsr.evaluation.records import (
    ErrorCrop,
    Machine,
    Mean,
    ModelWeights,
    PublishedFigure,
    Score,
    SetSummary,
    StageScore,
)

__all__ = ["SCHEMA", "ProtocolResults", "Results"]

SCHEMA = 3
"""Version of the results file's form."""


@dataclass(frozen=True, kw_only=True)
class ProtocolResults:
    """Hold what was measured under a protocol, and the protocol; see `Protocol` for its fields."""

    letter: str
    title: str
    degradation: Degradation
    lr_rounded: bool
    noise: str | None
    seeds: int
    rounded: bool
    dropped: int
    metric: str
    scales: tuple[int, ...]
    """The scales measured."""
    sets: tuple[SetSummary, ...]
    scores: tuple[Score, ...]
    means: tuple[Mean, ...]
    published: tuple[PublishedFigure, ...]
    """Figures of other methods on these sets."""
    crops: tuple[ErrorCrop, ...] = ()
    """Pictures for the page; not in JSON."""
    stages: tuple[StageScore, ...] = ()
    """Errors of the networks' stages, where panels were asked for; not in JSON."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """Hold the results of an evaluation, and what they were measured with."""

    schema: int = SCHEMA
    models: tuple[ModelWeights, ...]
    """The networks among the methods."""
    version: str
    """Of this package."""
    commit: str | None
    date: str
    """ISO 8601."""
    machine: Machine
    protocols: tuple[ProtocolResults, ...]

    def to_plain(self) -> dict[str, object]:
        """Return what a results file holds, as plain values."""
        plain: dict[str, object] = to_plain(self)
        plain["machine"] = _without_none(to_plain(self.machine), "gpu")
        plain["protocols"] = [_protocol_to_plain(protocol) for protocol in self.protocols]
        return plain

    @classmethod
    def from_plain(cls, values: object, where: str = "results") -> Results:
        """Return the results of plain values.

        Args:
            values: What `to_plain` gives.
            where: What the values are, for messages.

        Raises:
            ConfigError: If a key is missing or unknown, a value is of the wrong type, or the form
                is of another version.
        """
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise ConfigError(f"{where} is no results file of schema {SCHEMA}: evaluate again")
        protocols = _each(values.get("protocols", []), _protocol_from_plain)
        return from_plain(cls, {**values, "protocols": protocols}, where)

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read a results file.

        Raises:
            FileError: If it is missing, or no results file.
        """
        try:
            return cls.from_plain(json.loads(path.read_text(encoding="utf-8")), str(path))
        except (OSError, ValueError, RecursionError, ConfigError) as error:
            raise FileError(f"{path} cannot be read as results: {error}") from error

    def write(self, path: Path) -> None:
        """Write a results file, whole or not at all.

        Raises:
            OSError: If it cannot be written.
        """
        write_json(path, self.to_plain())

    @property
    def measured_with(self) -> str:
        """Version, commit, day, machine and weights, as a sentence."""
        machine = _without_none(to_plain(self.machine), "gpu")
        weights = "; ".join(f"{model.name} has weights {model}" for model in self.models)
        return (
            f"dsdmsr {self.version}, commit {self.commit}, {self.date[:10]}, on {named(machine)}, "
            f"torch {self.machine.torch}{'; ' if weights else ''}{weights}."
        )


_Figures = TypeVar("_Figures", Score, Mean)


def _without_none(plain: dict[str, object], *names: str) -> dict[str, object]:
    return {k: v for k, v in plain.items() if v is not None or k not in names}


def _protocol_to_plain(protocol: ProtocolResults) -> dict[str, object]:
    plain: dict[str, object] = to_plain(protocol)
    del plain["crops"], plain["stages"]
    plain["scores"] = [_flat(score) for score in protocol.scores]
    plain["means"] = [_flat(mean) for mean in protocol.means]
    return plain


def _flat(figures: _Figures) -> dict[str, object]:
    """Return a score or mean with its metrics as fields of their own."""
    flat: dict[str, object] = {}
    for name, value in to_plain(figures).items():
        flat |= value if name == "metrics" else {name: value}
    return _without_none(flat, "interval_95", "left", "left_at_best")


def _protocol_from_plain(protocol: object) -> object:
    if not isinstance(protocol, dict):
        return protocol
    nested = {name: _each(protocol.get(name, []), _nested) for name in ("scores", "means")}
    return {**protocol, **nested}


def _each(values: object, change: Callable[[object], object]) -> object:
    """Return a list with each value changed; what is no list stays, to be refused."""
    return [change(value) for value in values] if isinstance(values, list) else values


def _nested(figures: object) -> object:
    """Undo `_flat`."""
    if not isinstance(figures, dict):
        return figures
    rest = {name: value for name, value in figures.items() if name not in METRICS}
    return {**rest, "metrics": {name: figures[name] for name in figures if name in METRICS}}
