"""Index of a network's ONNX graphs, ``graphs.json``: what a runtime must know to run them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from dsdmsr._atomic import replace_text
from dsdmsr._plain import from_plain, to_plain
from dsdmsr.errors import ConfigError, ModelError, shown
from dsdmsr.scales import SCALES
from dsdmsr.zoo.find import GRAPHS, WEIGHTS
from dsdmsr.zoo.weights import LARGEST_FILE, check_card, check_weights, file_size, read_small

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
_LARGEST = {"border": 256, "consistency": 16, "radius": 4096}
_USES = ("next", "last", "errors")


@dataclass(frozen=True, kw_only=True)
class GraphStage:
    """The graphs of one ×2 stage."""

    radius: int
    """How many pixels away an input pixel can still change an output pixel."""
    files: dict[str, str]
    """How the stage runs → its file: ``next`` hands on to the next stage, ``last`` gives the
    prediction, ``errors`` gives it with the logarithm of the expected errors."""

    def __post_init__(self) -> None:
        _at_most("radius", self.radius)
        for use, file in self.files.items():
            if use not in _USES:
                raise ConfigError(f"a stage runs as {use!r:.40}: allowed are {', '.join(_USES)}")
            if not file or Path(file).name != file or "\\" in file or ":" in file:
                raise ConfigError(f"a graph's file is {file!r:.80}: give a name in the same folder")


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

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ConfigError(
                f"scale is {shown(self.scale)}: allowed are {', '.join(map(str, SCALES))}"
            )
        if len(self.stages) != self.scale.bit_length() - 1:
            raise ConfigError(f"there are {len(self.stages)} stages for a scale of {self.scale}")
        _at_most("border", self.border)
        _at_most("consistency", self.consistency)

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
    replace_text(path, json.dumps(to_plain(graphs), indent=2) + "\n")


def read_graphs(folder: Path) -> Graphs | None:
    """Return the index of a folder's graphs; None if there is none.

    Raises:
        ModelError: If it is damaged, of another version, or its weights are not those beside it, or
            not those of the card.
    """
    path = folder / GRAPHS
    if not path.exists():
        return None
    try:
        values = json.loads(read_small(path))
        # Checked first, since another contract may have other keys.
        contract = values.get("contract", CONTRACT) if isinstance(values, dict) else CONTRACT
        if contract == CONTRACT:
            graphs = from_plain(Graphs, values, str(path))
            _check_uses(graphs)
    except (OSError, ValueError, RecursionError, ConfigError) as error:
        raise ModelError(f"{path} is damaged: {error}") from error
    if contract != CONTRACT:
        raise ModelError(
            f"{path} is of contract {shown(contract)}, and this version runs {CONTRACT}: export "
            "the network again with dsdmsr export"
        )
    checksum = file_checksum(folder / WEIGHTS)
    if checksum != graphs.weights:
        raise ModelError(
            f"{path} belongs to other weights than those in {folder / WEIGHTS}: export the network "
            "again with dsdmsr export"
        )
    check_card(folder, checksum)
    check_weights(folder / WEIGHTS)
    return graphs


def file_checksum(path: Path) -> str:
    """Return a file's SHA-256.

    Raises:
        ModelError: If it cannot be read, or is larger than files of networks are.
    """
    try:
        file_size(path, LARGEST_FILE)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error


def _at_most(name: str, value: int) -> None:
    if not 0 <= value <= _LARGEST[name]:
        raise ConfigError(f"{name} is {shown(value)}: give 0 to {_LARGEST[name]}")


def _check_uses(graphs: Graphs) -> None:
    """Check that there is a graph for each way that each stage can run."""
    last = len(graphs.stages) - 1
    for k, stage in enumerate(graphs.stages):
        needed = ["next"] if k < last else []
        if k == last or k or not graphs.supersampled:
            needed += ["last", "errors"] if graphs.predicts_error else ["last"]
        for use in needed:
            if use not in stage.files:
                raise ConfigError(f"stage {k + 1} lacks the graph {use!r}")
