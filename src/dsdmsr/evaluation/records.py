"""Records that results consist of: scores, means, published figures, pictures."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CropPicture",
    "ErrorCrop",
    "Machine",
    "Mean",
    "ModelWeights",
    "PublishedFigure",
    "Score",
    "SetSummary",
    "StageScore",
]


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
    """Name (`dsdmsr.evaluation.metrics.METRICS`) → figure; None where no pixel counts. In JSON,
    fields of their own."""


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
    """The same by actual error."""
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
