"""Results of an evaluation: typed, read from JSON and written to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dsdmsr._plain import from_plain, to_plain
from dsdmsr._provenance import named, write_json
from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, FileError

__all__ = [
    "METRICS",
    "SCHEMA",
    "CropPicture",
    "ErrorCrop",
    "Machine",
    "Mean",
    "ModelWeights",
    "ProtocolResults",
    "PublishedFigure",
    "Results",
    "Score",
    "SetSummary",
    "StageScore",
]

SCHEMA = 3
"""Version of the results file's form."""
METRICS = (
    "rmse",
    "mae",
    "bad_pixel_rate",
    "edge_rmse",
    "flying_pixel_rate",
    "psnr",
    "input_rmse",
    "coverage",
    "ause",
    "ssim",
)
"""The metrics of a score; coverage and ause of networks that predict errors, ssim if asked for."""


@dataclass(frozen=True, kw_only=True)
class ModelWeights:
    """Name a network, and the checksums of its weights."""

    name: str
    sha256: str
    """See `dsdmsr.zoo.checksum.weights_checksum`."""
    sha256_for_known: dict[str, str]
    """Known degradation → checksum of the weights for it."""

    def __str__(self) -> str:
        others = [f"{kind}: {sha256[:12]}" for kind, sha256 in self.sha256_for_known.items()]
        return self.sha256[:12] + (f" ({', '.join(others)})" if others else "")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Describe the machine that measured; see `dsdmsr._provenance.provenance`."""

    processor: str
    threads: int
    python: str
    torch: str
    gpu: str | None = None


@dataclass(frozen=True, kw_only=True)
class SetSummary:
    """Describe the maps of a set."""

    name: str
    title: str
    unit: str
    """Unit of the figures, as shown."""
    maps: int
    """How many."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Hold one method's figures on one scene at one scale."""

    set: str
    scene: str
    scale: int
    method: str
    metrics: dict[str, float | None]
    """Name (`METRICS`) → figure; None where no pixel counts. In JSON, fields of their own."""


@dataclass(frozen=True, kw_only=True)
class Mean:
    """Hold one method's figures of a set at one scale: the means over its maps."""

    set: str
    scale: int
    method: str
    maps: int
    """How many."""
    metrics: dict[str, float | None]
    """See `Score.metrics`."""
    interval_95: dict[str, tuple[float, float]] | None = None
    """Metric → 95 % bootstrap interval of its mean, for large sets of the user's own maps."""
    left: tuple[float, ...] | None = None
    """Share of the mean absolute error left when ever more pixels are left out by expected error;
    None for methods that predict no errors."""
    left_at_best: tuple[float, ...] | None = None
    """The same by the errors made."""
    profile: tuple[float | None, ...]
    """RMSE at 0, 1, … pixels from the nearest edge, over the pixels of all maps; the last entry is
    for all that are further away."""


@dataclass(frozen=True, kw_only=True)
class PublishedFigure:
    """Hold one figure of another method."""

    set: str
    scene: str
    """A scene, or ``mean`` where only the set's mean is known."""
    scale: int
    metric: str
    unit: str
    method: str
    sees: str
    """The method's inputs."""
    value: float
    source: str
    """The paper, or that it was measured outside this repository."""


@dataclass(frozen=True, kw_only=True)
class CropPicture:
    """Hold one picture of a crop."""

    title: str
    depth: str
    """A PNG file, base64."""
    error: str | None = None
    """The same of the error."""


@dataclass(frozen=True, kw_only=True)
class ErrorCrop:
    """Hold pictures of the window where the methods' errors differ most."""

    set: str
    scene: str
    scale: int
    top: int
    left: int
    side: tuple[int, int]
    """Height and width in pixels of the ground truth."""
    span: tuple[float, float]
    """The depths that are black and white."""
    largest_error: float
    """The error that has the last colour."""
    unit: str
    """Of depths and errors, as shown."""
    pictures: tuple[CropPicture, ...]


@dataclass(frozen=True, kw_only=True)
class StageScore:
    """Hold the errors of one output of a network on the way to its prediction."""

    set: str
    scene: str
    scale: int
    method: str
    unit: str
    """Of rmse and mae, as shown."""
    output: str
    """×2, ×4, …, or the prediction (`dsdmsr.evaluation.stages.PREDICTION`)."""
    rmse: float
    mae: float
    psnr: float
    """Of the range of the ground truth's counted pixels, in decibels."""


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
        protocols = [_protocol_from_plain(protocol) for protocol in values.get("protocols", [])]
        return from_plain(cls, {**values, "protocols": protocols}, where)

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read a results file.

        Raises:
            FileError: If it is missing, or no results file.
        """
        try:
            return cls.from_plain(json.loads(path.read_text(encoding="utf-8")), str(path))
        except (OSError, ValueError, ConfigError) as error:
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
    nested = {name: [_nested(f) for f in protocol.get(name, [])] for name in ("scores", "means")}
    return {**protocol, **nested}


def _nested(figures: object) -> object:
    """Undo `_flat`."""
    if not isinstance(figures, dict):
        return figures
    rest = {name: value for name, value in figures.items() if name not in METRICS}
    return {**rest, "metrics": {name: figures[name] for name in figures if name in METRICS}}
