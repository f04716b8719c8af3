"""ONNX graphs of stages, built from their layers.

torch's own exporter takes seconds for each graph, and names and folds weights as it likes; here
each weight keeps its name, so that a graph can read it from the file that holds it already. A test
compares every layer that is known here with torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from torch import nn

from dsdmsr.errors import ModelError
from dsdmsr.nn.blocks import NO_ACTIVITY, GatedBlock, LargeKernelBlock, ResidualBlock
from dsdmsr.nn.candidates import SHARPNESS, Candidates
from dsdmsr.nn.expectation import LOG_ERRORS, MIN_MAGNITUDE, ExpectedErrors
from dsdmsr.nn.stage import Stage
from dsdmsr.nn.units import DifferenceConv2d
from dsdmsr.training.graph_builder import GraphBuilder

__all__ = ["StageNames", "add_stage"]


@dataclass(frozen=True)
class StageNames:
    """Values that a stage in a graph gives, each views: four for each map of twice the size."""

    depth: str
    carried: str | None
    log_error: str | None


def add_stage(
    graph: GraphBuilder,
    stage: Stage,
    prefix: str,
    depth: str,
    carried: str | None,
    *,
    is_last: bool,
    errors: bool,
) -> StageNames:
    """Add a stage; see `dsdmsr.nn.stage.Stage.synthesise`.

    Args:
        graph: Where.
        stage: The stage.
        prefix: Of the names of its weights.
        depth: Name of the map.
        carried: Name of the features handed on to it.
        is_last: Whether it gives the prediction.
        errors: Whether it gives the expected errors, too.

    Raises:
        ModelError: If it has a layer that is not known here.
    """
    if stage.adds_input and stage.skip != "nearest":
        raise ModelError("a stage with a bicubic skip cannot be exported: runtimes differ in it")
    features = _features(graph, stage.unit.features, f"{prefix}unit.features.", depth, carried)
    is_head = is_last or stage.hand_on is None
    if stage.hand_on is None or is_last:
        views = graph.conv(features, stage.unit.head, f"{prefix}unit.head")
    else:
        views = graph.conv(features, stage.hand_on, f"{prefix}hand_on")
    if stage.adds_input:
        views = graph.op("Add", views, depth)
    if stage.candidates is not None and is_head:
        scores = graph.conv(features, stage.score, f"{prefix}score")
        views = _chosen(graph, stage.candidates, scores, views, depth)
    handed = None
    if not is_last and stage.carry is not None:
        handed = graph.conv(features, stage.carry, f"{prefix}carry")
    log_error = None
    if is_last and errors and stage.expected is not None:
        log_error = _expected(graph, stage.expected, f"{prefix}expected.", features)
    return StageNames(views, handed, log_error)


def _features(
    graph: GraphBuilder, layers: nn.Sequential, prefix: str, depth: str, carried: str | None
) -> str:
    first, *others = layers
    added = carried if getattr(first, "in_channels", None) == 1 else None
    if added is not None:
        carried = None
    if isinstance(first, DifferenceConv2d):
        x = _differences(graph, first, f"{prefix}0", depth, carried)
    elif isinstance(first, nn.Conv2d):
        x = depth if carried is None else graph.op("Concat", depth, carried, axis=1)
        x = graph.conv(x, first, f"{prefix}0")
    else:
        raise ModelError(f"a layer {type(first).__name__} cannot be exported")
    if added is not None:
        x = graph.op("Add", x, added)
    for index, layer in enumerate(others, start=1):
        add = _LAYERS.get(type(layer))
        if add is None:
            raise ModelError(f"a layer {type(layer).__name__} cannot be exported")
        x = add(graph, layer, f"{prefix}{index}", x)
    return x


def _differences(
    graph: GraphBuilder, layer: DifferenceConv2d, name: str, depth: str, carried: str | None
) -> str:
    kernel = graph.stored(f"{name}.weight", layer.weight)
    channels = graph.integers(1)
    zero, one, end = graph.integers(0), graph.integers(1), graph.integers(layer.in_channels)
    on_depth = graph.op("Slice", kernel, zero, one, channels)
    mean = graph.op("ReduceMean", on_depth, graph.integers(2, 3), keepdims=1)
    padded = graph.repeated_border(depth, layer.margin)
    x = graph.op("Conv", padded, graph.op("Sub", on_depth, mean))
    if carried is None:
        return x
    on_carried = graph.op("Slice", kernel, one, end, channels)
    return graph.op(
        "Add", x, graph.op("Conv", graph.repeated_border(carried, layer.margin), on_carried)
    )


def _residual(graph: GraphBuilder, block: nn.Module, name: str, x: str) -> str:
    assert isinstance(block, ResidualBlock)
    hidden = graph.op("Relu", graph.conv(x, block.conv1, f"{name}.conv1"))
    return graph.op("Add", graph.conv(hidden, block.conv2, f"{name}.conv2"), x)


def _large_kernel(graph: GraphBuilder, block: nn.Module, name: str, x: str) -> str:
    assert isinstance(block, LargeKernelBlock)
    around = graph.conv(x, block.around, f"{name}.around")
    hidden = graph.op("Relu", graph.conv(around, block.widen, f"{name}.widen"))
    return graph.op("Add", graph.conv(hidden, block.narrow, f"{name}.narrow"), x)


def _gated(graph: GraphBuilder, block: nn.Module, name: str, x: str) -> str:
    assert isinstance(block, GatedBlock)
    widened = graph.conv(x, block.widen, f"{name}.widen")
    around = graph.conv(widened, block.around, f"{name}.around")
    wide = block.narrow.in_channels
    per_copy = wide // block.copies
    # Channels are ordered (copy, branch, channel).
    order = np.arange(2 * wide).reshape(block.copies, 2, per_copy)
    passed, gates = (
        graph.op("Gather", around, graph.integers(*order[:, branch].ravel().tolist()), axis=1)
        for branch in (0, 1)
    )
    gates = graph.op("Relu", gates)
    mean = np.kron(np.eye(block.copies), np.full((per_copy, per_copy), 1 / per_copy))
    kernel = graph.constant(mean.astype(np.float32)[:, :, None, None])
    floor = graph.constant(float(NO_ACTIVITY))
    activity = graph.op("Max", graph.op("Conv", gates, kernel), floor)
    gated = graph.op("Div", graph.op("Mul", passed, gates), activity)
    return graph.op("Add", graph.conv(gated, block.narrow, f"{name}.narrow"), x)


def _plain(graph: GraphBuilder, layer: nn.Module, name: str, x: str) -> str:
    assert isinstance(layer, nn.Conv2d)
    return graph.conv(x, layer, name)


def _relu(graph: GraphBuilder, layer: nn.Module, name: str, x: str) -> str:
    return graph.op("Relu", x)


_LAYERS: dict[type[nn.Module], Callable[[GraphBuilder, nn.Module, str, str], str]] = {
    nn.Conv2d: _plain,
    nn.ReLU: _relu,
    ResidualBlock: _residual,
    LargeKernelBlock: _large_kernel,
    GatedBlock: _gated,
}
"""Layer of a unit → what adds it to a graph."""


def _chosen(
    graph: GraphBuilder, candidates: Candidates, scores: str, views: str, depth: str
) -> str:
    """Add `dsdmsr.nn.candidates.Candidates`."""
    side, count = candidates.side, candidates.count
    padded = graph.repeated_border(depth, side // 2)
    size = graph.op("Shape", depth, start=2)
    axes = graph.integers(2, 3)
    around = []
    for corner in product(range(side), repeat=2):
        first = graph.integers(*corner)
        around.append(graph.op("Slice", padded, first, graph.op("Add", first, size), axes))
    values, channel = graph.op("Concat", *around, axis=1), graph.integers(1)
    highest, lowest = (
        graph.op(f"Reduce{which}", values, channel, keepdims=1) for which in ("Max", "Min")
    )
    span = graph.op("Sub", highest, lowest)
    flat = graph.op("Not", graph.op("Greater", span, graph.constant(0.0)))
    divisor = graph.op("Where", flat, graph.constant(1.0), span)
    sharpness = graph.op("Div", graph.constant(SHARPNESS), divisor)
    chosen = []
    for view in range(4):
        first, end = graph.integers(count * view), graph.integers(count * (view + 1))
        own = graph.op("Slice", scores, first, end, channel)
        prior = graph.constant(candidates.prior[view].detach().cpu().numpy()[None])
        scaled = graph.op("Add", graph.op("Mul", own, sharpness), prior)
        top = graph.op("ReduceMax", scaled, channel, keepdims=1)
        weights = graph.op("Exp", graph.op("Sub", scaled, top))
        here, after = graph.integers(view), graph.integers(view + 1)
        regressed = graph.op("Slice", views, here, after, channel)
        options = graph.op("Concat", regressed, values, axis=1)
        total = graph.op("ReduceSum", graph.op("Mul", weights, options), channel, keepdims=1)
        chosen.append(graph.op("Div", total, graph.op("ReduceSum", weights, channel, keepdims=1)))
    return graph.op("Concat", *chosen, axis=1)


def _expected(graph: GraphBuilder, layer: ExpectedErrors, prefix: str, features: str) -> str:
    """Add `dsdmsr.nn.expectation.ExpectedErrors`."""
    channel = graph.integers(1)
    square = graph.op("ReduceMean", graph.op("Mul", features, features), channel, keepdims=1)
    least = graph.constant(float(MIN_MAGNITUDE**2))
    magnitude = graph.op("Sqrt", graph.op("Add", square, least))
    log_magnitude = graph.op("Log", magnitude)
    quarter = graph.op("Mul", log_magnitude, graph.constant(0.25))
    level = graph.op("Add", quarter, graph.constant(1.0))
    shares = graph.op("Div", features, magnitude)
    hidden = graph.conv(graph.op("Concat", level, shares, axis=1), layer.hidden, f"{prefix}hidden")
    ratios = graph.conv(graph.op("Relu", hidden), layer.ratios, f"{prefix}ratios")
    views = graph.op("Add", ratios, log_magnitude)
    low, high = (graph.constant(float(limit)) for limit in LOG_ERRORS)
    return graph.op("Clip", views, low, high)
