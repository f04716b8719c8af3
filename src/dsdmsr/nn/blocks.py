"""Residual blocks that units are stacked from; each is initialised as the identity.

Without a bias each is positively homogeneous: twice the input gives twice the output.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["BLOCKS", "NO_ACTIVITY", "GatedBlock", "LargeKernelBlock", "ResidualBlock"]

NO_ACTIVITY = 1e-6
"""Mean activity below which gates close, where features are of the order of 1."""


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with a ReLU between.

    Args:
        width: Channels of one copy.
        copies: Independent blocks side by side.
        bias: Whether the convolutions have a bias.
        dilation: How many pixels apart the kernels' elements are.
        hidden: Channels of one copy between the convolutions. Default: `width`.

    Source:
        Lim et al.: "Enhanced deep residual networks for single image super-resolution",
        CVPRW 2017; with dilation: Yu, Koltun, Funkhouser: "Dilated residual networks", CVPR 2017.
    """

    radius = 2

    def __init__(
        self,
        width: int,
        *,
        copies: int,
        bias: bool,
        dilation: int = 1,
        hidden: int | None = None,
    ) -> None:
        super().__init__()
        wide, inner = copies * width, copies * (width if hidden is None else hidden)
        self.conv1, self.conv2 = (
            nn.Conv2d(of, to, 3, 1, dilation, dilation, groups=copies, bias=bias)
            for of, to in ((wide, inner), (inner, wide))
        )
        nn.init.kaiming_normal_(self.conv1.weight, nonlinearity="relu")
        _init_zero(self.conv2)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return the block's output, the shape of `x`."""
        change: Tensor = self.conv2(functional.relu(self.conv1(x), inplace=True))
        return change.add_(x)


class LargeKernelBlock(nn.Module):
    """A 7×7 convolution of each channel, then two layers over channels with a ReLU between.

    Source:
        Liu et al.: "A ConvNet for the 2020s", CVPR 2022; here without normalisation, and two
        times as wide inside.
    """

    radius = 3

    def __init__(self, width: int, *, copies: int, bias: bool) -> None:
        super().__init__()
        wide = copies * width
        self.around = nn.Conv2d(wide, wide, 7, padding=3, groups=wide, bias=bias)
        self.widen = nn.Conv2d(wide, 2 * wide, 1, groups=copies, bias=bias)
        self.narrow = nn.Conv2d(2 * wide, wide, 1, groups=copies, bias=bias)
        nn.init.kaiming_normal_(self.around.weight, nonlinearity="linear")
        nn.init.kaiming_normal_(self.widen.weight, nonlinearity="relu")
        _init_zero(self.narrow)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return the block's output, the shape of `x`."""
        inner = functional.relu(self.widen(self.around(x)), inplace=True)
        change: Tensor = self.narrow(inner)
        return change.add_(x)


class GatedBlock(nn.Module):
    """Two branches, of which one gates the other.

    A gate is a channel's activity relative to the mean activity of its unit's gates at that
    pixel, so that the block stays homogeneous.

    Source:
        After Chen et al.: "Simple baselines for image restoration", ECCV 2022, whose gate is a
        plain product, without normalisation of the input and attention over the whole image.
    """

    radius = 1

    def __init__(self, width: int, *, copies: int, bias: bool) -> None:
        super().__init__()
        wide = copies * width
        self.copies = copies
        self.widen = nn.Conv2d(wide, 2 * wide, 1, groups=copies, bias=bias)
        self.around = nn.Conv2d(2 * wide, 2 * wide, 3, padding=1, groups=2 * wide, bias=bias)
        self.narrow = nn.Conv2d(wide, wide, 1, groups=copies, bias=bias)
        nn.init.kaiming_normal_(self.widen.weight, nonlinearity="linear")
        nn.init.kaiming_normal_(self.around.weight, nonlinearity="linear")
        _init_zero(self.narrow)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return the block's output, the shape of `x`."""
        branches = self.around(self.widen(x)).unflatten(1, (self.copies, 2, -1))
        passed, gates = branches[:, :, 0], functional.relu(branches[:, :, 1])
        activity = gates.mean(2, keepdim=True).clamp(min=NO_ACTIVITY)
        change: Tensor = self.narrow((passed * gates / activity).flatten(1, 2))
        return change.add_(x)


BLOCKS: dict[str, type[ResidualBlock | LargeKernelBlock | GatedBlock]] = {
    "residual": ResidualBlock,
    "large_kernel": LargeKernelBlock,
    "gated": GatedBlock,
}
"""Kind of unit → its block."""


def _init_zero(layer: nn.Conv2d) -> None:
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
