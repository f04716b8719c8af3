from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

import dsdmsr
from dsdmsr.errors import ModelError
from dsdmsr.evaluation.methods import BASELINES, LowRes
from dsdmsr.evaluation.onnx_method import OnnxMethod
from dsdmsr.evaluation.options import EvaluateOptions


def graph(path, kind, weights, *, channels=1, inputs=1, **attributes):
    """Write a graph of one layer without bias."""
    size = ["b", channels, "h", "w"]
    given = [
        helper.make_tensor_value_info(f"in{k}", TensorProto.FLOAT, size) for k in range(inputs)
    ]
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["b", 1, "H", "W"])
    node = helper.make_node(kind, ["in0", "w"], ["out"], **attributes)
    held = numpy_helper.from_array(np.asarray(weights, np.float32), "w")
    model = helper.make_model(
        helper.make_graph([node], "g", given, [out], [held]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    save(model, path)


def nearest(path, scale, channels=1):
    """Write a graph that repeats pixels."""
    weights = np.full((channels, 1, scale, scale), 1 / channels)
    graph(path, "ConvTranspose", weights, channels=channels, strides=[scale, scale])


@pytest.fixture
def low_res(rng):
    valid = np.ones((7, 9), bool)
    valid[2:4, 3] = False
    return LowRes(rng.uniform(20, 230, valid.shape), valid, 4, "bicubic")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("numbers", ["", "values: [0, 255]\n", "become: [-1, 1]\n"])
def test_a_network_that_repeats_pixels_is_nearest(tmp_path, low_res, channels, numbers):
    nearest(tmp_path / "x4.onnx", 4, channels)
    contract = tmp_path / "net.yaml"
    contract.write_text(f"graphs: {{4: x4.onnx}}\ntakes: low_resolution\n{numbers}")
    pred = OnnxMethod(contract)(low_res).values
    np.testing.assert_allclose(pred, BASELINES["nearest"](low_res).values, atol=1e-3)


@pytest.mark.parametrize("pads", [[0, 0, 0, 0], [1, 1, 1, 1]])
@pytest.mark.parametrize(("gives", "middle"), [("values", 1.0), ("residual", 0.0)])
def test_a_network_on_bicubic_may_give_a_residual_and_cut_its_border(
    tmp_path, low_res, pads, gives, middle
):
    weights = np.zeros((1, 1, 3, 3))
    weights[..., 1, 1] = middle
    graph(tmp_path / "x4.onnx", "Conv", weights, pads=pads)
    contract = tmp_path / "net.yml"
    contract.write_text(f"graphs: {{4: x4.onnx}}\ntakes: bicubic\ngives: {gives}\npad: 1\n")
    pred = OnnxMethod(contract)(low_res).values
    np.testing.assert_allclose(pred, BASELINES["bicubic"](low_res).values, atol=1e-3)


def test_one_is_measured_beside_ours(tmp_path, rng):
    np.save(tmp_path / "map.npy", rng.uniform(1, 2, (32, 32)))
    nearest(tmp_path / "x4.onnx", 4)
    (tmp_path / "theirs.yaml").write_text("graphs: {4: x4.onnx}\ntakes: low_resolution\n")
    options = EvaluateOptions(
        protocol=("a",),
        maps=(str(tmp_path / "map.npy"),),
        encoding="metres",
        model=(str(tmp_path / "theirs.yaml"),),
        baselines=("nearest",),
    )
    results = dsdmsr.evaluate(options)
    (protocol,) = results.protocols
    by_nearest, theirs = protocol.means
    assert (theirs.method, theirs.scale) == ("theirs", 4)
    assert theirs.metrics["rmse"] == pytest.approx(by_nearest.metrics["rmse"], abs=1e-4)
    assert [model.name for model in results.models] == ["theirs"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("graphs: {4: none.onnx}\ntakes: bicubic\n", "cannot be run by ONNX Runtime"),
        ("graphs: {3: x4.onnx}\ntakes: bicubic\n", "one or more of 2, 4, 8, 16"),
        ("graphs: {" + 5000 * "x" + ": x4.onnx}\ntakes: bicubic\n", r"^.{,900}$"),
        ("graphs: {}\ntakes: bicubic\n", "one or more of 2, 4, 8, 16"),
        ("graphs: {4: x4.onnx}\ntakes: colour\n", "allowed are low_resolution, bicubic"),
        ("graphs: {4: x4.onnx}\ntakes: bicubic\nscale: 4\n", "unknown key 'scale'"),
        ("graphs: {4: x4.onnx}\ntakes: bicubic\nbecome: [1, 1]\n", "two different numbers"),
        ("graphs: {4: x4.onnx}\ntakes: bicubic\npad: -1\n", "give 0 or more"),
        ("graphs: {4: two.onnx}\ntakes: bicubic\n", "give a graph of one input"),
        ("graphs: {4: five.onnx}\ntakes: bicubic\n", "give a graph of one input"),
        ("graphs: [\n", "cannot be read"),
        ("[" * 20_000, "cannot be read"),
        ("graphs: {4: x4.onnx}\ntakes: bicubic\nvalues: [0, 1" + 400 * "0" + "]\n", "smaller"),
        ("[]\n", "lines of 'key: value'"),
    ],
)
def test_wrong_contracts_are_refused(tmp_path, text, says):
    nearest(tmp_path / "x4.onnx", 4)
    graph(tmp_path / "two.onnx", "Conv", np.ones((1, 1, 1, 1)), inputs=2)
    graph(tmp_path / "five.onnx", "Conv", np.ones((1, 5, 1, 1)), channels=5)
    (tmp_path / "net.yaml").write_text(text)
    with pytest.raises(ModelError, match=says):
        OnnxMethod(tmp_path / "net.yaml")
    with pytest.raises(ModelError, match="cannot be read"):
        OnnxMethod(tmp_path / "none.yaml")


def test_a_prediction_of_another_size_is_refused(tmp_path, low_res):
    nearest(tmp_path / "x2.onnx", 2)
    (tmp_path / "net.yaml").write_text("graphs: {4: x2.onnx}\ntakes: low_resolution\n")
    with pytest.raises(ModelError, match="gives 14×18 where the prediction is 28×36"):
        OnnxMethod(tmp_path / "net.yaml")(low_res)
