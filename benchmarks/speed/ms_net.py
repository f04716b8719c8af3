"""MS-Net's form, written anew for its time: the best depth-only network with public figures."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dsdmsr.degradation.resample import resize

_REACH = 2
"""How many low-resolution pixels away the bicubic kernel reaches."""


class BicubicUpsampling(nn.Module):
    """Upsample by bicubic interpolation: a convolution for each pixel of an output block.

    It is `resize` but for the border, where pixels are repeated; runtimes are far faster at it than
    at their own resize operators.
    """

    kernels: Tensor

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        side = 2 * _REACH + 1
        impulses = torch.eye(side**2).reshape(-1, 1, side, side)
        block = slice(_REACH * scale, (_REACH + 1) * scale)
        responses = resize(impulses, scale)[:, 0, block, block]
        kernels = responses.flatten(1).T.reshape(-1, 1, side, side).contiguous()
        self.register_buffer("kernels", kernels, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return b 1 s·h s·w for b 1 h w."""
        padded = functional.pad(x, (_REACH,) * 4, mode="replicate")
        return functional.pixel_shuffle(functional.conv2d(padded, self.kernels), self.scale)


class MSNet(nn.Module):
    """Upscale what a map has beyond its local mean; the mean by bicubic resizing.

    Source:
        Hui, Loy, Tang: "Depth map super-resolution by deep multi-scale guidance", ECCV 2016, in
        the form without colour: its layers as the authors' description of the networks gives them.
    """

    def __init__(self, scale: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(1, 64, 5, padding=2), nn.PReLU(64)]
        channels = 64
        for _ in range(scale.bit_length() - 1):
            layers += [
                nn.ConvTranspose2d(channels, 32, 5, stride=2, padding=2, output_padding=1),
                nn.PReLU(32),
            ]
            channels = 32
        self.layers = nn.Sequential(*layers, nn.Conv2d(32, 1, 5, padding=2))
        self.upsample = BicubicUpsampling(scale)

    def forward(self, lr_depth: Tensor) -> Tensor:
        """Return b 1 s·h s·w for b 1 h w."""
        mean = functional.avg_pool2d(functional.pad(lr_depth, (1, 1, 1, 1), mode="replicate"), 3, 1)
        details: Tensor = self.layers(lr_depth - mean)
        upsampled: Tensor = self.upsample(mean)
        return details + upsampled
