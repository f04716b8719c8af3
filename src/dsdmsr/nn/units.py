"""DCNN units: the small networks that turn a map into its views.

A stage needs one unit for each of the four views. `copies` independent units run as one grouped
network: the first layer is ungrouped (all units read the same input), every later layer has
``groups=copies``. The arithmetic is that of separate units.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from dsdmsr.nn.blocks import BLOCKS, ResidualBlock

__all__ = ["UNITS", "DifferenceConv2d", "Unit", "UnitKind", "begin_small"]

UnitKind = Literal["srcnn", "vdsr", "residual", "large_kernel", "gated"]
UNITS: tuple[UnitKind, ...] = get_args(UnitKind)


class DifferenceConv2d(nn.Conv2d):
    """Convolve so that adding a constant to channel 0 (the depth map) changes nothing.

    The kernel slices that read channel 0 are used less their mean, so that they sum to zero, and
    the border is replicated. Together with layers that have no bias, the network then commutes
    with ``a·z + b`` for every a ≥ 0: what it has learned of a tall step it knows of a low one.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size, bias=False)
        self.margin = kernel_size // 2

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        """Return the convolution of `x` at the size of `x`."""
        on_depth = self.weight[:, :1]
        weight = torch.cat(
            [on_depth - on_depth.mean(dim=(2, 3), keepdim=True), self.weight[:, 1:]], 1
        )
        padded = functional.pad(x, (self.margin,) * 4, mode="replicate")
        kind = x.device.type
        half = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        if kind != "cuda" and not half:
            return functional.conv2d(padded, weight)
        # Half precision keeps 8 bits of a depth and TF32, which GPUs use otherwise, keeps 11: that
        # leaves nothing of small differences.
        with torch.autocast(kind, enabled=False), _without_tf32():
            seen = functional.conv2d(padded[:, :1].float(), weight[:, :1].float())
        if x.shape[1] == 1:
            return seen
        return seen + functional.conv2d(padded[:, 1:], weight[:, 1:])


def _without_tf32() -> AbstractContextManager[None]:
    """Let convolutions of float32 be exact on GPUs, too."""
    cudnn = torch.backends.cudnn
    flags: AbstractContextManager[None] = cudnn.flags(
        enabled=cudnn.enabled,
        benchmark=cudnn.benchmark,
        deterministic=cudnn.deterministic,
        allow_tf32=False,
    )
    return flags


def _conv(
    in_channels: int, out_channels: int, kernel: int, *, groups: int = 1, bias: bool
) -> nn.Conv2d:
    return nn.Conv2d(
        in_channels, out_channels, kernel, padding=kernel // 2, groups=groups, bias=bias
    )


def begin_small(head: nn.Conv2d) -> None:
    """Let a layer whose output is added to the input begin near zero."""
    nn.init.normal_(head.weight, std=1e-3)
    if head.bias is not None:
        nn.init.zeros_(head.bias)


def _begin_by_he(layers: Sequence[nn.Module]) -> None:
    """Let plain layers hand on as much as they get, however many there are.

    Source:
        He et al.: "Delving deep into rectifiers", ICCV 2015, as VDSR begins.
    """
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@torch.no_grad()
def _begin_as_identity(layers: Sequence[nn.Module], copies: int) -> None:
    """Let each copy's first channels hand on a map that is not negative; the rest stays random.

    A unit that does not add its input would otherwise spend most of a short training on learning
    to repeat it.
    """
    for layer in layers:
        assert isinstance(layer, nn.Conv2d)
        middle, rows = layer.kernel_size[0] // 2, layer.out_channels // copies
        if layer is layers[-1]:
            begin_small(layer)
            layer.weight[:, 0, middle, middle] = 1.0
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
        for first in range(0, layer.out_channels, rows):
            layer.weight[first] = 0.0
            layer.weight[first, 0, middle, middle] = 1.0


class Unit(nn.Module):
    """Turn a map (and features handed on) into views: `copies` DCNN units side by side.

    Attributes:
        feature_channels: Channels of the features before the last layer, over all copies.
        radius: How many pixels away an input pixel can still change an output pixel.

    Args:
        kind: ``srcnn`` (9×9, 5×5, 5×5), ``vdsr`` (3×3 layers), or a stack of blocks:
            ``residual``, ``large_kernel`` or ``gated``, see `dsdmsr.nn.blocks`.
        in_channels: Channels of the input; channel 0 is the depth map.
        width: Channels of the widest layer of one copy.
        depth: Layers for ``vdsr``, else blocks; ``srcnn`` always has three layers.
        copies: Independent units side by side.
        outputs: Maps that each copy makes.
        bias: Whether the convolutions have a bias.
        differences: Whether the first layer sees differences of depth only.
        dilations: Dilations of residual blocks after the others.

    Source:
        ``srcnn``: Dong et al., ECCV 2014; ``vdsr``: Kim et al., CVPR 2016.
    """

    def __init__(
        self,
        kind: UnitKind,
        *,
        in_channels: int,
        width: int,
        depth: int,
        copies: int,
        outputs: int,
        bias: bool,
        differences: bool = False,
        dilations: Sequence[int] = (),
    ) -> None:
        super().__init__()
        wide = copies * width
        first_kernel = 9 if kind == "srcnn" else 3
        first: nn.Module
        if differences:
            first = DifferenceConv2d(in_channels, wide, first_kernel)
        else:
            first = _conv(in_channels, wide, first_kernel, bias=bias)
        if kind == "srcnn":
            self.feature_channels = wide // 2
            middle = _conv(wide, self.feature_channels, 5, groups=copies, bias=bias)
            layers: list[nn.Module] = [first, nn.ReLU(), middle, nn.ReLU()]
            self.radius = 4 + 2 + 2
        elif kind == "vdsr":
            self.feature_channels = wide
            layers = [first, nn.ReLU()]
            for _ in range(depth - 2):
                layers += [_conv(wide, wide, 3, groups=copies, bias=bias), nn.ReLU()]
            _begin_by_he(layers)
            self.radius = depth
        else:
            self.feature_channels = wide
            block = BLOCKS[kind]
            layers = [first, *(block(width, copies=copies, bias=bias) for _ in range(depth))]
            self.radius = block.radius * depth + 2
            for dilation in dilations:
                layers.append(ResidualBlock(width, copies=copies, bias=bias, dilation=dilation))
                self.radius += ResidualBlock.radius * dilation
        self.features = nn.Sequential(*layers)
        last_kernel = 5 if kind == "srcnn" else 3
        self.head = _conv(
            self.feature_channels, copies * outputs, last_kernel, groups=copies, bias=bias
        )
        if kind == "srcnn":
            _begin_as_identity((layers[0], layers[2], self.head), copies)
        else:
            begin_small(self.head)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f h w"]:
        """Return the features from which `head` makes ``copies·outputs`` maps."""
        features: Tensor = self.features(x)
        return features
