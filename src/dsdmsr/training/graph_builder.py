"""Building of ONNX graphs, operator by operator; each weight keeps its name.

Rules, since runtimes differ: no Resize, no pooling with padding, no operator that treats NaN in its
own way where NaN could enter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

__all__ = ["OPSET", "GraphBuilder", "Weight"]

OPSET = 18
_IR_VERSION = 9
"""Of the files; the oldest that has the operators of `OPSET`."""

Weight = Callable[[str, Tensor], TensorProto]
"""Name and values of a weight → the tensor that a graph holds for it, mostly in half precision."""


@dataclass
class GraphBuilder:
    """Collect the operators of a graph; methods take and return names of values.

    Args:
        weight: What stands for a network's weight in the graph.
    """

    weight: Weight
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    tensors: dict[str, TensorProto] = field(default_factory=dict)
    _count: int = 0

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator with one output."""
        self._count += 1
        name = f"{kind.lower()}_{self._count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, values: NDArray[np.generic] | float) -> str:
        """Add a constant; a number is in single precision."""
        self._count += 1
        array = np.float32(values) if isinstance(values, float) else values
        name = f"constant_{self._count}"
        self.tensors[name] = numpy_helper.from_array(np.asarray(array), name)
        return name

    def integers(self, *values: int) -> str:
        """Add a list of integers."""
        return self.constant(np.array(values, np.int64))

    def stored(self, name: str, values: Tensor) -> str:
        """Add a weight, whatever precision it is stored in, in single precision."""
        half = f"{name}.half"
        if half not in self.tensors:
            tensor = self.weight(name, values)
            tensor.name = half
            self.tensors[half] = tensor
            self.nodes.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
        return name

    def conv(self, x: str, layer: nn.Conv2d, name: str) -> str:
        """Add a convolution whose output is as large as its input."""
        inputs = [x, self.stored(f"{name}.weight", layer.weight)]
        if layer.bias is not None:
            inputs.append(self.stored(f"{name}.bias", layer.bias))
        pads = [int(margin) for margin in layer.padding]
        dilations = list(layer.dilation)
        return self.op("Conv", *inputs, pads=2 * pads, dilations=dilations, group=layer.groups)

    def repeated_border(self, x: str, margin: int) -> str:
        """Add a border that repeats the outermost pixels."""
        pads = self.integers(0, 0, margin, margin, 0, 0, margin, margin)
        return self.op("Pad", x, pads, mode="edge")

    def rename(self, value: str, name: str) -> None:
        """Name the output of an operator, which no other takes."""
        (node,) = (node for node in self.nodes if node.output[0] == value)
        node.output[0] = name

    def model(self, inputs: dict[str, int], outputs: dict[str, int]) -> onnx.ModelProto:
        """Return the model of all operators, of any batch, height and width.

        Args:
            inputs: Name of each input → its channels.
            outputs: Name of each output → its channels.
        """
        taken = {name for node in self.nodes for name in node.input}
        graph = helper.make_graph(
            self.nodes,
            "stage",
            [_map(name, channels, "height", "width") for name, channels in inputs.items()],
            [_map(name, channels, f"{name}_h", f"{name}_w") for name, channels in outputs.items()],
            initializer=[self.tensors[name] for name in self.tensors if name in taken],
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(
            graph, producer_name="dsdmsr", opset_imports=opsets, ir_version=_IR_VERSION
        )


def _map(name: str, channels: int, height: str, width: str) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["batch", channels, height, width]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
