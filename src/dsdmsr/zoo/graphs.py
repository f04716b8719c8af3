"""Index of a network's ONNX graphs, ``graphs.json``: what a runtime must know to run them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from dsdmsr._atomic import replacing
from dsdmsr._plain import from_plain, to_plain
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.scales import SCALES
from dsdmsr.zoo.find import GRAPHS, WEIGHTS

__all__ = [
    "CONTRACT",
    "GraphStage",
    "Graphs",
    "file_checksum",
    "read_graphs",
    "write_graphs",
]

CONTRACT = 1
"""Version of what graphs take and give; another one is refused."""


@dataclass(frozen=True, kw_only=True)
class GraphStage:
    """The graphs of one ×2 stage."""

    radius: int
    """How many pixels away an input pixel can still change an output pixel."""
    files: dict[str, str]
    """How the stage runs → its file: ``next`` hands on to the next stage, ``last`` gives the
    prediction, ``errors`` gives it with the logarithm of the expected errors."""


@dataclass(frozen=True, kw_only=True)
class Graphs:
    """Describe a network's graphs.

    Each takes ``depth``, b 1 h w, and from the second stage on perhaps ``carried``, b c h w, and
    gives four views of each map of twice the size: ``depth_views``, and ``carried_views`` or
    ``log_error_views``.
    """

    contract: int
    """See `CONTRACT`."""
    opset: int
    """Version of ONNX's operators."""
    weights: str
    """SHA-256 of the ``model.safetensors`` that the graphs read."""
    scale: int
    """The largest scale."""
    border: int
    """Pixels by which maps are mirrored outwards before they enter the first stage."""
    symmetric: bool
    """Whether a rotated or mirrored map gives the rotated or mirrored prediction."""
    supersampled: bool
    """Whether one stage more runs, where there is one, and its output is averaged down by 2."""
    consistency: int
    """Back-projections, which whoever runs the graphs does: the difference between the input and
    the downsampled prediction is upsampled and added, both antialiased bicubic."""
    stages: tuple[GraphStage, ...]
    """The first stage first."""

    @property
    def scales(self) -> tuple[int, ...]:
        """The scales that the network serves."""
        return tuple(s for s in SCALES if s <= self.scale)

    def stages_for(self, scale: int) -> int:
        """Return how many stages run for a scale: one more than it takes, if supersampled."""
        count = scale.bit_length() - 1
        return min(count + self.supersampled, len(self.stages))

    @property
    def predicts_error(self) -> bool:
        """Whether there are graphs for the expected errors."""
        return any("errors" in stage.files for stage in self.stages)


def write_graphs(graphs: Graphs, path: Path) -> None:
    """Write the index of a network's graphs."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(to_plain(graphs), indent=2) + "\n", encoding="utf-8")


def read_graphs(folder: Path) -> Graphs | None:
    """Return the index of a folder's graphs; None if there is none.

    Raises:
        ModelError: If it is damaged, of another version, or its weights are not those beside it.
    """
    path = folder / GRAPHS
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        # Checked first, since another contract may have other keys.
        contract = values.get("contract", CONTRACT) if isinstance(values, dict) else CONTRACT
        if contract == CONTRACT:
            graphs = from_plain(Graphs, values, str(path))
    except (OSError, ValueError, ConfigError) as error:
        raise ModelError(f"{path} is damaged: {error}") from error
    if contract != CONTRACT:
        raise ModelError(
            f"{path} is of contract {contract}, and this version runs {CONTRACT}: export the "
            "network again with dsdmsr export"
        )
    if file_checksum(folder / WEIGHTS) != graphs.weights:
        raise ModelError(
            f"{path} belongs to other weights than those in {folder / WEIGHTS}: export the network "
            "again with dsdmsr export"
        )
    return graphs


def file_checksum(path: Path) -> str:
    """Return a file's SHA-256.

    Raises:
        ModelError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
