"""DCNN units: the small networks that turn a map into its views.

A stage needs one unit for each of the four views. `copies` independent units run as one grouped
network: the first layer is ungrouped (all units read the same input), every later layer has
``groups=copies``. The arithmetic is that of separate units.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from dsdmsr.nn.blocks import BLOCKS, ResidualBlock

__all__ = ["UNITS", "DifferenceConv2d", "Unit", "UnitKind", "init_near_zero"]

UnitKind = Literal["srcnn", "vdsr", "residual", "large_kernel", "gated"]
UNITS: tuple[UnitKind, ...] = get_args(UnitKind)


class DifferenceConv2d(nn.Conv2d):
    """Convolve so that adding a constant to channel 0 (the depth map) changes nothing.

    The kernel slices that read channel 0 are used less their mean, so that they sum to zero, and
    the border is replicated. Together with layers that have no bias, the network then commutes
    with ``a·z + b`` for every a ≥ 0: what it has learned from a high step holds for a low one.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size, bias=False)
        self.margin = kernel_size // 2

    def forward(
        self, depth: Float[Tensor, "b 1 h w"], carried: Float[Tensor, "b c h w"] | None = None
    ) -> Float[Tensor, "b d h w"]:
        """Return the convolution of a map and perhaps features, at their size."""
        on_depth = self.weight[:, :1]
        kernel = on_depth - on_depth.mean(dim=(2, 3), keepdim=True)
        kind = depth.device.type
        half = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        if kind != "cuda" and not half:
            of_depth = functional.conv2d(self._padded(depth), kernel)
        else:
            # Half precision keeps 8 bits of a depth, and TF32, which GPUs use otherwise, 11: small
            # differences would be lost.
            with torch.autocast(kind, enabled=False), _without_tf32():
                of_depth = functional.conv2d(self._padded(depth).float(), kernel.float())
        if carried is None:
            return of_depth
        return of_depth + functional.conv2d(self._padded(carried), self.weight[:, 1:])

    def _padded(self, x: Tensor) -> Tensor:
        return functional.pad(x, (self.margin,) * 4, mode="replicate")


def _without_tf32() -> AbstractContextManager[None]:
    """Compute float32 convolutions in full precision on GPUs, too."""
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


def init_near_zero(head: nn.Conv2d) -> None:
    """Initialise a layer whose output is added to the input near zero."""
    nn.init.normal_(head.weight, std=1e-3)
    if head.bias is not None:
        nn.init.zeros_(head.bias)


def _init_he(layers: Sequence[nn.Module]) -> None:
    """Initialise plain layers so that signals keep their variance, however many there are.

    Source:
        He et al.: "Delving deep into rectifiers", ICCV 2015, as in VDSR.
    """
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@torch.no_grad()
def _init_identity(layers: Sequence[nn.Module], copies: int) -> None:
    """Let each copy's first channels pass a non-negative map unchanged; the rest stays random.

    A unit that does not add its input would otherwise spend most of a short training on learning
    the identity.
    """
    for layer in layers:
        assert isinstance(layer, nn.Conv2d)
        middle, rows = layer.kernel_size[0] // 2, layer.out_channels // copies
        if layer is layers[-1]:
            init_near_zero(layer)
            layer.weight[:, 0, middle, middle] = 1.0
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
        for first in range(0, layer.out_channels, rows):
            layer.weight[first] = 0.0
            layer.weight[first, 0, middle, middle] = 1.0


def _plain_layers(wide: int, count: int, *, copies: int, bias: bool) -> list[nn.Module]:
    """Return VDSR's middle layers, with the ReLU of the first layer before them."""
    layers: list[nn.Module] = [nn.ReLU()]
    for _ in range(count):
        layers += [_conv(wide, wide, 3, groups=copies, bias=bias), nn.ReLU()]
    return layers


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
        outputs: Output maps of each copy.
        bias: Whether the convolutions have a bias.
        differences: Whether the first layer sees differences of depth only.
        dilations: Dilations of residual blocks after the others.
        hidden: Channels between the convolutions of each ``residual`` block; empty: `width`.

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
        hidden: Sequence[int] = (),
    ) -> None:
        super().__init__()
        wide = copies * width
        first_kernel, last_kernel = (9, 5) if kind == "srcnn" else (3, 3)
        first_conv = DifferenceConv2d if differences else partial(_conv, bias=bias)
        layers: list[nn.Module] = [first_conv(in_channels, wide, first_kernel)]
        self.feature_channels = wide // 2 if kind == "srcnn" else wide
        if kind == "srcnn":
            middle = _conv(wide, self.feature_channels, 5, groups=copies, bias=bias)
            layers += [nn.ReLU(), middle, nn.ReLU()]
            self.radius = 4 + 2 + 2
        elif kind == "vdsr":
            layers += _plain_layers(wide, depth - 2, copies=copies, bias=bias)
            _init_he(layers)
            self.radius = depth
        else:
            block, residual = BLOCKS[kind], partial(ResidualBlock, width, copies=copies, bias=bias)
            inner = tuple(hidden) or (width,) * (depth + len(dilations))
            if block is ResidualBlock:
                layers += [residual(hidden=channels) for channels in inner[:depth]]
            else:
                layers += [block(width, copies=copies, bias=bias) for _ in range(depth)]
            layers += [
                residual(dilation=dilation, hidden=channels)
                for dilation, channels in zip(dilations, inner[depth:], strict=True)
            ]
            self.radius = block.radius * depth + 2 + ResidualBlock.radius * sum(dilations)
        self.features = nn.Sequential(*layers)
        channels = copies * outputs
        self.head = _conv(self.feature_channels, channels, last_kernel, groups=copies, bias=bias)
        if kind == "srcnn":
            _init_identity((layers[0], layers[2], self.head), copies)
        else:
            init_near_zero(self.head)

    def forward(
        self, depth: Float[Tensor, "b 1 h w"], carried: Float[Tensor, "b c h w"] | None = None
    ) -> Float[Tensor, "b f h w"]:
        """Return the features from which `head` computes ``copies·outputs`` maps.

        Args:
            depth: The low-resolution map.
            carried: Features handed on, ``in_channels - 1`` of them; or, where ``in_channels`` is
                1, as many as the first layer gives, to which they are added.
        """
        first, *others = self.features
        if carried is not None and first.in_channels == 1:
            features: Tensor = first(depth) + carried
        elif isinstance(first, DifferenceConv2d):
            features = first(depth, carried)
        else:
            features = first(depth if carried is None else torch.cat([depth, carried], 1))
        for layer in others:
            features = layer(features)
        return features
