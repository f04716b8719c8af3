"""Files of ONNX graphs, checked before a runtime gets them: a graph is a program.

What is allowed is what an export of this package writes: arithmetic on maps, without loops, whose
numbers are in the file or in the weights beside it.

Source:
    ONNX's ``onnx.proto`` for the numbers of fields, Protocol Buffers' "Encoding" for their form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.errors import ModelError
from dsdmsr.zoo.find import WEIGHTS
from dsdmsr.zoo.graphs import Graphs
from dsdmsr.zoo.weights import LARGEST_FILE, file_size

__all__ = ["OPERATORS", "check_graph", "check_graphs"]

OPERATORS = frozenset(
    {
        "Add",
        "Cast",
        "Clip",
        "Concat",
        "Conv",
        "Div",
        "Exp",
        "Gather",
        "Greater",
        "Log",
        "Max",
        "Mul",
        "Not",
        "Pad",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceSum",
        "Relu",
        "Shape",
        "Slice",
        "Sqrt",
        "Sub",
        "Where",
    }
)
"""What graphs may compute with."""
_LARGEST_INTEGER, _MOST_INTEGERS, _MOST_NODES = 8192, 65536, 20_000
_FLOAT, _INT64, _FLOAT16 = 1, 7, 10
_ITEM_SIZES = {_FLOAT: 4, _INT64: 8, _FLOAT16: 2}
_MODEL_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14})
_GRAPH_FIELDS = frozenset({1, 2, 5, 10, 11, 12, 13})
_NODE_FIELDS = frozenset({1, 2, 3, 4, 5, 6})
_ATTRIBUTE_FIELDS = frozenset({1, 3, 4, 8, 20})
_TENSOR_FIELDS = frozenset({1, 2, 8, 9, 13, 14})

Field = int | memoryview


def check_graphs(folder: Path, graphs: Graphs) -> None:
    """Check all graphs of a network that is not packaged; errors as for `check_graph`."""
    for stage in graphs.stages:
        for file in stage.files.values():
            check_graph(folder / file)


def check_graph(file: Path) -> None:
    """Check that a file holds a graph as `dsdmsr.training.export` writes them.

    Raises:
        ModelError: If it is missing or damaged, or does more.
    """
    try:
        file_size(file, LARGEST_FILE)
        weights = file_size(file.parent / WEIGHTS, LARGEST_FILE)
        model = memoryview(file.read_bytes())
        graphs = [value for number, value in _fields(model, _MODEL_FIELDS) if number == 7]
        if len(graphs) != 1:
            raise ValueError(f"{len(graphs)} graphs, not one")
        _check_graph(_message(graphs[0]), weights)
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} is no graph that dsdmsr export writes: {error}") from error


def _check_graph(graph: memoryview, weights: int) -> None:
    nodes = 0
    for number, value in _fields(graph, _GRAPH_FIELDS):
        if number == 1:
            nodes += 1
            _check_node(_message(value))
        elif number == 5:
            _check_tensor(_message(value), weights)
    if nodes > _MOST_NODES:
        raise ValueError(f"{nodes:,} operators, and at most {_MOST_NODES:,} are allowed")


def _check_node(node: memoryview) -> None:
    for number, value in _fields(node, _NODE_FIELDS):
        if number == 4 and (kind := _text(value)) not in OPERATORS:
            raise ValueError(f"the operator {kind!r:.40} is not allowed")
        if number == 5:
            for key, part in _fields(_message(value), _ATTRIBUTE_FIELDS):
                if key in (3, 8):
                    _check_integers(np.array(list(_integers(part)), np.int64))


def _check_tensor(tensor: memoryview, weights: int) -> None:
    """Check a number or an array; `weights` are the bytes of the file of weights."""
    shape: list[int] = []
    kind, raw = 0, memoryview(b"")
    outside: dict[str, str] = {}
    for number, value in _fields(tensor, _TENSOR_FIELDS):
        if number == 1:
            shape += _integers(value)
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 9:
            raw = _message(value)
        elif number == 13:
            pair = dict(_fields(_message(value), frozenset({1, 2})))
            outside[_text(pair.get(1, 0))] = _text(pair.get(2, 0))
    stored = len(raw)
    if outside:
        if outside.get("location") != WEIGHTS or raw:
            raise ValueError(f"it reads a file other than {WEIGHTS}")
        offset, stored = int(outside.get("offset", "0")), int(outside.get("length", "-1"))
        if not 0 <= offset <= offset + stored <= weights:
            raise ValueError(f"it reads beyond the end of {WEIGHTS}")
    if kind not in _ITEM_SIZES or min(shape, default=0) < 0:
        raise ValueError(f"an array of type {kind} and shape {shape!s:.60}")
    if math.prod(shape) * _ITEM_SIZES[kind] != stored:
        raise ValueError(f"an array of shape {shape!s:.60} in {stored:,} bytes")
    if kind == _INT64:
        _check_integers(np.frombuffer(raw, "<i8"))
    elif not np.isfinite(np.frombuffer(raw, "<f4" if kind == _FLOAT else "<f2")).all():
        raise ValueError("numbers that are not finite")


def _check_integers(values: NDArray[np.int64]) -> None:
    """Check sizes, places and margins, of which huge ones would take memory without end."""
    low, high = (values.min(), values.max()) if values.size else (0, 0)
    if values.size > _MOST_INTEGERS or low < -_LARGEST_INTEGER or high > _LARGEST_INTEGER:
        raise ValueError(f"{values.size:,} whole numbers of {low} to {high}")


def _fields(message: memoryview, allowed: frozenset[int]) -> Iterator[tuple[int, Field]]:
    """Yield the fields of a message: their number, and a whole number or bytes.

    Raises:
        ValueError: If it is damaged, or has other fields than those allowed.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, form = tag >> 3, tag & 7
        if number not in allowed:
            raise ValueError(f"a field {number} that is not allowed")
        value: Field
        if form == 0:
            value, place = _varint(message, place)
        elif form == 2:
            length, place = _varint(message, place)
            value, place = message[place : place + length], place + length
        else:
            raise ValueError(f"a field {number} of form {form}")
        if place > len(message):
            raise ValueError("it is cut off")
        yield number, value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Return a whole number, and the place after it."""
    value = 0
    for k, byte in enumerate(message[place : place + 10]):
        value |= (byte & 127) << (7 * k)
        if byte < 128:
            return value, place + k + 1
    raise ValueError("it is cut off")


def _integers(value: Field) -> Iterator[int]:
    """Yield the signed numbers of a field that has one, or several packed."""
    if isinstance(value, int):
        yield _signed(value)
        return
    place = 0
    while place < len(value):
        number, place = _varint(value, place)
        yield _signed(number)


def _signed(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value


def _message(value: Field) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number in the place of a message")
    return value


def _text(value: Field) -> str:
    return bytes(_message(value)).decode()
