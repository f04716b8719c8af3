"""The operators of the packaged graphs, as they are used: each cut out as a graph of its own.

A cut goes from maps to a map. What is computed from weights or sizes alone, and the comparison that
chooses between two maps, stay with the operator that takes them: a convolution comes with the cast
of its weights.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from dsdmsr.zoo.find import network_folder
from dsdmsr.zoo.names import PACKAGED

__all__ = ["Use", "exact", "graph_files", "network_folders", "operators_in", "uses_in"]

_SINGLE, _DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE
_SIZE = (5, 9)
"""Of the map for which the shapes of all maps in a graph are found out."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """One way in which the packaged graphs use operators."""

    operators: tuple[str, ...]
    """Their names, in the order in which they run, each once."""
    attributes: dict[str, Any]
    """Attributes of the last one."""
    graph: ModelProto
    """From maps to a map, weights inside."""
    channels: dict[str, int]
    """Name of each input map → its channels."""
    margins: dict[str, int]
    """Name of each input map → the pixels by which it is larger than the network's map."""


def graph_files() -> list[Path]:
    """Return the graphs of all packaged networks, with those for a known degradation."""
    folders = [Path(str(network_folder(name))) for name in PACKAGED]
    return sorted(file for folder in folders for file in folder.rglob("*.onnx"))


def network_folders() -> dict[str, Path]:
    """Return the packaged networks that have graphs, name → folder: ``dsdmsr-base/bicubic``."""
    folders = dict.fromkeys(file.parent for file in graph_files())
    zoo = {Path(str(network_folder(name))).parent for name in PACKAGED}
    return {
        "/".join(folder.relative_to(root).parts): folder
        for folder in folders
        for root in zoo
        if folder.is_relative_to(root)
    }


def operators_in(file: Path) -> set[str]:
    """Return the names of a graph's operators."""
    graph = onnx.load(file, load_external_data=False).graph
    return {node.op_type for node in graph.node}


def uses_in(files: Iterable[Path]) -> list[Use]:
    """Return every way in which graphs use operators, each with the most channels it has."""
    found: dict[object, Use] = {}
    for file in files:
        for key, use in _cuts(onnx.load(file)):
            known = found.get(key)
            if known is None or sum(use.channels.values()) > sum(known.channels.values()):
                found[key] = use
    return sorted(found.values(), key=lambda use: (use.operators[::-1], str(use.attributes)))


def exact(use: Use, maps: dict[str, NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return what a use gives by ONNX's own definition in NumPy, in double precision."""
    double = ModelProto()
    double.CopyFrom(use.graph)
    for tensor in double.graph.initializer:
        if tensor.data_type in (_SINGLE, TensorProto.FLOAT16):
            values = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for node in double.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to":
                attribute.i = _DOUBLE
    for value in (*double.graph.input, *double.graph.output):
        value.type.tensor_type.elem_type = _DOUBLE
    given = {name: values.astype(np.float64) for name, values in maps.items()}
    (result,) = ReferenceEvaluator(double, new_ops=[Conv]).run(None, given)
    return np.asarray(result, np.float64)


class Conv(OpRun):
    """ONNX's Conv, tap by tap; that of onnx holds a dilated kernel's zeros, and takes gigabytes."""

    def _run(
        self,
        x: NDArray[np.float64],
        weight: NDArray[np.float64],
        bias: NDArray[np.float64] | None = None,
        *,
        pads: Sequence[int] | None = None,
        dilations: Sequence[int] | None = None,
        **others: object,
    ) -> tuple[NDArray[np.float64]]:
        top, left, bottom, right = pads or (0, 0, 0, 0)
        down, across = dilations or (1, 1)
        padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
        rows, columns = weight.shape[2:]
        height = padded.shape[2] - down * (rows - 1)
        width = padded.shape[3] - across * (columns - 1)
        total = np.zeros((len(x), len(weight), height, width), x.dtype)
        for row, column in product(range(rows), range(columns)):
            seen = padded[:, :, down * row :, across * column :][:, :, :height, :width]
            total += np.einsum("oc,bchw->bohw", weight[:, :, row, column], seen, optimize=True)
        return (total if bias is None else total + bias[:, None, None],)


def _cuts(model: ModelProto) -> Iterator[tuple[object, Use]]:
    """Yield each use in a graph, with what tells it apart from other uses."""
    graph = model.graph
    zeros = {
        each.name: np.zeros((1, each.type.tensor_type.shape.dim[1].dim_value, *_SIZE), np.float32)
        for each in graph.input
    }
    values = ReferenceEvaluator(model, new_ops=[Conv]).run(None, zeros, intermediate=True)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {node.output[0]: node for node in graph.node}
    fixed = set(constants)
    for node in graph.node:
        if set(node.input) <= fixed:
            fixed.add(node.output[0])
    maps = {
        name: values[name].shape
        for name in (*zeros, *makers)
        if name not in fixed and values[name].dtype == np.float32
    }
    for node in graph.node:
        if node.output[0] in maps:
            yield _use(_with_what_it_takes(node, makers, maps), maps, constants)


def _with_what_it_takes(
    last: NodeProto, makers: dict[str, NodeProto], maps: Container[str]
) -> list[NodeProto]:
    """Return an operator behind those, up to maps, whose results it takes."""
    nodes: list[NodeProto] = []

    def add(node: NodeProto) -> None:
        for name in node.input:
            if name in makers and name not in maps and makers[name] not in nodes:
                add(makers[name])
        nodes.append(node)

    add(last)
    return nodes


def _use(
    nodes: list[NodeProto], maps: dict[str, tuple[int, ...]], constants: dict[str, TensorProto]
) -> tuple[object, Use]:
    taken = list(dict.fromkeys(name for node in nodes for name in node.input))
    inputs, weights = (
        [name for name in taken if name in maps],
        [constants[name] for name in taken if name in constants],
    )
    names = {name: f"in{k}" for k, name in enumerate(inputs)}
    names |= {node.output[0]: f"value{k}" for k, node in enumerate(nodes)}
    names[nodes[-1].output[0]] = "out"
    renamed = [
        helper.make_node(
            node.op_type,
            [names.get(name, name) for name in node.input],
            [names[node.output[0]]],
            **_attributes(node),
        )
        for node in nodes
    ]
    graph = helper.make_graph(
        renamed,
        "use",
        [_map(names[name], maps[name][1]) for name in inputs],
        [_map("out", maps[nodes[-1].output[0]][1])],
        initializer=weights,
    )
    opsets = [helper.make_opsetid("", 18)]
    use = Use(
        operators=tuple(dict.fromkeys(node.op_type for node in nodes)),
        attributes=_attributes(nodes[-1]),
        graph=helper.make_model(graph, opset_imports=opsets, ir_version=9),
        channels={names[name]: maps[name][1] for name in inputs},
        margins={names[name]: maps[name][2] - _SIZE[0] for name in inputs},
    )
    values = {tensor.name: _told_apart_by(tensor) for tensor in weights}
    key = tuple(
        (
            node.op_type,
            str(sorted(_attributes(node).items())),
            tuple(values.get(name, names.get(name)) for name in node.input),
            # One channel beside many is spread over them.
            tuple(maps[name][1] == 1 for name in node.input if name in maps),
        )
        for node in nodes
    )
    return key, use


def _attributes(node: NodeProto) -> dict[str, Any]:
    found = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in sorted(found.items())}


def _told_apart_by(tensor: TensorProto) -> object:
    values = numpy_helper.to_array(tensor)
    if values.dtype.kind == "i" or values.size == 1:
        return (str(values.dtype), *values.ravel().tolist())
    # Kernels of the same size are one use, whatever they hold and however many channels.
    return str(values.dtype), values.ndim, values.shape[2:]


def _map(name: str, channels: int) -> onnx.ValueInfoProto:
    shape = ["batch", channels, f"{name}_h", f"{name}_w"]
    return helper.make_tensor_value_info(name, _SINGLE, shape)
