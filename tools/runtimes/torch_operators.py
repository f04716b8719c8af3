"""ONNX operators by torch, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper
from torch import Tensor
from torch.nn import functional

from dsdmsr.errors import ModelError
from dsdmsr.upscaling.graph_backend import Run

__all__ = ["OPERATORS", "TorchOperators"]


class TorchOperators:
    """Run graphs operator by operator, as `dsdmsr.upscaling.graph_backend.Runtime`."""

    def load(self, file: Path) -> Run:
        """Return what runs the graph in a file.

        Raises:
            ModelError: If an operator isn't known here.
        """
        graph = onnx.load(file).graph
        if missing := {node.op_type for node in graph.node} - set(OPERATORS):
            raise ModelError(f"{file} has {', '.join(sorted(missing))}")
        constants = {
            tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy())
            for tensor in graph.initializer
        }

        @torch.inference_mode()
        def run(inputs: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
            values = {**constants, **{k: torch.from_numpy(v) for k, v in inputs.items()}}
            for node in graph.node:
                given = [values[name] for name in node.input]
                values[node.output[0]] = OPERATORS[node.op_type](*given, **_attributes(node))
            return [values[each.name].numpy() for each in graph.output]

        return run

    def release(self) -> None:
        """Do nothing: torch keeps little."""


def _attributes(node: NodeProto) -> dict[str, Any]:
    found = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}


def _conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    pads: tuple[int, ...] = (0, 0),
    dilations: tuple[int, ...] = (1, 1),
    group: int = 1,
) -> Tensor:
    return functional.conv2d(
        x, weight, bias, padding=list(pads[:2]), dilation=list(dilations), groups=group
    )


def _pad(x: Tensor, pads: Tensor, *, mode: str) -> Tensor:
    _, _, top, left, _, _, bottom, right = pads.tolist()
    kinds = {"edge": "replicate"}
    return functional.pad(x, [left, right, top, bottom], mode=kinds[mode])


def _slice(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor) -> Tensor:
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        x = x.narrow(axis, start, min(end, x.shape[axis]) - start)
    return x


def _reduced(by: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Tensor, axes: Tensor, *, keepdims: int) -> Tensor:
        return by(x, dim=axes.tolist(), keepdim=bool(keepdims))

    return reduce


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Add": torch.add,
    "Cast": lambda x, *, to: x.to(_KINDS[to]),
    "Clip": torch.clamp,
    "Concat": lambda *maps, axis: torch.cat(maps, axis),
    "Conv": _conv,
    "Div": torch.div,
    "Exp": torch.exp,
    "Greater": torch.gt,
    "Log": torch.log,
    "Mul": torch.mul,
    "Not": torch.logical_not,
    "Pad": _pad,
    "ReduceMax": _reduced(torch.amax),
    "ReduceMean": _reduced(torch.mean),
    "ReduceMin": _reduced(torch.amin),
    "ReduceSum": _reduced(torch.sum),
    "Relu": torch.relu,
    "Shape": lambda x, *, start: torch.tensor(x.shape[start:]),
    "Slice": _slice,
    "Sqrt": torch.sqrt,
    "Sub": torch.sub,
    "Where": torch.where,
}
"""Operator → torch's function of the same inputs and attributes."""
_KINDS = {onnx.TensorProto.FLOAT: torch.float32}
