"""Multi-scale fusion of the input and all stages' outputs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from dsdmsr.nn.config import ModelConfig
from dsdmsr.nn.units import Unit

__all__ = ["Fusion"]


class Fusion(nn.Module):
    """Upsample all maps to the final size, average them, and pass the mean through one unit.

    With ``config.fusion == "legacy"`` the stages' outputs are summed and the input is left out,
    as in an early implementation of the method; kept for comparison.

    Source:
        Song, Dai, Qin: arXiv 1808.08688, section 3 (multi-scale fusion).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.legacy = config.fusion == "legacy"
        self.unit = Unit(
            config.unit,
            in_channels=1,
            width=config.width_of(config.stages - 1),
            depth=config.depth_of(config.stages - 1),
            copies=1,
            outputs=1,
            bias=config.bias,
        )
        self.adds_input = config.unit != "srcnn"

    def forward(
        self, lr_depth: Float[Tensor, "b 1 h w"], stages: Sequence[Float[Tensor, "b 1 ? ?"]]
    ) -> Float[Tensor, "b 1 h2 w2"]:
        """Return the fused map at the size of the last stage's output."""
        maps = list(stages) if self.legacy else [lr_depth, *stages]
        size = stages[-1].shape[-2:]
        upsampled = [
            functional.interpolate(m, size=size, mode="bilinear", align_corners=False)
            for m in maps[:-1]
        ]
        total = torch.stack([*upsampled, maps[-1]]).sum(0)
        merged = total if self.legacy else total / len(maps)
        residual: Tensor = self.unit.head(self.unit(merged))
        return merged + residual if self.adds_input else residual
