"""Forms of other networks for ×4, written anew from their papers, with random weights.

They are timed alone. All take one channel and return one; re-parameterised convolutions have the
merged form that runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.speed.ms_net import MSNet

__all__ = ["PEERS", "RLFN", "SPAN", "Peer", "espcn", "fsrcnn"]

SCALE = 4


def _conv(inputs: int, outputs: int, side: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, padding=side // 2)


def espcn() -> nn.Module:
    """Return ESPCN: 5×5×64, 3×3×32, and a 3×3 layer whose channels are the pixels of ×4."""
    return nn.Sequential(
        _conv(1, 64, 5),
        nn.Tanh(),
        _conv(64, 32, 3),
        nn.Tanh(),
        _conv(32, SCALE**2, 3),
        nn.PixelShuffle(SCALE),
    )


def fsrcnn() -> nn.Module:
    """Return FSRCNN with d = 56, s = 12, m = 4: it shrinks, maps, expands, and deconvolves."""
    layers: list[nn.Module] = [_conv(1, 56, 5), nn.PReLU(56), _conv(56, 12, 1), nn.PReLU(12)]
    for _ in range(4):
        layers += [_conv(12, 12, 3), nn.PReLU(12)]
    layers += [_conv(12, 56, 1), nn.PReLU(56)]
    deconvolution = nn.ConvTranspose2d(56, 1, 9, SCALE, padding=4, output_padding=SCALE - 1)
    return nn.Sequential(*layers, deconvolution)


class _AttentionBlock(nn.Module):
    """SPAN's block: three convolutions, whose output weights its own sum with the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(width, width, 3), nn.SiLU(), _conv(width, width, 3), nn.SiLU()
        )
        self.last = _conv(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return features, the shape of `x`."""
        change = self.last(self.layers(x))
        return (x + change) * (torch.sigmoid(change) - 0.5)


class SPAN(nn.Module):
    """Six blocks with attention that has no parameters, and features of four depths combined.

    Args:
        width: Channels of the features.
        channels: Those of the map.
    """

    def __init__(self, width: int = 48, channels: int = 1) -> None:
        super().__init__()
        self.first = _conv(channels, width, 3)
        self.blocks = nn.ModuleList(_AttentionBlock(width) for _ in range(6))
        self.last = _conv(width, width, 3)
        self.combine = _conv(4 * width, width, 1)
        self.upsample = nn.Sequential(_conv(width, SCALE**2 * channels, 3), nn.PixelShuffle(SCALE))

    def forward(self, x: Tensor) -> Tensor:
        """Return b c 4·h 4·w for b c h w."""
        features = [self.first(x)]
        for block in self.blocks:
            features.append(block(features[-1]))
        parts = [features[0], features[1], features[5], self.last(features[6])]
        upsampled: Tensor = self.upsample(self.combine(torch.cat(parts, 1)))
        return upsampled


class _SpatialAttention(nn.Module):
    """RLFN's enhanced spatial attention, at a sixth of the size."""

    def __init__(self, width: int, inner: int = 16) -> None:
        super().__init__()
        self.narrow = _conv(width, inner, 1)
        self.beside = _conv(inner, inner, 1)
        self.halve = nn.Conv2d(inner, inner, 3, stride=2)
        self.around = _conv(inner, inner, 3)
        self.widen = _conv(inner, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, weighted."""
        narrow = self.narrow(x)
        small = self.around(functional.max_pool2d(self.halve(narrow), 7, 3))
        wide = functional.interpolate(small, x.shape[-2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.widen(wide + self.beside(narrow)))


class _LocalFeatureBlock(nn.Module):
    """RLFN's block: three convolutions, the input added, and spatial attention."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(3):
            layers += [_conv(width, width, 3), nn.LeakyReLU(0.05)]
        self.layers = nn.Sequential(*layers)
        self.after = nn.Sequential(_conv(width, width, 1), _SpatialAttention(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return features, the shape of `x`."""
        features: Tensor = self.after(x + self.layers(x))
        return features


class RLFN(nn.Module):
    """Six blocks of local features, and a skip over all of them.

    Args:
        width: Channels of the features.
        channels: Those of the map.
    """

    def __init__(self, width: int = 52, channels: int = 1) -> None:
        super().__init__()
        self.first = _conv(channels, width, 3)
        blocks = [_LocalFeatureBlock(width) for _ in range(6)]
        self.blocks = nn.Sequential(*blocks, _conv(width, width, 3))
        self.upsample = nn.Sequential(_conv(width, SCALE**2 * channels, 3), nn.PixelShuffle(SCALE))

    def forward(self, x: Tensor) -> Tensor:
        """Return b c 4·h 4·w for b c h w."""
        features = self.first(x)
        upsampled: Tensor = self.upsample(features + self.blocks(features))
        return upsampled


class Peer(NamedTuple):
    """A network to compare with."""

    form: Callable[[], nn.Module]
    """Gives the network, for ×4."""
    source: str
    """The paper."""


PEERS: dict[str, Peer] = {
    "ESPCN": Peer(espcn, "Shi et al., CVPR 2016, arXiv 1609.05158"),
    "FSRCNN": Peer(fsrcnn, "Dong, Loy, Tang, ECCV 2016, arXiv 1608.00367"),
    "MS-Net": Peer(lambda: MSNet(SCALE), "Hui, Loy, Tang, ECCV 2016"),
    "RLFN": Peer(RLFN, "Kong et al., CVPR Workshops 2022, arXiv 2205.07514"),
    "SPAN": Peer(SPAN, "Wan et al., CVPR Workshops 2024, arXiv 2311.12770"),
}
"""Name → form and paper."""
