"""Options of an evaluation: those of the command and of `dsdmsr.evaluate`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.errors import ConfigError
from dsdmsr.evaluation.protocols import PROTOCOLS, SUITE, ProtocolName
from dsdmsr.io.encodings import ENCODINGS, find_encoding
from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED

__all__ = ["DATA_VARIABLE", "RESIZES", "EvaluateOptions"]

DATA_VARIABLE = "DSDMSR_DATA"
"""The environment variable that names the folder of the protocols' maps."""
RESIZES = ("nearest", "bilinear", "bicubic", "lanczos")


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Options of an evaluation.

    Raises:
        ConfigError: If options contradict each other, or a baseline is unknown.
        EncodingError: If the encoding is unknown.
    """

    protocol: tuple[ProtocolName, ...] = field(
        metadata={
            "help": "One or more of: "
            + "; ".join(f"{letter}, {protocol.title}" for letter, protocol in PROTOCOLS.items())
            + f"; all, which is {', '.join(SUITE)}."
        }
    )
    """Letters of `dsdmsr.evaluation.protocols.PROTOCOLS`, or all: those of `SUITE`."""
    data: Path | None = None
    """The folder that holds the protocols' maps (middlebury/eval, lu_rgbd/eval, nyu/eval). Default:
    the one that DSDMSR_DATA names."""
    maps: tuple[str, ...] = ()
    """Instead of those, depth files of your own, folders of them, or patterns."""
    encoding: str | None = field(
        default=None,
        metadata={"help": f"What the numbers in your own files mean: {', '.join(ENCODINGS)}."},
    )
    """A name in `dsdmsr.io.ENCODINGS`, for files of your own. Default: a guess by file format."""
    intrinsics: str | None = None
    """The camera of maps of your own: fx,fy,cx,cy in pixels, the centre of the first pixel at 0;
    errors of surface normals are then measured, too. Default: the camera that a file names."""
    scales: tuple[Literal[2, 4, 8, 16], ...] = ()
    """Only these scales. Default: those of the protocol."""
    model: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": f"Packaged networks ({', '.join(PACKAGED)}), folders, owner/name on the Hub, "
            f"or YAML files about ONNX graphs of others. Default: {DEFAULT_MODEL}."
        },
    )
    """Networks by name, folders, owner/name on the Hub, or YAML files about ONNX graphs of others
    (`dsdmsr.evaluation.onnx_method.OnnxContract`). Default: the default network."""
    predictions: tuple[str, ...] = ()
    """Folders of another method's predictions for the maps that low_res writes, FOLDER or
    NAME=FOLDER; files have the names of these maps, and numbers in their unit."""
    with_results: tuple[Path, ...] = ()
    """JSON files of earlier results, whose figures stand beside those that are measured."""
    baselines: tuple[str, ...] = RESIZES
    """Methods to measure beside them: nearest, bilinear, bicubic, lanczos; tgv, total generalised
    variation, which takes long; and, with OpenCV installed, rolling-guidance, weighted-median."""
    ensemble: Literal[1, 8] = 1
    """8: measure the self-ensemble beside each network that isn't symmetric, which takes eight
    times as long; see upscale."""
    refine: bool = False
    """Measure each network's refined predictions beside it; see upscale."""
    noise: float | None = None
    """With refine: standard deviation of the low-resolution maps' noise. Default: estimated."""
    ssim: bool = False
    """Measure structural similarity, too, which takes as long as all the rest."""
    crops: bool = False
    """Show on the HTML page where methods differ most; it then holds parts of the maps."""
    panels: Path | None = None
    """A new folder for a picture of each map: the output of each stage beside the ground truth, the
    prediction, and its error. The errors of all stages are written to stages.csv there."""
    device: str = "auto"
    """auto, cpu, or cuda."""
    overwrite: bool = False
    """Replace files that exist."""

    def __post_init__(self) -> None:
        if self.encoding is not None and not self.maps:
            raise ConfigError("--encoding is for maps of your own: give --maps, too")
        if self.intrinsics is not None and not self.maps:
            raise ConfigError("--intrinsics is for maps of your own: give --maps, too")
        if self.intrinsics is not None:
            Intrinsics.parse(self.intrinsics)
        if self.data is not None and self.maps:
            raise ConfigError("--data and --maps exclude each other: give one of them")
        if self.noise is not None and not self.refine:
            raise ConfigError("--noise needs --refine: give both, or leave it out")
        if self.encoding is not None:
            find_encoding(self.encoding)
        if self.baselines != RESIZES:
            from dsdmsr.evaluation.methods import baseline

            for name in self.baselines:
                baseline(name)
