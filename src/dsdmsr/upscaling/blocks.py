"""Blocks of a map, run stage by stage, whose windows equal those of the whole map."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from dsdmsr.upscaling.window import Window

__all__ = ["Block", "StageArrays", "StagedNetwork"]


class StageArrays(NamedTuple):
    """Outputs of a stage, at twice the size of its input."""

    depth: Any
    """b 1 h w."""
    carried: Any
    """Features for the next stage, b c h w, or None."""
    log_error: Any
    """Natural logarithm of the expected absolute error, b 1 h w, or None."""


class StagedNetwork(Protocol):
    """A network as a block needs it."""

    def stages_for(self, scale: int) -> int:
        """Return how many stages run for a scale."""
        ...

    def radius(self, stage: int) -> int:
        """Return how many pixels away an input pixel of a stage can still change its output."""
        ...

    def margin(self, scale: int) -> int:
        """Return how many low-resolution pixels around a window `finish` needs."""
        ...

    def run(
        self, stage: int, depth: Any, carried: Any, *, is_last: bool, errors: bool
    ) -> StageArrays:
        """Run a stage on a part of its input; `errors` says whether errors are wanted."""
        ...

    def finish(self, lr_depth: Any, maps: list[Any], log_error: Any, scale: int) -> tuple[Any, Any]:
        """Return the prediction, and the expected absolute error or None.

        Args:
            lr_depth: A part of the low-resolution map, with its margin.
            maps: The same part of every stage's output, smallest first.
            log_error: The last stage's; may be None.
            scale: The scale of the prediction.
        """
        ...


class Block:
    """A block of a map, of whose windows the network predicts what the whole map would give.

    A prediction is what the whole map's holds there, but for the order of sums in floating point.
    Each stage sees as much around as can change it, and no more, so that little is computed twice:
    where maps are large, a stage's reach is small. The first stage, which reaches furthest, runs
    once for the whole block.

    Args:
        network: The network.
        lr_depth: The whole low-resolution map, b 1 h w.
        scale: The factor.
        window: The block, in low-resolution pixels.
    """

    def __init__(self, network: StagedNetwork, lr_depth: Any, scale: int, window: Window) -> None:
        self.network, self.scale, self.window = network, scale, window
        self._size = lr_depth.shape[-2:]
        self._count, self._margin = network.stages_for(scale), network.margin(scale)
        outer = window.grown(self._margin, *self._size)
        whole = Window(0, self._size[0], 0, self._size[1])
        self._lr, self._outer = outer.of(lr_depth, whole), outer
        inputs = self._inputs(outer)
        self._depth = inputs[0].of(lr_depth, whole)
        self._carried = None
        self._shared = int(self._count > 1)
        """Number of stages that run once for the whole block."""
        if self._shared:
            output = network.run(0, self._depth, None, is_last=False, errors=False)
            self._depth, self._carried = _cropped(output, inputs[1], inputs[0].scaled(2))
        self._held = inputs[self._shared]

    def _inputs(self, outer: Window) -> list[Window]:
        """Return what each stage needs as its input for a window; and last the window, upscaled."""
        height, width = self._size
        inputs = [outer.scaled(2**self._count)]
        for k in reversed(range(self._count)):
            reach = self.network.radius(k)
            inputs.append(inputs[-1].halved().grown(reach, height << k, width << k))
        return inputs[::-1]

    def predict(self, window: Window, *, errors: bool = False) -> tuple[Any, Any]:
        """Return the network's prediction, and the error that it expects of it.

        Args:
            window: Where, in low-resolution pixels; inside the block.
            errors: Whether to return the expected errors, if the network predicts them.

        Returns:
            The prediction, b 1 h w, `scale` times as large; and the expected absolute error, of
            the same shape, or None.

        Raises:
            ValueError: If the window reaches out of the block.
        """
        if window.within(self.window) != window:
            raise ValueError(f"{window} reaches out of {self.window}: give a larger block")
        outer = window.grown(self._margin, *self._size)
        inputs = self._inputs(outer)
        maps, log_error = self._run_stages(inputs, errors)
        parts = [
            outer.scaled(2**k).of(depth, held)
            for k, (depth, held) in enumerate(zip(maps, inputs[1:], strict=True), start=1)
        ]
        lr = outer.of(self._lr, self._outer)
        depth, error = self.network.finish(lr, parts, log_error, self.scale)
        wanted, predicted = window.scaled(self.scale), outer.scaled(self.scale)
        return wanted.of(depth, predicted), None if error is None else wanted.of(error, predicted)

    def _run_stages(self, inputs: list[Window], errors: bool) -> tuple[list[Any], Any]:
        """Return all stages' maps, and the logarithm of the expected error of the last."""
        depth = inputs[self._shared].of(self._depth, self._held)
        carried = self._carried
        if carried is not None:
            carried = inputs[self._shared].of(carried, self._held)
        maps, log_error = [depth] * self._shared, None
        for k in range(self._shared, self._count):
            last = k == self._count - 1
            output = self.network.run(k, depth, carried, is_last=last, errors=errors and last)
            depth, carried = _cropped(output, inputs[k + 1], inputs[k].scaled(2))
            log_error = output.log_error
            maps.append(depth)
        if log_error is not None:
            log_error = inputs[-1].of(log_error, inputs[-2].scaled(2))
        return maps, log_error


def _cropped(output: StageArrays, window: Window, outer: Window) -> tuple[Any, Any]:
    """Return a part of a stage's output for `outer`: the map, and what it hands on."""
    carried = None if output.carried is None else window.of(output.carried, outer)
    return window.of(output.depth, outer), carried
