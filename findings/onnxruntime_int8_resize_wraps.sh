#!/usr/bin/env bash
# onnxruntime 1.32.0, Resize, cubic with antialias, of whole numbers, seen 2026-11-29 on Linux.
#
# One would expect: where cubic interpolation goes beyond the largest number of the type, beside an edge from near to
# far, it is clipped, as it is for uint8.
#
# What happens: int8 wraps: beside a step from 0 to 127, which becomes 137 in floats, stands -119. In a depth network
# of 8 bits, a bright edge gets a rim from the other end of the range.
#
# Whoever resizes quantized maps does so in floats.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper


def resized(row: np.ndarray) -> list[float]:
    kind = helper.np_dtype_to_tensor_dtype(row.dtype)
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="cubic", antialias=1)
    graph = helper.make_graph(
        [node],
        "resize",
        [helper.make_tensor_value_info("x", kind, [1, 1, 2, 4])],
        [helper.make_tensor_value_info("y", kind, None)],
        [helper.make_tensor("scales", onnx.TensorProto.FLOAT, [4], [1, 1, 1, 0.75])],
    )
    opset = [helper.make_opsetid("", 19)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    engine = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return engine.run(None, {"x": np.stack([row, row])[None, None]})[0][0, 0, 0].tolist()


seen = {}
for kind, largest in (("uint8", 255), ("int8", 127), ("float32", 127)):
    row = np.array([0, 0, largest, largest], kind)
    seen[kind] = resized(row)
    print(f"{kind}: {row.tolist()} becomes {seen[kind]}")
sys.exit(seen["uint8"][2] != 255 or seen["int8"][2] != -119 or not seen["float32"][2] > 127)
PY
"$folder/venv/bin/python" "$folder/look.py"
