"""Options of upscaling: the command's, and Python's."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict

from dsdmsr.depth.estimate import NOISY_FROM
from dsdmsr.depth.map import Kind
from dsdmsr.depth.phase import Phase
from dsdmsr.errors import ConfigError
from dsdmsr.io import ERROR_SUFFIXES
from dsdmsr.io.encodings import find_encoding
from dsdmsr.io.options import ReadOptions
from dsdmsr.io.stereo import StereoOptions
from dsdmsr.upscaling.backends import BackendName
from dsdmsr.upscaling.checks import Edges
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.sizes import Size
from dsdmsr.upscaling.tiles import Tile, check_tile
from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, ROBUST_MODEL

__all__ = ["MapOptions", "StreamOptions", "UpscaleOptions", "UpscalerSettings"]


class UpscalerSettings(TypedDict, total=False):
    """The arguments of `Upscaler` beside the backend."""

    scale: int | None
    size: tuple[int, int] | None
    tile: Tile
    fill: int
    edges: Edges
    refinement: Refinement | None
    phase: Phase


@dataclass(frozen=True, kw_only=True)
class MapOptions:
    """Say how maps are upscaled and written, one by one or as they come.

    Raises:
        ConfigError: If options contradict each other or are out of range.
        EncodingError: If an encoding is unknown.
        DependencyError: If `refine` is given, and torch is not installed.
    """

    scale: int | None = None
    """The factor, a whole number from 2 to 16. Networks upscale by 2, 4, 8 or 16; for other
    factors the next larger map is resampled, without blurring edges."""
    size: str | None = None
    """WIDTHxHEIGHT of the results, instead of a factor."""
    model: str | None = field(
        default=None,
        metadata={
            "help": f"A packaged network ({', '.join(PACKAGED)}; see `dsdmsr models`), a folder, "
            f"or owner/name on the Hub; or auto: {ROBUST_MODEL} for each map whose noise is "
            f"estimated as {100 * NOISY_FROM:g} % of its range or more, {DEFAULT_MODEL} for "
            f"others. Default: {DEFAULT_MODEL}."
        },
    )
    """A network by name, a folder, or owner/name on the Hub; or auto."""
    reading: ReadOptions = field(default_factory=ReadOptions)
    """What the numbers in the files mean."""
    output_encoding: str | None = None
    """What the numbers in the output mean. Default: the same as in the input."""
    to_kind: Kind | None = None
    """Convert the results to this kind."""
    stereo: StereoOptions = field(default_factory=StereoOptions)
    """The two cameras, for converting disparity."""
    backend: BackendName = "auto"
    """What runs the network: onnx (ONNX Runtime), openvino, torch; or auto: torch where a GPU and a
    build of torch for it are there, or the network has no ONNX graphs, else onnx."""
    device: str = "auto"
    """auto, cpu, cuda, coreml, directml, or another device that the backend knows."""
    ensemble: Literal[1, 8] = 1
    """8: average the predictions for the map turned and mirrored in all eight ways; slightly more
    accurate, eight times as slow. Symmetric networks, such as the packaged ones, gain nothing."""
    tile: Tile = "auto"
    """Side of the tiles, in pixels of the low-resolution map, that are upscaled one after another;
    smaller tiles need less memory and more time. The result doesn't depend on it, unless it is
    refined: each tile is refined by itself, and some pixels differ by a percent of the range or
    two."""
    edges: Edges = "smooth"
    """sharp: put pixels between two surfaces on the nearer one; for point clouds."""
    degradation: Literal["auto", "unknown", "bicubic", "area"] = "auto"
    """How the input was downsampled from a larger map: bicubic, antialiased (as by MATLAB's or
    Pillow's resize), for which dsdmsr-base and dsdmsr-robust have weights of their own; area, the
    mean of each block; unknown, so that nothing is assumed; or auto: what the map's steps show,
    unknown where they show nothing. --refine assumes bicubic unless it is area."""
    phase: Phase | None = None
    """Where the input's pixels sit among the output's: centre (the default), in the middle of those
    that they cover, as sensors and resizing have it; corner, on the first of them, as every s-th
    pixel has it; aligned, outermost pixels on outermost pixels (align_corners=True)."""
    refine: bool = False
    """Make the result agree with the input: downsampled again, it equals the input to within the
    noise. Takes about twice the time, and needs the extra torch."""
    noise: float | None = None
    """With --refine: standard deviation of the input's noise in its unit (metres, pixels or
    levels); 0 for none. Default: estimated."""
    fill: int = 0
    """Fill holes of up to this many pixels of the low-resolution map; --filled marks them."""
    filled: Path | None = None
    """With --fill: a PNG file for one input, otherwise a folder; filled pixels are white."""
    confidence: Path | None = field(
        default=None,
        metadata={
            "help": f"A file for one input ({', '.join(ERROR_SUFFIXES)}), otherwise a folder: the "
            "absolute error that the network expects at each pixel, in the map's unit; NaN in "
            "holes."
        },
    )
    """A file for one input, otherwise a folder, for the expected absolute errors."""
    temporal: bool = False
    """Treat the inputs as frames of a sequence, files in the order of the numbers in their names:
    steady surfaces that don't move, without smearing edges. Needs memory for a whole frame."""
    overwrite: bool = False
    """Replace existing files."""

    def __post_init__(self) -> None:
        Size(scale=self.scale, pixels=self.pixels)
        check_tile(self.tile)
        refinement = self.refinement  # raises what it has to say against its settings
        if self.noise is not None and refinement is None:
            raise ConfigError("--noise needs --refine: give both, or leave it out")
        if (self.fill > 0) != (self.filled is not None):
            raise ConfigError("--fill and --filled go together: what is filled is always marked")
        if self.confidence is not None and self.to_kind is not None:
            raise ConfigError("--confidence is in the input's kind: leave --to-kind out")
        if self.to_kind is None and self.stereo != StereoOptions():
            raise ConfigError(
                "--focal, --baseline, --doffs and --calib serve --to-kind: give it, or leave them "
                "out"
            )
        if self.output_encoding is not None:
            find_encoding(self.output_encoding)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Height and width of the results, if `size` is given."""
        if self.size is None:
            return None
        numbers = re.fullmatch(r"(\d{1,9})[x×](\d{1,9})", self.size)
        if numbers is None:
            raise ConfigError(f"size is {self.size!r}: give WIDTHxHEIGHT, such as 640x480")
        return int(numbers[2]), int(numbers[1])

    @property
    def refinement(self) -> Refinement | None:
        """How predictions are refined; None if they aren't."""
        if not self.refine:
            return None
        given = self.degradation
        return Refinement(noise=self.noise, degradation="area" if given == "area" else "bicubic")


@dataclass(frozen=True, kw_only=True)
class UpscaleOptions(MapOptions):
    """Say how depth files are upscaled; each field is an option of `dsdmsr upscale`.

    Raises:
        DsdmsrError: As `MapOptions`.

    Example:
        >>> UpscaleOptions(size="640x480").pixels
        (480, 640)
    """

    preview: Path | None = None
    """A PNG file for a picture of input, bicubic interpolation and result, in the same colours and
    as shaded relief, in the input's kind; of several inputs, a row for each of the first 12."""
    resume: bool = False
    """Skip inputs whose output exists."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.preview is not None and self.resume:
            raise ConfigError("--resume skips files, which --preview shows: leave one of them out")
        if self.temporal and self.resume:
            raise ConfigError(
                "--temporal needs all frames in order: give --overwrite instead of --resume"
            )
        if self.resume and self.overwrite:
            raise ConfigError("--resume keeps files, --overwrite replaces them: give one")


@dataclass(frozen=True, kw_only=True)
class StreamOptions(MapOptions):
    """Say how a stream of depth maps is upscaled; each field is an option of `dsdmsr stream`.

    Raises:
        DsdmsrError: As `MapOptions`.
    """

    newest: bool = False
    """Upscale the newest frame each time, and drop those that came before it in the meantime, so
    that results are late by a frame at most. Recordings are played at their own pace then.
    Default: every frame, one after the other."""
    idle: float | None = None
    """End when nothing has come for so many seconds: a folder is complete then, a camera has
    failed. Default: for a folder, go on until Ctrl-C; for a camera, 5."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.idle is not None and not 0 < self.idle < math.inf:
            raise ConfigError(f"idle is {self.idle:g} s: give a number above 0")
