from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import ModelProto, TensorProto, numpy_helper
from safetensors.torch import load_file, save_file
from testing.exported import SMALL, exported, saved
from torch import nn

from dsdmsr.errors import ModelError
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.units import UNITS
from dsdmsr.training.export import can_export, export_graphs, export_whole
from dsdmsr.training.graph_builder import OPSET, GraphBuilder
from dsdmsr.training.onnx_graph import _LAYERS, add_stage
from dsdmsr.upscaling.graph_backend import GraphBackend, Runtime
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.checksum import weights_checksum
from dsdmsr.zoo.graphs import CONTRACT, Graphs, read_graphs
from dsdmsr.zoo.torch_networks import from_pretrained

PLAIN = ModelConfig(scale=4, width=(8,), depth=(2,), fusion="none")
SYMMETRIC: dict[str, Any] = {
    "width": (16, 8),
    "hidden": ((8, 16), (8, 8)),
    "carried": 8,
    "confidence": 8,
    "symmetric": True,
}
FORMS = {
    **{
        f"{unit} {sharing}": dataclasses.replace(PLAIN, unit=unit, sharing=sharing, bias=bias)
        for unit in UNITS
        for sharing, bias in (("independent", True), ("shared", False))
    },
    **{
        f"{unit} carried": dataclasses.replace(SMALL, unit=unit, differences=False, bias=True)
        for unit in ("vdsr", "gated", "large_kernel")
    },
    "independent carried": dataclasses.replace(SMALL, sharing="independent"),
    **{
        name: dataclasses.replace(SMALL, **changes)
        for name, changes in {
            "small": {},
            "regressed": {"candidates": 0, "confidence": 0},
            "one head": {"two_heads": False},
            "candidates": {"candidates": 5, "confidence": 0},
            "dilations": {"dilations": (2, 3)},
            "one stage": {"scale": 2, "supersampled": True},
            "supersampled": {"scale": 8, "supersampled": True, "depth": (1,)},
            "features": {"carried": 8, "carried_into": "features"},
            "plain features": {
                "carried": 8,
                "carried_into": "features",
                "differences": False,
                "bias": True,
            },
            "corrected": {"consistency": 2, "depth": (1,)},
            "symmetric": SYMMETRIC,
        }.items()
    },
}
SIZES = [(1, 1), (1, 6), (9, 7)]
IN_OPENVINO = [name for name in FORMS if name.endswith(("carried", "shared"))]
IN_OPENVINO += ["small", "dilations", "features", "symmetric"]
"""Forms with every layer; others differ in what runs around the graphs."""
ALLOWED = {
    *("Add", "Cast", "Clip", "Concat", "Conv", "Div", "Exp", "Gather", "Greater", "Log", "Max"),
    *("Mul", "Not", "Pad", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Shape"),
    *("Slice", "Sqrt", "Sub", "Where"),
}
"""Operators on which runtimes agree."""
IN_BACK_PROJECTION = {"Min", "Mod", "Range", "Squeeze"}
"""Those of whole numbers, too."""


@pytest.fixture(autouse=True)
def no_cache_of_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "small"
    exported(SMALL, folder)
    return folder


def graphs_in(folder: Path) -> dict[str, ModelProto]:
    files = sorted(folder.glob("*.onnx"))
    return {file.name: onnx.load(file, load_external_data=False) for file in files}


def assert_same(
    model: DSDMSR,
    folder: Path,
    runtime: Runtime,
    rng: np.random.Generator,
    sizes: Sequence[tuple[int, int]],
) -> None:
    backend = GraphBackend(folder, read_graphs(folder), runtime)
    expected = TorchBackend(model, "cpu")
    assert backend.scales == expected.scales
    assert backend.border == expected.border
    assert backend.symmetric == expected.symmetric
    assert backend.predicts_error == expected.predicts_error
    for height, width in sizes:
        everything = Window(0, height, 0, width)
        depth = rng.random((3, 1, height, width), dtype=np.float32)
        depth[2] = 0  # where nothing acts
        for scale in model.scales:
            assert backend.largest_scale(scale) == expected.largest_scale(scale)
            ours, torchs = (
                each.predictor(depth, scale, everything)(everything, errors=True)
                for each in (backend, expected)
            )
            assert ours.dtype == np.float32
            assert ours.shape == torchs.shape
            np.testing.assert_allclose(ours, torchs, rtol=0, atol=1e-5 * max(1, np.ptp(torchs)))
            if height > 1:
                repeated = depth.repeat(scale, 2).repeat(scale, 3)
                assert np.abs(torchs[:, :1] - repeated).max() > 0.05
                # Errors that were cut to what is allowed would always agree.
                assert torchs.shape[1] == 1 or torchs[:, 1].std() > 1e-4


@pytest.mark.parametrize("form", FORMS, scope="class")
class TestEveryForm:
    @pytest.fixture(scope="class")
    def folder(self, form, tmp_path_factory) -> Path:
        return tmp_path_factory.mktemp("form")

    @pytest.fixture(scope="class")
    def model(self, form, folder) -> DSDMSR:
        return exported(FORMS[form], folder)

    def test_graphs_give_what_torch_gives(self, model, folder, rng):
        assert_same(model, folder, OnnxRuntime("cpu"), rng, SIZES)

    def test_graphs_are_of_operators_on_which_runtimes_agree(self, model, folder):
        assert can_export(model)
        for file, graph in graphs_in(folder).items():
            onnx.checker.check_model(folder / file, full_check=True)
            assert {node.op_type for node in graph.graph.node} <= ALLOWED
            assert [(each.domain, each.version) for each in graph.opset_import] == [("", OPSET)]
            for each in (*graph.graph.input, *graph.graph.output):
                batch, channels, *size = each.type.tensor_type.shape.dim
                assert channels.dim_value > 0
                assert batch.dim_param == "batch"
                assert all(side.dim_param for side in size)


@pytest.mark.parametrize("form", IN_OPENVINO)
def test_openvino_gives_what_torch_gives(tmp_path, rng, form):
    pytest.importorskip("openvino", reason="pip install 'dsdmsr[openvino]'")
    from dsdmsr.upscaling.openvino_runtime import OpenVino

    model = exported(FORMS[form], tmp_path)
    assert_same(model, tmp_path, OpenVino("cpu"), rng, SIZES[::2])


def test_every_layer_that_is_known_is_in_a_form():
    found: set[type] = set()
    for config in FORMS.values():
        for stage in DSDMSR(config).stages:
            found |= {type(layer) for layer in stage.unit.features[1:]}
    assert found == set(_LAYERS)


def test_weights_are_those_of_the_safetensors_file(small):
    kept = load_file(small / "model.safetensors")
    data = (small / "model.safetensors").read_bytes()
    seen = set()
    for graph in graphs_in(small).values():
        for tensor in graph.graph.initializer:
            if not tensor.name.endswith(".half"):
                assert tensor.data_location == TensorProto.DEFAULT
                assert np.prod(tensor.dims) < 100
                continue
            name = tensor.name.removesuffix(".half")
            where = {entry.key: entry.value for entry in tensor.external_data}
            assert where["location"] == "model.safetensors"
            offset, length = int(where["offset"]), int(where["length"])
            values = np.frombuffer(data[offset : offset + length], np.float16)
            np.testing.assert_array_equal(values.reshape(tensor.dims), kept[name].numpy())
            assert tensor.data_type == TensorProto.FLOAT16
            seen.add(name)
    assert seen == set(kept)


def test_weights_in_single_precision_are_not_rounded(tmp_path, rng):
    model = saved(SMALL, tmp_path)
    weights = {k: v + 1e-4 * torch.rand_like(v) for k, v in model.state_dict().items()}
    save_file(weights, tmp_path / "model.safetensors")
    export_graphs(tmp_path)
    backend = GraphBackend(tmp_path, read_graphs(tmp_path), OnnxRuntime("cpu"))
    expected = TorchBackend.from_pretrained(str(tmp_path), "cpu")
    depth, window = rng.random((1, 1, 8, 9), dtype=np.float32), Window(0, 8, 0, 9)
    ours, torchs = (
        each.predictor(depth, 4, window)(window, errors=True) for each in (backend, expected)
    )
    np.testing.assert_allclose(ours, torchs, rtol=0, atol=1e-5)


def test_the_index_says_what_there_is(small):
    graphs = read_graphs(small)
    assert graphs is not None
    model = from_pretrained(str(small))
    assert graphs == export_graphs(small)
    expected = {
        "contract": CONTRACT,
        "opset": OPSET,
        "scale": 4,
        "border": model.config.border,
        "symmetric": False,
        "supersampled": False,
        "consistency": 0,
    }
    assert {name: getattr(graphs, name) for name in expected} == expected
    assert [stage.radius for stage in graphs.stages] == [stage.radius for stage in model.stages]
    assert [list(stage.files) for stage in graphs.stages] == [
        ["next", "last", "errors"],
        ["last", "errors"],
    ]
    files = [file for stage in graphs.stages for file in stage.files.values()]
    assert sorted(files) == sorted(file.name for file in small.glob("*.onnx"))


def test_the_first_stage_of_a_supersampled_network_only_hands_on(tmp_path):
    exported(dataclasses.replace(SMALL, supersampled=True), tmp_path)
    graphs = read_graphs(tmp_path)
    assert isinstance(graphs, Graphs)
    assert [list(stage.files) for stage in graphs.stages] == [["next"], ["last", "errors"]]


def test_each_graph_says_what_it_is(small):
    checksum = weights_checksum(from_pretrained(str(small)))
    for stage in (1, 2):
        for use in ("next", "last", "errors")[stage - 1 :]:
            graph = onnx.load(small / f"stage{stage}_{use}.onnx", load_external_data=False)
            facts = {each.key: each.value for each in graph.metadata_props}
            assert facts == {
                "contract": str(CONTRACT),
                "stage": str(stage),
                "use": use,
                "checksum": checksum,
            }
            assert graph.producer_name == "dsdmsr"


def test_an_export_gives_the_same_bytes_again(small):
    before = {file: file.read_bytes() for file in small.iterdir()}
    export_graphs(small)
    assert {file: file.read_bytes() for file in small.iterdir()} == before


WHOLE = ["vdsr independent", "small", "supersampled", "features", "symmetric", "corrected"]


@pytest.mark.parametrize("form", WHOLE)
def test_a_whole_graph_gives_what_torch_gives(tmp_path, rng, form):
    model = saved(FORMS[form], tmp_path / "net")
    for scale in model.scales:
        file = tmp_path / f"x{scale}.onnx"
        export_whole(str(tmp_path / "net"), scale, file)
        graph = onnx.load(file)
        onnx.checker.check_model(graph, full_check=True)
        used = {node.op_type for node in graph.graph.node}
        assert used <= ALLOWED | {"DepthToSpace", "AveragePool"} | IN_BACK_PROJECTION
        taken = {name for node in graph.graph.node for name in node.input}
        assert {tensor.name for tensor in graph.graph.initializer} <= taken
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        (given,), (made,) = session.get_inputs(), session.get_outputs()
        assert (given.name, made.name) == ("depth", "pred")
        for size in SIZES:
            depth = rng.random((2, 1, *size), dtype=np.float32)
            (pred,) = session.run(None, {"depth": depth})
            with torch.no_grad():
                expected = model(torch.from_numpy(depth), scale).fused.numpy()
            close = {"rtol": 0, "atol": 1e-5 * max(1, np.ptp(expected))}
            np.testing.assert_allclose(pred, expected, **close)


def test_a_whole_graph_has_its_weights_and_says_what_it_is(tmp_path):
    model = saved(SMALL, tmp_path / "net")
    export_whole(str(tmp_path / "net"), 4, tmp_path / "net-x4.onnx")
    graph = onnx.load(tmp_path / "net-x4.onnx", load_external_data=False)
    weights = {
        tensor.name.removesuffix(".half"): numpy_helper.to_array(tensor)
        for tensor in graph.graph.initializer
        if tensor.name.endswith(".half")
    }
    assert all(values.dtype == np.float16 for values in weights.values())
    state = model.state_dict()
    assert {name for name in state if ".expected." not in name} > set(weights)
    for name, values in weights.items():
        np.testing.assert_array_equal(values.astype(np.float32), state[name].numpy())
    facts = {each.key: each.value for each in graph.metadata_props}
    assert facts == {
        "dsdmsr": "net",
        "checksum": weights_checksum(model),
        "contract": str(CONTRACT),
        "scale": "4",
        "border": str(model.config.border),
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"fusion": "mean"}, "cannot be exported: its fusion or bicubic skip resizes maps"),
        ({"fusion": "legacy"}, "run it with torch"),
        ({"fusion": "none", "skip": "bicubic"}, "cannot be exported: its fusion or bicubic skip"),
    ],
)
def test_forms_that_resize_are_refused(tmp_path, changes, says):
    config = ModelConfig(
        **{"scale": 4, "unit": "residual", "width": (4,), "depth": (1,)}, **changes
    )
    model = saved(config, tmp_path)
    assert not can_export(model)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ModelError, match=says):
        export_graphs(tmp_path)
    with pytest.raises(ModelError, match=says):
        export_whole(str(tmp_path), 2, tmp_path / "x2.onnx")
    assert sorted(tmp_path.iterdir()) == before
    if config.skip == "bicubic":
        with pytest.raises(ModelError, match="bicubic skip cannot be exported"):
            add(model)


def add(model: DSDMSR) -> None:
    graph = GraphBuilder(lambda name, values: TensorProto())
    add_stage(graph, model.stages[0], "stages.0.", "depth", None, is_last=True, errors=False)


@pytest.mark.parametrize("index", [0, 1])
def test_layers_that_are_not_known_are_refused(index):
    model = DSDMSR(SMALL)
    model.stages[0].unit.features[index] = nn.GELU()
    with pytest.raises(ModelError, match="a layer GELU cannot be exported"):
        add(model)


def test_scales_that_a_network_does_not_serve_are_refused(small, tmp_path):
    for scale in (3, 8):
        with pytest.raises(ModelError, match=f"the scale {scale}: allowed are 2, 4"):
            export_whole(str(small), scale, tmp_path / "x.onnx")
    assert not any(tmp_path.glob("*.onnx"))


def test_no_network_is_said(tmp_path):
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        export_graphs(tmp_path)
