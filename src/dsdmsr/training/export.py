"""Export of networks to ONNX, stage by stage, for runtimes other than torch.

A stage has a graph for each way that it can run: handing on, giving the prediction, and giving it
with the expected errors. The graphs of a folder take their weights, by offset, from the half
precision of its ``model.safetensors``. Sizes are dynamic. Whoever runs a graph interleaves its
views.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import torch
from onnx import ModelProto, TensorProto, numpy_helper
from torch import Tensor

from dsdmsr._atomic import replacing
from dsdmsr.errors import ModelError
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.stage import Stage
from dsdmsr.training.graph_builder import OPSET, GraphBuilder, Weight
from dsdmsr.training.onnx_back_projection import add_back_projection
from dsdmsr.training.onnx_graph import add_stage
from dsdmsr.zoo.checksum import weights_checksum
from dsdmsr.zoo.find import GRAPHS, WEIGHTS
from dsdmsr.zoo.graphs import CONTRACT, Graphs, GraphStage, file_checksum, write_graphs
from dsdmsr.zoo.names import one_word
from dsdmsr.zoo.torch_networks import from_pretrained

__all__ = ["can_export", "export_graphs", "export_whole", "exportable"]


def can_export(model: DSDMSR) -> bool:
    """Return whether a network has a form that all runtimes agree on: one without resizing."""
    config = model.config
    return config.fusion == "none" and config.skip == "nearest"


def exportable(name: str) -> DSDMSR:
    """Load a network that can be exported.

    Args:
        name: A network, as `dsdmsr.from_pretrained` takes it.

    Raises:
        ModelError: If there is no network, or its form cannot be exported.
    """
    model = from_pretrained(name)
    if not can_export(model):
        raise ModelError(
            f"{name} cannot be exported: its fusion or bicubic skip resizes maps, which runtimes "
            "do differently; run it with torch"
        )
    return model


def export_graphs(folder: Path) -> Graphs:
    """Write the ONNX graphs of the network in a folder, and ``graphs.json``, into that folder.

    Args:
        folder: With ``config.json`` and ``model.safetensors``.

    Raises:
        ModelError: If there is no network, or its form cannot be exported.
    """
    model, weight = exportable(str(folder)), _stored_in(folder / WEIGHTS)
    checksum, stages = weights_checksum(model), []
    for k, stage in enumerate(model.stages):
        assert isinstance(stage, Stage)
        files = {use: f"stage{k + 1}_{use}.onnx" for use in _uses(stage)}
        for use, file in files.items():
            proto = _stage_graph(model, k, use, weight)
            _describe(proto, contract=CONTRACT, stage=k + 1, use=use, checksum=checksum)
            _write(proto, folder / file)
        stages.append(GraphStage(radius=stage.radius, files=files))
    graphs = Graphs(
        contract=CONTRACT,
        opset=OPSET,
        weights=file_checksum(folder / WEIGHTS),
        scale=model.config.scale,
        border=model.config.border,
        symmetric=model.config.symmetric,
        supersampled=model.config.supersampled,
        consistency=model.config.consistency,
        stages=tuple(stages),
    )
    write_graphs(graphs, folder / GRAPHS)
    return graphs


def export_whole(name: str, scale: int, file: Path) -> None:
    """Write a network at one scale as one ONNX graph, with its weights inside, for other programs.

    Its input ``depth`` is a normalised map without holes, b 1 h w; its output ``pred`` is the
    prediction, b 1 s·h s·w. Its metadata say which network it is, and the contract.

    Args:
        name: A network, as `dsdmsr.from_pretrained` takes it.
        scale: The scale.
        file: Where.

    Raises:
        ModelError: If there is no network, its form cannot be exported, or it does not serve the
            scale.
    """
    model = exportable(name)
    if scale not in model.scales:
        allowed = ", ".join(map(str, model.scales))
        raise ModelError(f"{name} does not serve the scale {scale}: allowed are {allowed}")
    graph, count = GraphBuilder(_inside), model.stages_for(scale)
    depth, carried = "depth", None
    for k in range(count):
        last = k == count - 1
        prefix = f"stages.{k}."
        stage: Stage = model.stages[k]  # type: ignore[assignment]
        given = add_stage(graph, stage, prefix, depth, carried, is_last=last, errors=False)
        depth = graph.op("DepthToSpace", given.depth, blocksize=2, mode="CRD")
        carried = given.carried
        if carried is not None:
            carried = graph.op("DepthToSpace", carried, blocksize=2, mode="CRD")
    if 2**count > scale:
        depth = graph.op("AveragePool", depth, kernel_shape=[2, 2], strides=[2, 2])
    for _ in range(model.config.consistency):
        depth = add_back_projection(graph, depth, "depth", scale)
    graph.rename(depth, "pred")
    proto = graph.model({"depth": 1}, {"pred": 1})
    _describe(
        proto,
        dsdmsr=one_word(name),
        checksum=weights_checksum(model),
        contract=CONTRACT,
        scale=scale,
        border=model.config.border,
    )
    _write(proto, file)


def _uses(stage: Stage) -> Iterator[str]:
    """Yield in which ways a stage can run."""
    if stage.can_hand_on:
        yield "next"
    if stage.can_be_last:
        yield "last"
    if stage.expected is not None:
        yield "errors"


def _stage_graph(model: DSDMSR, k: int, use: str, weight: Weight) -> ModelProto:
    """Return the graph of one way to run stage `k`."""
    graph, stage = GraphBuilder(weight), model.stages[k]
    assert isinstance(stage, Stage)
    width = model.config.carried
    inputs = {"depth": 1, "carried": width} if k and width else {"depth": 1}
    given = add_stage(
        graph,
        stage,
        f"stages.{k}.",
        "depth",
        "carried" if "carried" in inputs else None,
        is_last=use != "next",
        errors=use == "errors",
    )
    outputs = {"depth_views": 4}
    graph.rename(given.depth, "depth_views")
    for value, name, channels in (
        (given.carried, "carried_views", 4 * width),
        (given.log_error, "log_error_views", 4),
    ):
        if value is not None:
            graph.rename(value, name)
            outputs[name] = channels
    return graph.model(inputs, outputs)


def _describe(proto: ModelProto, **facts: object) -> None:
    for key, value in facts.items():
        proto.metadata_props.add(key=key, value=str(value))


def _write(proto: ModelProto, file: Path) -> None:
    with replacing(file) as beside:
        beside.write_bytes(proto.SerializeToString(deterministic=True))


def _inside(name: str, values: Tensor) -> TensorProto:
    """Return a weight that is held in the graph, in half precision where nothing is lost."""
    single = values.detach().cpu().contiguous()
    half = single.half()
    kept = half if torch.equal(half.float(), single) else single
    return numpy_helper.from_array(kept.numpy(), name)


def _stored_in(path: Path) -> Weight:
    """Return what makes weights of those in a safetensors file.

    Source:
        The format's documentation: 8 bytes length of a JSON header, the header, the data.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))

    def reference(name: str, values: Tensor) -> TensorProto:
        entry = header[name]
        if entry["dtype"] != "F16":
            return _inside(name, values)
        begin, end = entry["data_offsets"]
        tensor = TensorProto(
            data_type=TensorProto.FLOAT16,
            dims=entry["shape"],
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in (("location", WEIGHTS), ("offset", 8 + length + begin)):
            tensor.external_data.add(key=key, value=str(value))
        tensor.external_data.add(key="length", value=str(end - begin))
        return tensor

    return reference
