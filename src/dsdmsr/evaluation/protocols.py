"""The protocols of the literature: which maps, which degradation, which pixels and which metric.

Needs no torch, so that help can list them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.map import Kind
from dsdmsr.scales import SCALES

__all__ = [
    "PROTOCOLS",
    "SUITE",
    "UNIT_NAMES",
    "FigureUnit",
    "MapSet",
    "Protocol",
    "ProtocolName",
    "Scene",
]

FigureUnit = Literal["level", "px", "m", "cm"]
"""A unit of maps and their errors; a `level` is a step of an 8-bit number."""
UNIT_NAMES: dict[FigureUnit | None, str] = {
    "level": "grey levels 0-255",
    "px": "px",
    "m": "m",
    "cm": "cm",
    None: "the file's unit",
}
"""Unit → its name in tables and results files."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Name a map, and the part of it that is used."""

    name: str
    """File name without its suffix."""
    above: float | None = None
    """What the ground truth must exceed for a pixel to count. Default: every pixel counts."""
    size: tuple[int, int] | None = None
    """Height and width of the top left part that is used. Default: the whole."""


@dataclass(frozen=True, kw_only=True)
class MapSet:
    """Name the maps of a set; all their pixels are valid."""

    name: str
    """The set's name in tables, and in the file of published figures."""
    title: str
    """What it is, in a few words."""
    folder: str
    """Where the files lie below the data folder."""
    scenes: tuple[Scene, ...]
    """The maps."""
    suffix: str = ".png"
    """.png (8 bit) or .npz (one array called depth)."""
    kind: Kind = "disparity"
    """Kind of the values; grey levels are disparities."""
    unit: FigureUnit = "level"
    """Unit of the figures."""
    per_unit: float = 1.0
    """What the file's numbers are multiplied by to get that unit."""
    border: int = 0
    """Rows and columns on all four sides that do not count."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Describe how a map is degraded, and how a prediction is compared with the ground truth.

    The ground truth is cropped at the right and bottom to a multiple of the scale and downsampled
    by `degradation`, in floating point.
    """

    letter: str
    """Its name in tables."""
    title: str
    """What it is and where it comes from."""
    degradation: Degradation
    """How low-resolution maps come from the ground truth."""
    lr_rounded: bool = False
    """Whether low-resolution maps are rounded half up and clipped to 0…255."""
    noise: str | None = None
    """Noise of low-resolution maps, by its name in `dsdmsr.degradation.sensors.NOISES`."""
    noise_parameter: float = 0.0
    """Parameter of that noise, in grey levels."""
    seeds: int = 1
    """Seeds of the noise that a figure is the mean over."""
    rounded: bool = False
    """Whether predictions in grey levels are rounded half up and clipped to 0…255."""
    dropped: int = 0
    """Rows at the bottom and columns at the right that do not count."""
    metric: str = "rmse"
    """The metric that the literature reports."""
    scales: tuple[int, ...] = SCALES
    """The scales."""
    sets: tuple[MapSet, ...] = ()
    """The maps."""

    @property
    def needs_levels(self) -> bool:
        """Whether it is defined for maps in grey levels only."""
        return self.lr_rounded or self.noise is not None


def _scenes(names: str, **options: object) -> tuple[Scene, ...]:
    return tuple(Scene(name=name, **options) for name in names.split())  # type: ignore[arg-type]


_SET_A = MapSet(
    name="A",
    title="Middlebury 2005, 1088×1376",
    folder="middlebury/eval/full",
    scenes=_scenes("art books moebius"),
)
_SET_B = MapSet(
    name="B",
    title="Middlebury 2005, 1080×1320",
    folder="middlebury/eval/crop1080x1320",
    scenes=(
        *_scenes("art books"),
        Scene(name="dolls", above=9),
        *_scenes("laundry moebius reindeer"),
    ),
)
_SET_C = MapSet(
    name="C",
    title="Middlebury 2001 and 2003, up to 374×450",
    folder="middlebury/eval/classic_filled",
    scenes=_scenes("cones teddy tsukuba venus"),
)


def _noisy(letter: str, noise: str, parameter: float, what: str) -> Protocol:
    return Protocol(
        letter=letter,
        title=f"noisy Middlebury, {what}",
        degradation="bicubic",
        noise=noise,
        noise_parameter=parameter,
        seeds=5,
        sets=(_SET_A,),
    )


ProtocolName = Literal["a", "b", "b-root", "b-5", "d", "e", "interval", "all"]
"""What can be asked for: the letters of `PROTOCOLS`, or ``all`` of `SUITE`."""

PROTOCOLS: dict[str, Protocol] = {
    "a": Protocol(
        letter="a",
        title="noise-free Middlebury (MS-Net and MSG-Net, ECCV 2016)",
        degradation="bicubic",
        rounded=True,
        dropped=1,
        sets=(_SET_A, _SET_B, _SET_C),
    ),
    "b": _noisy("b", "disparity", 651.0, "651/d (ATGV-Net, ECCV 2016)"),
    "b-root": _noisy(
        "b-root", "root_disparity", 651.0, "√(651/d), where 651/d is read as the variance"
    ),
    "b-5": _noisy("b-5", "gaussian", 5.0, "5 levels everywhere"),
    "d": Protocol(
        letter="d",
        title="Lu and NYU v2 after Pillow's bicubic (DKN, FDSR, JIIF)",
        degradation="pil_bicubic",
        scales=(4, 8, 16),
        sets=(
            MapSet(
                name="lu",
                title="Lu et al. 2014, six maps of 480×640",
                folder="lu_rgbd/eval",
                scenes=_scenes("01 02 03 04 05 06"),
            ),
            MapSet(
                name="nyu, 2 frames",
                title="two of the 449 test frames of NYU v2: no match for published means",
                folder="nyu/eval",
                scenes=_scenes("1001 1002"),
                suffix=".npz",
                kind="depth",
                unit="cm",
                per_unit=100.0,
                border=6,
            ),
        ),
    ),
    "e": Protocol(
        letter="e",
        title="Middlebury after OpenCV's cubic, 8 bit, MAE (PMBANet, HCGNet)",
        degradation="opencv_cubic",
        lr_rounded=True,
        rounded=True,
        metric="mae",
        scales=(4, 8, 16),
        sets=(
            MapSet(
                name="six",
                title="Middlebury 2005, 1088×1344 and 1088×1280",
                folder="middlebury/eval/full",
                scenes=(
                    *_scenes("art books dolls", size=(1088, 1344)),
                    Scene(name="laundry", size=(1088, 1280)),
                    Scene(name="moebius", size=(1088, 1344)),
                    Scene(name="reindeer", size=(1088, 1280)),
                ),
            ),
        ),
    ),
    "interval": Protocol(
        letter="interval",
        title="Middlebury with all but every s-th pixel left out (DSDMSR); predictions are shifted "
        "by half a low-resolution pixel to fit",
        degradation="interval",
        rounded=True,
        sets=(_SET_A,),
    ),
}
"""Letter → protocol."""

SUITE: tuple[str, ...] = ("a", "b", "d", "e", "interval")
"""The protocols of ``all``: those with published figures, and that of DSDMSR."""
