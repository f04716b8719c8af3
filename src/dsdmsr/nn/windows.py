"""Answers for a part of a map, exactly as the whole map would give them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from dsdmsr.nn.fusion import Fusion
from dsdmsr.nn.model import CORRECTION_RADIUS, DSDMSR, back_project, made_smaller
from dsdmsr.nn.stage import Stage

__all__ = ["Window", "answer"]


class Window(NamedTuple):
    """A part of a map: rows `top` to `bottom`, columns `left` to `right`, the last not included."""

    top: int
    bottom: int
    left: int
    right: int

    def scaled(self, factor: int) -> Window:
        """Return the same part of a map `factor` times as large."""
        return Window(*(factor * edge for edge in self))

    def halved(self) -> Window:
        """Return the least part of a map half as large that covers this one."""
        top, bottom, left, right = self
        return Window(top // 2, -(-bottom // 2), left // 2, -(-right // 2))

    def grown(self, margin: int, height: int, width: int) -> Window:
        """Return the part with a margin on all sides, as far as the map goes."""
        return Window(
            max(0, self.top - margin),
            min(height, self.bottom + margin),
            max(0, self.left - margin),
            min(width, self.right + margin),
        )

    def of(self, x: Tensor, outer: Window) -> Tensor:
        """Return this part of a tensor that holds the part `outer`."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        columns = slice(self.left - outer.left, self.right - outer.left)
        return x[..., rows, columns]


def answer(
    model: DSDMSR,
    lr_depth: Float[Tensor, "b 1 h w"],
    scale: int,
    window: Window,
    *,
    errors: bool = False,
) -> Float[Tensor, "b c H W"]:
    """Return a network's answer for a part of a map, and perhaps what error it expects of it.

    It is what the whole map's answer holds there, but for the order of sums in floating point.
    Each stage sees as much around the part as can change it, and no more, so that little is
    computed twice: where maps are large, a stage's reach is small.

    Args:
        model: The network.
        lr_depth: The whole small map.
        scale: The factor.
        window: The part, in pixels of the small map.
        errors: Whether to tell the errors, if the network does.

    Returns:
        The part, `scale` times as large: one channel, or with errors two, the second of which is
        the expected absolute error.
    """
    height, width = lr_depth.shape[-2:]
    whole = Window(0, height, 0, width)
    count = model.stages_for(scale)
    stages: list[Stage] = list(model.stages[:count])  # type: ignore[arg-type]
    config = model.config
    margin = CORRECTION_RADIUS * config.consistency
    if model.fusion is not None:
        # Its unit, and the interpolation of smaller maps.
        margin += -(-model.fusion.unit.radius // scale) + 1
    outer = window.grown(margin, height, width)
    # What each stage must give, from the last to the first; then what the first needs.
    parts = [outer.scaled(2**count)]
    for k in reversed(range(count)):
        parts.append(parts[-1].halved().grown(stages[k].radius, height << k, width << k))
    parts.reverse()

    depth, carried, log_error = parts[0].of(lr_depth, whole), None, None
    maps = []
    for k, stage in enumerate(stages):
        depth, carried, log_error = stage(depth, carried, answers=k == count - 1, errors=errors)
        made = parts[k].scaled(2)
        depth = parts[k + 1].of(depth, made)
        carried = None if carried is None else parts[k + 1].of(carried, made)
        maps.append(depth)
    small, answered = outer.of(lr_depth, whole), outer.scaled(scale)
    if log_error is not None:
        log_error = parts[-1].of(log_error, parts[-2].scaled(2))
    if 2**count > scale:
        depth, log_error = made_smaller(depth, log_error)
    if model.fusion is not None:
        depth = _fused(model.fusion, small, maps, parts, outer)
    for _ in range(config.consistency):
        depth = back_project(depth, small, scale)
    wanted = window.scaled(scale)
    if log_error is None:
        return wanted.of(depth, answered)
    return torch.cat([wanted.of(depth, answered), wanted.of(log_error, answered).exp()], 1)


def _fused(
    fusion: Fusion, small: Tensor, maps: list[Tensor], parts: list[Window], outer: Window
) -> Tensor:
    held = [
        outer.scaled(2**k).of(depth, part)
        for k, (depth, part) in enumerate(zip(maps, parts[1:], strict=True), start=1)
    ]
    fused: Tensor = fusion(small, held)
    return fused
