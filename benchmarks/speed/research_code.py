"""The research code's form of the network, written anew: the reference for time.

The same convolutions as `ModelConfig(unit="srcnn", fusion="legacy")`, but four networks
run one after the other in each stage, and the views are interleaved image by image, by products
with sparse matrices that are built on the way.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def srcnn() -> nn.Module:
    """Return the unit of three layers."""
    layers = [(1, 64, 9), (64, 32, 5), (32, 1, 5)]
    modules: list[nn.Module] = []
    for inputs, outputs, side in layers:
        modules += [nn.Conv2d(inputs, outputs, side, padding=side // 2), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def interleave(views: list[Tensor]) -> Tensor:
    """Return b 1 2h 2w for four views of b 1 h w, by sparse products."""
    batch, _, height, width = views[0].shape
    images = []
    for b in range(batch):
        total = torch.zeros(2 * height, 2 * width, device=views[0].device)
        for k, view in enumerate(views):
            rows = _spread(height, k // 2)
            columns = _spread(width, k % 2)
            tall = torch.sparse.mm(rows.to(view.device), view[b, 0])
            total = total + torch.sparse.mm(columns.to(view.device), tall.T).T
        images.append(total)
    return torch.stack(images)[:, None]


def _spread(length: int, offset: int) -> Tensor:
    """Return the sparse matrix, 2n × n, that puts entry i at 2i + offset."""
    index = torch.arange(length)
    places = torch.stack([2 * index + offset, index])
    return torch.sparse_coo_tensor(
        places, torch.ones(length), (2 * length, length), check_invariants=False
    )


class ResearchForm(nn.Module):
    """A cascade of ×2 stages of SRCNN units, and the sum of all stages through one more unit."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.ModuleList(srcnn() for _ in range(4)) for _ in range(scale.bit_length() - 1)
        )
        self.fusion = srcnn()

    def forward(self, lr_depth: Tensor) -> Tensor:
        """Return b 1 s·h s·w for b 1 h w."""
        depth, maps = lr_depth, []
        for stage in self.stages:
            depth = interleave([unit(depth) for unit in stage])
            maps.append(depth)
        size = list(depth.shape[-2:])
        total = sum(functional.interpolate(m, size, mode="bilinear") for m in maps)
        return self.fusion(total)
