"""DSDMSR network: a cascade of ×2 stages, deeply supervised, fused over all scales."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from dsdmsr.degradation.resample import resize
from dsdmsr.depth.resize import CORRECTION_RADIUS
from dsdmsr.nn.config import ModelConfig
from dsdmsr.nn.fusion import Fusion
from dsdmsr.nn.stage import Stage
from dsdmsr.nn.symmetry import init_symmetric
from dsdmsr.scales import SCALES, check_scale

__all__ = ["DSDMSR", "Prediction", "back_project", "halve"]


class Prediction(NamedTuple):
    """Outputs of a forward pass."""

    stages: tuple[Float[Tensor, "b 1 ? ?"], ...]
    """Each stage's map, smallest first: twice, four times, … the input's size."""
    fused: Float[Tensor, "b 1 h w"]
    """The final prediction; without a fusion unit, the last of `stages`."""
    log_error: Float[Tensor, "b 1 h w"] | None = None
    """Logarithm of the absolute error that the network expects of it, if it estimates errors."""

    def part(self, which: slice) -> Prediction:
        """Return the outputs of some of the maps; outputs that are one tensor stay one."""
        stages = tuple(stage[which] for stage in self.stages)
        is_last = self.fused is self.stages[-1]
        fused = stages[-1] if is_last else self.fused[which]
        return Prediction(stages, fused, None if self.log_error is None else self.log_error[which])


class DSDMSR(nn.Module):
    """Upscale a depth map `scale` times, stage by stage.

    Args:
        config: The network's configuration.

    Source:
        Song, Dai, Qin: "Deeply Supervised Depth Map Super-Resolution as Novel View Synthesis",
        arXiv 1808.08688.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.stages = nn.ModuleList(Stage(config, k) for k in range(config.stages))
        self.fusion = None if config.fusion == "none" else Fusion(config)
        if config.symmetric:
            init_symmetric(self)

    def forward(self, lr_depth: Float[Tensor, "b 1 h w"], scale: int | None = None) -> Prediction:
        """Return every stage's map and the fused one.

        Args:
            lr_depth: The low-resolution map, normalised to about 0…1, of any size from 1×1.
            scale: A factor up to ``config.scale``; its first stages run. Default: the largest.

        Raises:
            ScaleError: If `scale` is not one that this network serves.
        """
        scale = self.config.scale if scale is None else check_scale(scale, self.scales)
        count = self.stages_for(scale)
        depth, carried = lr_depth, None
        maps: list[Tensor] = []
        for k, stage in enumerate(self.stages[:count]):
            depth, carried, log_error = stage(depth, carried, is_last=k == count - 1)
            maps.append(depth)
        if 2**count > scale:
            fused, log_error = halve(maps.pop(), log_error)
        else:
            fused = maps[-1] if self.fusion is None else self.fusion(lr_depth, maps)
        for _ in range(self.config.consistency):
            fused = back_project(fused, lr_depth, scale)
        return Prediction(tuple(maps), fused, log_error)

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors that this network serves."""
        return tuple(s for s in SCALES if s <= self.config.scale)

    def stages_for(self, scale: int) -> int:
        """Return how many stages run for a factor: one more than it takes, if supersampled."""
        count = scale.bit_length() - 1
        return min(count + self.config.supersampled, self.config.stages)

    def receptive_radius(self, scale: int | None = None) -> int:
        """Return how many input pixels away a pixel can still change the output at `scale`."""
        scale = self.config.scale if scale is None else check_scale(scale, self.scales)
        count = self.stages_for(scale)
        pixels = 0.0
        for k in range(count):
            stage: Stage = self.stages[k]  # type: ignore[assignment]
            pixels += stage.radius / 2**k
        if self.fusion is not None:
            pixels += 1 + self.fusion.unit.radius / scale
        pixels += CORRECTION_RADIUS * self.config.consistency
        return int(-(-pixels // 1))


def back_project(
    depth: Float[Tensor, "b 1 H W"], lr_depth: Float[Tensor, "b 1 h w"], scale: int
) -> Float[Tensor, "b 1 H W"]:
    """Correct a prediction towards agreement with its low-resolution input.

    The difference between the input and the downsampled prediction is upsampled and added (both
    bicubic).

    Source:
        Irani, Peleg: "Improving resolution by image registration", CVGIP 1991.
    """
    pred, given = (x.float() if x.dtype.itemsize < 4 else x for x in (depth, lr_depth))
    residual = given - resize(pred, 1 / scale)
    return pred + resize(residual, scale)


def halve(
    depth: Float[Tensor, "b 1 H W"], log_error: Float[Tensor, "b 1 H W"] | None
) -> tuple[Float[Tensor, "b 1 h w"], Float[Tensor, "b 1 h w"] | None]:
    """Return a prediction and the logarithm of its expected errors at half the size.

    Both are means over blocks of 2×2: an edge between blocks stays as crisp as it is, and errors
    beside each other are alike.
    """
    whole = depth.float() if depth.dtype.itemsize < 4 else depth
    if log_error is not None:
        log_error = functional.avg_pool2d(log_error.exp(), 2).log()
    return functional.avg_pool2d(whole, 2), log_error
