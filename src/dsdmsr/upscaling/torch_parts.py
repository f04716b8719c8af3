"""Answers for a part of a map, exactly as the whole map would give them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from dsdmsr.nn.fusion import Fusion
from dsdmsr.nn.model import CORRECTION_RADIUS, DSDMSR, back_project, halve
from dsdmsr.nn.stage import Stage, StageOutput
from dsdmsr.upscaling.window import Window

__all__ = ["Part"]


class Part:
    """A part of a map, and answers for what lies in it, exactly as the whole map would give them.

    An answer is what the whole map's answer holds there, but for the order of sums in floating
    point. Each stage sees as much around as can change it, and no more, so that little is computed
    twice: where maps are large, a stage's reach is small. The first stage, which reaches furthest,
    runs once for the whole part.

    Args:
        model: The network.
        lr_depth: The whole small map, b 1 h w.
        scale: The factor.
        window: The part, in pixels of the small map.
    """

    def __init__(
        self, model: DSDMSR, lr_depth: Float[Tensor, "b 1 h w"], scale: int, window: Window
    ) -> None:
        self.model, self.scale, self.window = model, scale, window
        self._size = lr_depth.shape[-2:]
        self._stages: list[Stage] = list(model.stages[: model.stages_for(scale)])  # type: ignore[arg-type]
        self._margin = CORRECTION_RADIUS * model.config.consistency
        if model.fusion is not None:
            # Its unit, and the interpolation of smaller maps.
            self._margin += -(-model.fusion.unit.radius // scale) + 1
        outer = window.grown(self._margin, *self._size)
        whole = Window(0, self._size[0], 0, self._size[1])
        self._small, self._outer = outer.of(lr_depth, whole), outer
        parts = self._parts(outer)
        self._depth: Tensor = parts[0].of(lr_depth, whole)
        self._carried: Tensor | None = None
        self._begun = int(len(self._stages) > 1)
        if self._begun:
            made = self._stages[0](self._depth, is_last=False)
            depth, carried = _cropped(made, parts[1], parts[0].scaled(2))
            # What lies around is not held.
            self._depth = depth.clone()
            self._carried = None if carried is None else carried.clone()
        self._held = parts[self._begun]

    def _parts(self, outer: Window) -> list[Window]:
        """Return what stages need for a part of the answer: the first, the second, …; and it."""
        count, (height, width) = len(self._stages), self._size
        parts = [outer.scaled(2**count)]
        for k in reversed(range(count)):
            reach = self._stages[k].radius
            parts.append(parts[-1].halved().grown(reach, height << k, width << k))
        return parts[::-1]

    def answer(self, window: Window, *, errors: bool = False) -> Float[Tensor, "b c H W"]:
        """Return the network's answer, and perhaps what error it expects of it.

        Args:
            window: Where, in pixels of the small map; inside the part.
            errors: Whether to tell the errors, if the network does.

        Returns:
            The answer, `scale` times as large: one channel, or with errors two, the second of
            which is the expected absolute error.

        Raises:
            ValueError: If the window reaches out of the part.
        """
        if window.within(self.window) != window:
            raise ValueError(f"{window} reaches out of {self.window}: begin a larger part")
        outer = window.grown(self._margin, *self._size)
        parts, count = self._parts(outer), len(self._stages)
        depth = parts[self._begun].of(self._depth, self._held)
        carried = None
        if self._carried is not None:
            carried = parts[self._begun].of(self._carried, self._held)
        maps, log_error = [depth] * self._begun, None
        for k in range(self._begun, count):
            last = k == count - 1
            made = self._stages[k](depth, carried, is_last=last, errors=errors)
            depth, carried = _cropped(made, parts[k + 1], parts[k].scaled(2))
            log_error = made.log_error
            maps.append(depth)
        small, answered = outer.of(self._small, self._outer), outer.scaled(self.scale)
        if log_error is not None:
            log_error = parts[-1].of(log_error, parts[-2].scaled(2))
        if 2**count > self.scale:
            depth, log_error = halve(depth, log_error)
        if self.model.fusion is not None:
            depth = _fused(self.model.fusion, small, maps, parts, outer)
        for _ in range(self.model.config.consistency):
            depth = back_project(depth, small, self.scale)
        wanted = window.scaled(self.scale)
        if log_error is None:
            return wanted.of(depth, answered)
        return torch.cat([wanted.of(depth, answered), wanted.of(log_error, answered).exp()], 1)


def _cropped(made: StageOutput, part: Window, outer: Window) -> tuple[Tensor, Tensor | None]:
    """Return a part of what a stage makes of `outer`: the map, and what it carries on."""
    carried = None if made.carried is None else part.of(made.carried, outer)
    return part.of(made.depth, outer), carried


def _fused(
    fusion: Fusion, small: Tensor, maps: list[Tensor], parts: list[Window], outer: Window
) -> Tensor:
    held = [
        outer.scaled(2**k).of(depth, part)
        for k, (depth, part) in enumerate(zip(maps, parts[1:], strict=True), start=1)
    ]
    fused: Tensor = fusion(small, held)
    return fused
