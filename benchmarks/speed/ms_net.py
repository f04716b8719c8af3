"""MS-Net's form, written anew for its time: the best depth-only network with public figures."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from dsdmsr.degradation.resample import resize


class MSNet(nn.Module):
    """Upscale what a map has beyond its local mean; the mean by bicubic resizing.

    Source:
        Hui, Loy, Tang: "Depth map super-resolution by deep multi-scale guidance", ECCV 2016, in
        the form without colour: its layers as the authors' description of the networks gives them.
    """

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = [nn.Conv2d(1, 64, 5, padding=2), nn.PReLU(64)]
        channels = 64
        for _ in range(scale.bit_length() - 1):
            layers += [
                nn.ConvTranspose2d(channels, 32, 5, stride=2, padding=2, output_padding=1),
                nn.PReLU(32),
            ]
            channels = 32
        self.layers = nn.Sequential(*layers, nn.Conv2d(32, 1, 5, padding=2))

    def forward(self, lr_depth: Tensor) -> Tensor:
        """Return b 1 s·h s·w for b 1 h w."""
        mean = functional.avg_pool2d(functional.pad(lr_depth, (1, 1, 1, 1), mode="replicate"), 3, 1)
        details: Tensor = self.layers(lr_depth - mean)
        return details + resize(mean, self.scale)
