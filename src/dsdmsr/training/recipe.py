"""Recipes: the settings of a training run, as frozen dataclasses that YAML files fill in."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from dsdmsr.data.batches import CropMix
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.data.seeds import LARGEST_SEED
from dsdmsr.depth.degradations import Degradation, check_degradation
from dsdmsr.errors import ConfigError
from dsdmsr.io.encodings import find_encoding
from dsdmsr.nn import ModelConfig
from dsdmsr.nn.losses import LossKind
from dsdmsr.training.noise import NoiseMix
from dsdmsr.training.optimizers import OPTIMIZERS, OptimizerKind

__all__ = ["DegradationMix", "Maps", "Recipe"]

_BRIEF = 20
"""Steps of a recipe cut by `Recipe.in_brief`."""


@dataclass(frozen=True, kw_only=True)
class DegradationMix:
    """Say how low-resolution maps come from high-resolution ones, and how often.

    Raises:
        ConfigError: If the degradation is unknown, or the share not positive.
    """

    degradation: Degradation = "bicubic"
    """See `dsdmsr.degradation.degrade.degrade`."""
    rounded: bool = False
    """Whether they are rounded to whole levels where the high-resolution map has whole levels."""
    noise: NoiseMix | None = None
    """Sensor noise that is added to them."""
    share: float = 1.0
    """How often, relative to the others."""

    def __post_init__(self) -> None:
        check_degradation(self.degradation)
        if self.share <= 0:
            raise ConfigError(f"share is {self.share}: give a positive number")


@dataclass(frozen=True, kw_only=True)
class Maps:
    """Say where the high-resolution maps come from, and how often.

    Raises:
        ConfigError: If a folder is missing or needless, or the share not positive.
        EncodingError: If the encoding is unknown.
    """

    source: Literal["scenes", "shards", "pyramid", "folder"] = "scenes"
    """Rendered scenes; or the train split of shards or a pyramid that ``dsdmsr prepare`` has
    written; or all depth files in a folder."""
    folder: str | None = None
    """Path of the shards, the pyramid or the files; none for scenes."""
    encoding: str | None = None
    """What the numbers in a folder's files mean, see `dsdmsr.io.read_depth`."""
    share: float = 1.0
    """How often, relative to the others."""

    def __post_init__(self) -> None:
        if (self.source == "scenes") != (self.folder is None):
            raise ConfigError(
                f"maps of source {self.source} have folder {self.folder}: shards, pyramid and "
                "folder need one, scenes have none"
            )
        if self.encoding is not None and self.source != "folder":
            raise ConfigError(f"encoding is for a folder of files, not for {self.source}")
        if self.encoding is not None:
            find_encoding(self.encoding)
        if self.share <= 0:
            raise ConfigError(f"share is {self.share}: give a positive number")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Describe a training run.

    Raises:
        ConfigError: If a value is not one of the allowed ones.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    """The network."""
    scenes: SceneConfig = field(default_factory=SceneConfig)
    """Contents of the rendered scenes."""
    maps: tuple[Maps, ...] = (Maps(),)
    """Sources of the high-resolution maps; sampled for each crop."""
    crops: tuple[CropMix, ...] = (CropMix(scale=8, crop=128, batch=8),)
    """Scales to train, and their crops."""
    degradations: tuple[DegradationMix, ...] = (DegradationMix(),)
    """Degradations that give the low-resolution maps; sampled for each batch. Validation uses the
    first."""
    trains: Literal["network", "expected_errors"] = "network"
    """network: all parameters; expected_errors: of a network that starts from another's weights,
    only the layers that estimate its errors, so that its predictions stay as they are."""
    loss: LossKind = "l1"
    """l1, mse, charbonnier, l1_mse, rmse, edge_l1 or sse."""
    mse_weight: float = 1.0
    """Weight of the squared error in l1_mse."""
    stage_weights: tuple[float, ...] = (0.3,)
    """Weight of each stage's loss relative to that of the final prediction: one for all stages, or
    one for each, smallest first."""
    surface_weight: float = 0.0
    """Weight of the final prediction's grain on smooth surfaces, see
    `dsdmsr.nn.losses.surface_loss`."""
    optimizer: OptimizerKind = "adamw"
    """adamw, adam, sgd (momentum 0.9) or muon."""
    learning_rate: float = 1e-3
    """Peak of the schedule, after a linear warm-up."""
    schedule: Literal["cosine", "steps"] = "cosine"
    """cosine falls to a hundredth; steps falls to a tenth `drops` times, at equal distances."""
    drops: int = 3
    """How often steps falls."""
    warmup: int = 100
    """Steps of warm-up."""
    weight_decay: float = 0.0
    """Decoupled weight decay."""
    clip: float = 1.0
    """Largest norm of the gradient; or, by value, of each of its elements times the learning
    rate."""
    clip_by: Literal["norm", "value"] = "norm"
    """norm, or value: each element by itself, in a range that widens as the rate falls (Kim et
    al.: VDSR, CVPR 2016)."""
    ema: float = 0.999
    """Decay of the averaged weights, which are the ones that validation and the result use."""
    steps: int | None = None
    """Length of the run in steps; give this or minutes."""
    minutes: float | None = None
    """Length of the run in minutes of wall time, which the schedule follows too."""
    precision: Literal["fp32", "bf16", "auto"] = "fp32"
    """auto is bf16 where the device has units for it; bf16 runs in channels_last."""
    uses: int = 1
    """How many batches the same crops make, turned and degraded in other ways: for small networks,
    whose training would wait for crops to be rendered."""
    workers: int | None = None
    """DataLoader workers; null: one on a CPU, all cores but two with a GPU."""
    seed: int = 0
    """Seed of the weights and of the scenes."""
    validate_every: int = 1000
    """Steps between validations on held-out maps."""
    validation_maps: int = 6
    """Held-out maps for each scale."""
    panels: int = 4
    """Maps that each validation plots: every stage beside its target."""
    checkpoint_seconds: float = 90.0
    """Seconds between checkpoints."""

    def __post_init__(self) -> None:
        self._check_data()
        self._check_loss()
        self._check_run()
        positive = ("learning_rate", "clip", "warmup", "checkpoint_seconds", "uses")
        for name in (*positive, "validate_every", "validation_maps"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}: give a positive number")
        for name in ("mse_weight", "surface_weight", "weight_decay", "workers", "drops", "panels"):
            if (getattr(self, name) or 0) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}: give 0 or more")

    def _check_data(self) -> None:
        if not self.crops:
            raise ConfigError("crops is empty: name at least one factor to train")
        too_large = [mix.scale for mix in self.crops if mix.scale > self.model.scale]
        if too_large:
            raise ConfigError(
                f"crops has scale {too_large[0]}: the model ends at {self.model.scale}"
            )
        if not self.maps:
            raise ConfigError("maps is empty: say where the high-resolution maps come from")
        if not self.degradations:
            raise ConfigError("degradations is empty: give at least one degradation")

    def _check_loss(self) -> None:
        if self.trains not in ("network", "expected_errors"):
            raise ConfigError(f"trains is {self.trains!r}: allowed are network and expected_errors")
        if self.trains == "expected_errors" and not self.model.confidence:
            raise ConfigError("trains is expected_errors, and the model has confidence 0: give 8")
        if self.loss not in get_args(LossKind):
            raise ConfigError(f"loss is {self.loss!r}: allowed are {', '.join(get_args(LossKind))}")
        weights = self.stage_weights
        if len(weights) not in (1, self.model.stages) or min(weights, default=-1) < 0:
            raise ConfigError(
                f"stage_weights is {list(weights)}: give one number, 0 or more, or "
                f"{self.model.stages} of them"
            )

    def _check_run(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise ConfigError(
                f"optimizer is {self.optimizer!r}: allowed are {', '.join(OPTIMIZERS)}"
            )
        if self.precision not in ("fp32", "bf16", "auto"):
            raise ConfigError(f"precision is {self.precision!r}: allowed are fp32, bf16, auto")
        if not 0 < self.ema < 1:
            raise ConfigError(f"ema is {self.ema}: give a number between 0 and 1")
        if (self.steps is None) == (self.minutes is None):
            raise ConfigError("give the run's length as steps or as minutes, one of them")
        if (self.steps or self.minutes or 0) <= 0:
            raise ConfigError("steps and minutes are positive numbers")
        if not 0 <= self.seed < LARGEST_SEED:
            raise ConfigError(f"seed is {self.seed}: give 0 to {LARGEST_SEED - 1}")

    def in_brief(self) -> Recipe:
        """Return the recipe cut to about a minute: a few steps, small batches, small crops."""
        crops = tuple(
            dataclasses.replace(mix, batch=min(2, mix.batch), crop=min(mix.crop, 8 * mix.scale))
            for mix in self.crops
        )
        return dataclasses.replace(
            self,
            crops=crops,
            steps=_BRIEF,
            minutes=None,
            warmup=2,
            validate_every=_BRIEF // 2,
            validation_maps=1,
        )

    def learning_from(self, folder: Path) -> Recipe:
        """Return the recipe with the maps of one folder that ``dsdmsr prepare`` has written.

        Raises:
            ConfigError: If the folder has no index of prepared maps.
        """
        try:
            with (folder / "train.csv").open(encoding="utf-8") as file:
                columns = file.readline().strip().split(",")
        except OSError as error:
            raise ConfigError(
                f"{folder} is not a folder written by dsdmsr prepare: {error.strerror}"
            ) from error
        source: Literal["shards", "pyramid"] = "shards" if "shard_path" in columns else "pyramid"
        return dataclasses.replace(self, maps=(Maps(source=source, folder=str(folder)),))

    def lasting(self, *, steps: int | None = None, minutes: float | None = None) -> Recipe:
        """Return the recipe with another length; with neither given, as it is."""
        if steps is None and minutes is None:
            return self
        return dataclasses.replace(self, steps=steps, minutes=minutes)
