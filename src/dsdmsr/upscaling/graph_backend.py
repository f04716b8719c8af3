"""Networks run from their ONNX graphs, whatever runs these."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.resize import CORRECTION_RADIUS, back_project
from dsdmsr.errors import ModelError
from dsdmsr.upscaling.backend import Predictor
from dsdmsr.upscaling.blocks import Block, StageArrays
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.graphs import Graphs

__all__ = ["GraphBackend", "Runtime"]

Floats = NDArray[np.float32]
Run = Callable[[Mapping[str, Floats]], list[Floats]]
"""Name of each input → its array, to the outputs in the graph's order."""


class Runtime(Protocol):
    """What runs ONNX graphs."""

    def load(self, file: Path) -> Run:
        """Return what runs the graph in a file."""
        ...

    def release(self) -> None:
        """Give memory that is kept for the next run back to the system."""
        ...


class GraphBackend:
    """Run a network from the ONNX graphs in its folder.

    Args:
        folder: The network's folder.
        graphs: The index of its graphs.
        runtime: What runs them.
    """

    def __init__(self, folder: Path, graphs: Graphs, runtime: Runtime) -> None:
        self.folder, self.graphs, self.runtime = folder, graphs, runtime
        self._runs: dict[tuple[int, str], Run] = {}

    @property
    def scales(self) -> tuple[int, ...]:
        """The network's scales."""
        return self.graphs.scales

    @property
    def border(self) -> int:
        """The network's border."""
        return self.graphs.border

    @property
    def symmetric(self) -> bool:
        """Whether the network is symmetric."""
        return self.graphs.symmetric

    @property
    def predicts_error(self) -> bool:
        """Whether there are graphs for the expected error."""
        return self.graphs.predicts_error

    def largest_scale(self, scale: int) -> int:
        """Return 2 to the power of the number of stages that run."""
        return int(2 ** self.graphs.stages_for(scale))

    def predictor(self, lr_depth: Floats, scale: int, block: Window) -> Predictor:
        """Return the predictor for a block of maps; see `Backend`."""
        computed = Block(self, lr_depth, scale, block)

        def predict(window: Window, *, errors: bool = False) -> Floats:
            depth, error = computed.predict(window, errors=errors)
            return depth if error is None else np.concatenate([depth, error], 1)

        weakref.finalize(predict, self.runtime.release).atexit = False
        return predict

    def stages_for(self, scale: int) -> int:
        """Return how many stages run for a scale."""
        return self.graphs.stages_for(scale)

    def radius(self, stage: int) -> int:
        """Return a stage's radius."""
        return self.graphs.stages[stage].radius

    def margin(self, scale: int) -> int:
        """Return what back-projection sees around a window."""
        return CORRECTION_RADIUS * self.graphs.consistency

    def run(
        self, stage: int, depth: Floats, carried: Floats | None, *, is_last: bool, errors: bool
    ) -> StageArrays:
        """Run a stage's graph, and interleave its views."""
        errors = errors and self.predicts_error
        use = ("errors" if errors else "last") if is_last else "next"
        run = self._run_of(stage, use)
        inputs = {"depth": np.ascontiguousarray(depth)}
        if carried is not None:
            inputs["carried"] = np.ascontiguousarray(carried)
        outputs = run(inputs)
        self._check_views(outputs, depth, use)
        views, *more = map(interleaved, outputs)
        rest = more[0] if more else None
        return StageArrays(views, None if is_last else rest, rest if is_last else None)

    def _check_views(self, outputs: list[Floats], depth: Floats, use: str) -> None:
        """Check that a graph has given views of maps, as its use is."""
        wanted = {"next": (1, 2), "last": (1,), "errors": (2,)}[use]
        (b, _, *size), forms = depth.shape, [output.shape for output in outputs]
        good = all(len(f) == 4 and [f[0], *f[2:]] == [b, *size] and f[1] % 4 == 0 for f in forms)
        first_is_depth = bool(forms) and forms[0][1:2] == (4,)
        if len(forms) not in wanted or not good or not first_is_depth:
            raise ModelError(
                f"a graph in {self.folder} gave {forms} for a map of {depth.shape}: export the "
                "network again with dsdmsr export"
            )

    def finish(
        self, lr_depth: Floats, maps: list[Floats], log_error: Floats | None, scale: int
    ) -> tuple[Floats, Floats | None]:
        """Return the prediction and the expected error: averaged down if larger, and corrected."""
        depth = maps[-1]
        error = None if log_error is None else np.exp(log_error)
        if 2 ** len(maps) > scale:
            depth = _halved(depth)
            error = None if error is None else _halved(error)
        for _ in range(self.graphs.consistency):
            depth = back_project(depth, lr_depth, scale)
        return depth, error

    def _run_of(self, stage: int, use: str) -> Run:
        key = stage, use
        if key not in self._runs:
            self._runs[key] = self.runtime.load(self.folder / self.graphs.stages[stage].files[use])
        return self._runs[key]


def interleaved(views: Floats) -> Floats:
    """Interleave views; see `dsdmsr.nn.views.interleave`.

    Four copies with strides take a fifth of the time of ONNX Runtime's DepthToSpace.
    """
    b, channels, height, width = views.shape
    split = views.reshape(b, channels // 4, 2, 2, height, width)
    whole = np.empty((b, channels // 4, 2 * height, 2 * width), np.float32)
    for row in range(2):
        for column in range(2):
            whole[..., row::2, column::2] = split[:, :, row, column]
    return whole


def _halved(depth: Floats) -> Floats:
    """Return the means of blocks of 2×2."""
    total: Any = depth[..., ::2, ::2] + depth[..., ::2, 1::2]
    total += depth[..., 1::2, ::2]
    total += depth[..., 1::2, 1::2]
    total *= np.float32(0.25)
    return np.asarray(total)
