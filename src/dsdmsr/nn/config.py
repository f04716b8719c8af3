"""Configuration of a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dsdmsr.errors import ConfigError, shown
from dsdmsr.nn.units import UNITS, UnitKind
from dsdmsr.scales import SCALES

__all__ = ["ORBIT", "ModelConfig"]

ORBIT = 8
"""Rotations and reflections of a square: symmetric networks have channels in groups of 8."""
_LARGEST = {
    "width": 2048,
    "depth": 256,
    "dilations": 256,
    "hidden": 8192,
    "carried": 2048,
    "candidates": 15,
    "consistency": 16,
    "confidence": 2048,
    "border": 256,
}
"""Field → its largest number: far beyond what trains, and small enough to be refused at once."""
_MOST_DILATIONS = 64


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Describe a DSDMSR network.

    Raises:
        ConfigError: If a value is not one of the allowed ones.
    """

    scale: int = 8
    """Largest scale, 2, 4, 8 or 16; the first stages alone serve the smaller ones."""
    unit: UnitKind = "srcnn"
    """The DCNN unit: srcnn, vdsr, residual, large_kernel or gated."""
    sharing: Literal["independent", "shared"] = "independent"
    """Four units a stage, or one trunk that ends in four views."""
    width: tuple[int, ...] = (64,)
    """Channels of a unit's widest layer: one number for all stages, or one for each."""
    depth: tuple[int, ...] = (10,)
    """Layers (vdsr) or blocks of a unit: one number, or one for each stage."""
    dilations: tuple[int, ...] = ()
    """Dilations of further residual blocks in the first stage, whose wide view suppresses noise."""
    hidden: tuple[tuple[int, ...], ...] = ()
    """For each stage, the channels between the two convolutions of each of its residual blocks,
    those with dilations last; empty: as many as the stage is wide."""
    carried: int = 0
    """Feature channels handed from stage to stage, in addition to the map."""
    carried_into: Literal["input", "features"] = "input"
    """Where they enter a stage: beside the map, or added to what its first layer gives for the map,
    which saves a layer; the stages after the first are then ``carried`` wide."""
    skip: Literal["nearest", "bicubic"] = "nearest"
    """Upsampling of the input in units that add it to their output."""
    two_heads: bool = False
    """Whether a stage has a head of its own for the map that it hands on."""
    candidates: int = 0
    """Side, odd, of the square whose values are candidates for a pixel; 0: pixels are regressed."""
    fusion: Literal["mean", "legacy", "none"] = "mean"
    """How stages are fused; with none, the last stage's output is the prediction."""
    bias: bool = True
    """Whether convolutions have a bias."""
    differences: bool = False
    """Whether units see differences of depth only; with no bias: exact for a·z + b."""
    symmetric: bool = False
    """Whether a rotated or mirrored map gives the rotated or mirrored prediction."""
    supersampled: bool = False
    """Whether one stage more runs, where there is one, and its output is averaged down by 2."""
    consistency: int = 0
    """Back-projections: corrections so that the downsampled prediction agrees with the input."""
    confidence: int = 0
    """Channels of the layer from which stages estimate their prediction's error; 0: no estimate."""
    border: int = 8
    """Low-resolution pixels by which maps are mirrored outwards before they enter the network."""

    def __post_init__(self) -> None:
        _one_of("scale", self.scale, SCALES)
        _one_of("unit", self.unit, UNITS)
        _one_of("sharing", self.sharing, ("independent", "shared"))
        _one_of("carried_into", self.carried_into, ("input", "features"))
        _one_of("skip", self.skip, ("nearest", "bicubic"))
        _one_of("fusion", self.fusion, ("mean", "legacy", "none"))
        self._check_largest()
        self._check_sizes()
        self._check_fusion()
        self._check_symmetry()
        if self.differences and (self.bias or self.fusion != "none" or self.unit == "srcnn"):
            raise ConfigError(
                "differences goes with bias: false, fusion: none and a unit that adds its input "
                "(all but srcnn), or a·z + b is not exact"
            )

    def _check_largest(self) -> None:
        if len(self.dilations) > _MOST_DILATIONS:
            raise ConfigError(f"there are {len(self.dilations)} dilations: give {_MOST_DILATIONS}")
        for name, largest in _LARGEST.items():
            most = max(_numbers_in(getattr(self, name)), key=abs, default=0)
            if abs(most) > largest:
                raise ConfigError(f"{name} has {shown(most)}: give {largest} or less")

    def _check_sizes(self) -> None:
        for name in ("width", "depth"):
            values = getattr(self, name)
            if len(values) not in (1, self.stages) or min(values, default=0) < 1:
                raise ConfigError(
                    f"{name} is {list(values)}: give one positive number, or {self.stages} of them"
                )
        if self.unit == "vdsr" and min(self.depth) < 2:
            raise ConfigError(f"depth is {list(self.depth)}: a vdsr unit has 2 layers or more")
        if self.unit == "srcnn" and any(w % 2 for w in self.width):
            raise ConfigError(f"width is {list(self.width)}: a srcnn unit needs an even width")
        if self.dilations and self.unit in ("srcnn", "vdsr"):
            raise ConfigError("dilations go with a unit of blocks: residual, large_kernel or gated")
        if min(self.dilations, default=1) < 1:
            raise ConfigError(f"dilations are {list(self.dilations)}: give 1 or more each")
        if self.carried_into == "features" and (
            self.sharing != "shared"
            or any(self.width_of(k) != self.carried for k in range(1, self.stages))
        ):
            raise ConfigError(
                f"carried is {self.carried} and width {list(self.width)}: carried_into: features "
                "goes with sharing: shared and as many carried channels as the later stages are "
                "wide"
            )
        self._check_hidden()
        if self.candidates and (self.candidates < 3 or self.candidates % 2 == 0):
            raise ConfigError(
                f"candidates is {self.candidates}: give 0, or an odd number from 3 on"
            )
        if min(self.carried, self.consistency, self.confidence, self.border) < 0:
            raise ConfigError("carried, consistency, confidence and border are 0 or more")

    def _check_hidden(self) -> None:
        if not self.hidden:
            return
        if self.unit != "residual":
            raise ConfigError("hidden goes with unit: residual")
        dilated = [len(self.dilations)] + [0] * (self.stages - 1)
        blocks = [self.depth_of(k) + dilated[k] for k in range(self.stages)]
        if [len(channels) for channels in self.hidden] != blocks:
            raise ConfigError(
                f"hidden is {[list(channels) for channels in self.hidden]}: give a list for each "
                f"of {self.stages} stages, of {', '.join(map(str, blocks))} numbers"
            )
        if min(min(channels) for channels in self.hidden) < 1:
            raise ConfigError("hidden has a number below 1: give 1 or more each")

    def _check_fusion(self) -> None:
        for name in ("confidence", "supersampled", "two_heads"):
            if getattr(self, name) and self.fusion != "none":
                raise ConfigError(
                    f"{name} goes with fusion: none, since fusion gives the prediction"
                )

    def _check_symmetry(self) -> None:
        if not self.symmetric:
            return
        if self.sharing != "shared" or self.fusion != "none" or self.unit == "srcnn":
            raise ConfigError(
                "symmetric goes with sharing: shared, fusion: none and a unit that adds its input "
                "(all but srcnn)"
            )
        inner = [channels for blocks in self.hidden for channels in blocks]
        if any(n % ORBIT for n in (*self.width, self.carried, self.confidence, *inner)):
            raise ConfigError(
                f"width is {list(self.width)}, carried {self.carried}, hidden {inner} and "
                f"confidence {self.confidence}: a symmetric network's are multiples of {ORBIT}"
            )

    @property
    def stages(self) -> int:
        """Number of ×2 stages."""
        return self.scale.bit_length() - 1

    def width_of(self, stage: int) -> int:
        """Return the width of stage `stage` (0 is the first)."""
        return self.width[stage % len(self.width)]

    def hidden_of(self, stage: int) -> tuple[int, ...]:
        """Return the inner channels of the residual blocks of stage `stage` (0 is the first)."""
        if self.hidden:
            return self.hidden[stage]
        dilated = len(self.dilations) if stage == 0 else 0
        return (self.width_of(stage),) * (self.depth_of(stage) + dilated)

    def depth_of(self, stage: int) -> int:
        """Return the depth of stage `stage` (0 is the first)."""
        return self.depth[stage % len(self.depth)]


def _numbers_in(value: int | tuple[int | tuple[int, ...], ...]) -> Iterator[int]:
    """Yield the numbers of a field."""
    if isinstance(value, int):
        yield value
    else:
        for each in value:
            yield from _numbers_in(each)


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{name} is {shown(value)}: allowed are {', '.join(map(str, allowed))}")
