#!/usr/bin/env bash
# OpenVINO 2026.4.1, compile_model with CACHE_DIR, seen 2026-11-29 on Linux, CPU plugin.
#
# One would expect: a cache of compiled models is keyed by what is in a model's file.
#
# What happens: it is keyed by the file's path, size and time of writing, the latter in whole seconds. A
# model that is trained on and written again, as large as before and within the same second (or with a time
# that was kept, as archives and package managers do), gives the old model's results, from a new Core, too.
#
# Whoever updates models in place gives each version a cache folder of its own, named by a checksum.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import os
import sys

import numpy as np
import onnx
import openvino
from onnx import TensorProto, helper, numpy_helper

os.chdir(sys.argv[1])


def write(added: float, second: int) -> None:
    """Write a model that adds a number to its input, and set the time of writing."""
    given, result = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")
    )
    number = numpy_helper.from_array(np.array([added], np.float32), "number")
    add = helper.make_node("Add", ["x", "number"], ["y"])
    graph = helper.make_graph([add], "graph", [given], [result], initializer=[number])
    opsets = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), "model.onnx")
    os.utime("model.onnx", (second, second))


def run() -> float:
    compiled = openvino.Core().compile_model("model.onnx", "CPU", {"CACHE_DIR": "cache"})
    return float(compiled(np.zeros(1, np.float32))[0][0])


second = 1_700_000_000
write(1.0, second)
seen = [run()]
write(2.0, second)
seen.append(run())
write(2.0, second + 1)
seen.append(run())
print("the model adds 1, then 2 with the same second, then 2 a second later:", seen)
sys.exit(seen != [1.0, 1.0, 2.0])
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
# Seen: the model adds 1, then 2 with the same second, then 2 a second later: [1.0, 1.0, 2.0]
