#!/usr/bin/env bash
# pnnx 20261020, with ncnn 1.0.20261020, ReduceSum and ReduceMean over one axis in ONNX, seen 2026-11-29 on Linux.
#
# One would expect: a sum over the channels of a map, such as that of depths times their weights, has one channel in
# ncnn, too; or pnnx says that it cannot convert it.
#
# What happens: where the axes are an input of the operator, as opset 13 has it for ReduceSum and opset 18 for
# ReduceMean, one axis alone is lost: pnnx ends with 0, and ncnn gives all channels as they came. With two axes, or one
# as an attribute, as older opsets have it, the result is right.
#
# Whoever converts a network with such a sum exports it for an older opset, and compares the shapes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q onnx==1.23.2 numpy==2.4.6 2>/dev/null
# pnnx's wheel names torch, which its converter doesn't use.
"$folder/venv/bin/pip" install -q --no-deps ncnn==1.0.20261020 pnnx==20261020 2>/dev/null
cat > "$folder/look.py" <<'PY'
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import ncnn
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

os.chdir(sys.argv[1])
CONVERTER = Path(find_spec("pnnx").origin).with_name("pnnx")


def converted(operator: str, opset: int, axes: list[int]) -> np.ndarray:
    """Return what ncnn gives for an operator behind a convolution that changes nothing."""
    weights = [numpy_helper.from_array(np.eye(4, dtype=np.float32)[:, :, None, None], "same")]
    nodes = [helper.make_node("Conv", ["x", "same"], ["kept"])]
    if opset < 13:
        nodes.append(helper.make_node(operator, ["kept"], ["y"], axes=axes, keepdims=1))
    else:
        weights.append(numpy_helper.from_array(np.array(axes), "axes"))
        nodes.append(helper.make_node(operator, ["kept", "axes"], ["y"], keepdims=1))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 2, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "graph", [x], [y], initializer=weights)
    opsets = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), "graph.onnx")
    subprocess.run([CONVERTER, "graph.onnx"], check=True, capture_output=True)
    net = ncnn.Net()
    assert net.load_param("graph.ncnn.param") == 0
    assert net.load_model("graph.ncnn.bin") == 0
    extractor = net.create_extractor()
    extractor.input("in0", ncnn.Mat(np.arange(24, dtype=np.float32).reshape(4, 2, 3)).clone())
    return np.array(extractor.extract("out0")[1])


seen = {}
for operator, opset, axes in (
    ("ReduceSum", 11, [1]),
    ("ReduceSum", 18, [1]),
    ("ReduceMean", 18, [1]),
    ("ReduceMean", 18, [2, 3]),
):
    result = converted(operator, opset, axes)
    seen[operator, opset, len(axes)] = result.shape
    print(f"{operator} of opset {opset} over {axes}, of 4×2×3: {result.shape}, begins with {result.flat[0]:g}")
sys.exit(
    seen["ReduceSum", 11, 1] != (1, 2, 3)
    or seen["ReduceSum", 18, 1] != (4, 2, 3)
    or seen["ReduceMean", 18, 1] != (4, 2, 3)
    or seen["ReduceMean", 18, 2] != (4, 1, 1)
)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
