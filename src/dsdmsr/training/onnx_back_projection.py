"""Back-projection as a part of ONNX graphs, in operators that runtimes agree on."""

from __future__ import annotations

import numpy as np

from dsdmsr.depth.resize import resize_matrix
from dsdmsr.training.graph_builder import GraphBuilder

__all__ = ["add_back_projection"]

_UP_REACH = 2
"""Low-resolution pixels to either side that a pixel of an upsampled map depends on."""


def add_back_projection(graph: GraphBuilder, pred: str, lr_depth: str, scale: int) -> str:
    """Add `dsdmsr.depth.resize.back_project`; return the corrected prediction.

    Args:
        graph: Where.
        pred: The prediction.
        lr_depth: The low-resolution map.
        scale: The factor, even.
    """
    residual = graph.op("Sub", lr_depth, _downsampled(graph, pred, scale))
    return graph.op("Add", pred, _upsampled(graph, residual, scale))


def _downsampled(graph: GraphBuilder, depth: str, scale: int) -> str:
    """Add antialiased bicubic downsampling: a convolution along each axis, `scale` pixels apart."""
    margin = 3 * scale // 2
    # All pixels whose neighbours are within the map have the same weights.
    row = resize_matrix(9 * scale, 1 / scale)[4, 4 * scale - margin : 5 * scale + margin]
    for axis in (2, 3):
        shape, strides = [1, 1, 1, 1], [1, 1]
        shape[axis], strides[axis - 2] = len(row), scale
        kernel = graph.constant(row.astype(np.float32).reshape(shape))
        depth = graph.op("Conv", _mirrored(graph, depth, margin, axis), kernel, strides=strides)
    return depth


def _upsampled(graph: GraphBuilder, depth: str, scale: int) -> str:
    """Add bicubic upsampling: a channel for each place within a low-resolution pixel."""
    place = resize_matrix(9, scale)[4 * scale : 5 * scale, 4 - _UP_REACH : 5 + _UP_REACH]
    kernels = np.einsum("iy,jx->ijyx", place, place).reshape(-1, 1, *2 * place.shape[1:])
    for axis in (2, 3):
        depth = _mirrored(graph, depth, _UP_REACH, axis)
    views = graph.op("Conv", depth, graph.constant(kernels.astype(np.float32)))
    return graph.op("DepthToSpace", views, blocksize=scale, mode="CRD")


def _mirrored(graph: GraphBuilder, depth: str, margin: int, axis: int) -> str:
    """Add a border along an axis in which the map is mirrored, edge pixels repeated.

    A map smaller than the border is mirrored again and again.
    """
    one, zero = graph.constant(np.array(1, np.int64)), graph.integers(0)
    length = graph.op("Squeeze", graph.op("Shape", depth, start=axis, end=axis + 1), zero)
    first = graph.constant(np.array(-margin, np.int64))
    place = graph.op("Range", first, graph.op("Sub", length, first), one)
    there_and_back = graph.op("Add", length, length)
    forwards = graph.op("Mod", place, there_and_back)
    backwards = graph.op("Sub", graph.op("Sub", there_and_back, one), forwards)
    return graph.op("Gather", depth, graph.op("Min", forwards, backwards), axis=axis)
