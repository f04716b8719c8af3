"""Networks of torch as ONNX graphs, and what runs them on arrays."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn
from torch.export import Dim

__all__ = ["Run", "export", "onnxruntime_run", "openvino_run", "torch_run"]

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""An array b c h w in, an array out."""
_SMALLEST, _LARGEST = 24, 4096
"""Sides of the maps that a graph takes; the smallest fits the windows of every peer."""


def export(network: nn.Module, channels: int = 1) -> bytes:
    """Return the ONNX graph of a network on maps 1 c h w of any size."""
    # It warns, as an error, of torchvision's operators, which nothing here has.
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)
    sides = {2: Dim("h", min=_SMALLEST, max=_LARGEST), 3: Dim("w", min=_SMALLEST, max=_LARGEST)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch's own calls
        program = torch.onnx.export(
            network.eval(),
            (torch.rand(1, channels, 32, 40),),
            dynamo=True,
            dynamic_shapes=(sides,),
            verbose=False,
        )
    assert program is not None  # dynamo=True returns one
    return bytes(program.model_proto.SerializeToString())


def onnxruntime_run(graph: bytes, threads: int) -> Run:
    """Return what ONNX Runtime does with a graph on the CPU, with the package's own options."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(maps: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {name: maps})[0])

    return run


def openvino_run(graph: bytes, threads: int) -> Run:
    """Return what OpenVINO does with a graph on the CPU, in float32."""
    from dsdmsr.upscaling.openvino_runtime import CORE

    compiled = CORE.compile_model(
        CORE.read_model(graph),
        "CPU",
        {
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
        },
    )

    def run(maps: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(compiled(maps)[0])

    return run


def torch_run(network: nn.Module) -> Run:
    """Return what torch does with a network on the CPU."""
    network = network.eval()

    @torch.inference_mode()
    def run(maps: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network(torch.from_numpy(maps)).numpy())

    return run
