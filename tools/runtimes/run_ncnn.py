"""Run ONNX graphs with ncnn, converted by pnnx: a JSON object a line in, one a line out.

As run_web.mjs, with the channels of each input in ``load``; it runs where ncnn and pnnx are, and
needs nothing of ours. With the argument ``half``, pnnx rounds weights to half precision, and ncnn
chooses its own, as they do by themselves; with ``winograd``, ncnn takes Winograd's convolutions.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import ncnn
import numpy as np

HALF, WINOGRAD = "half" in sys.argv, "winograd" in sys.argv
SIZES = ((24, 32), (13, 17))
"""Two sizes of maps, from which pnnx sees that height and width are free."""


class Network(NamedTuple):
    """What ncnn runs."""

    net: Any
    inputs: list[str]
    """Names in the graph."""
    script: str
    """pnnx's example of how to run it."""

    def batch(self, name: str) -> dict[str, int]:
        """Return which axis of a map is the batch; pnnx finds out if there is one at all."""
        found = re.search(
            rf"\b{name}\.numpy\(batch_index=(\d+)\)|\b{name}\.numpy\(\), batch_index=(\d+)",
            self.script,
        )
        return {"batch_index": int(found[1] or found[2])} if found else {}


def load(path: Path, channels: dict[str, int], scratch: Path) -> Network:
    """Return a graph as ncnn's network, and the names of its inputs."""
    spec = find_spec("pnnx")
    assert spec is not None
    assert spec.origin is not None
    # The command of that name imports torch, which the converter itself doesn't need.
    command = [str(Path(spec.origin).with_name("pnnx")), str(path)]
    command += [] if HALF else ["fp16=0"]
    for key, size in zip(("inputshape", "inputshape2"), SIZES, strict=True):
        shapes = ",".join(f"[1,{count},{size[0]},{size[1]}]" for count in channels.values())
        command.append(f"{key}={shapes}")
    files = {kind: scratch / f"graph.ncnn.{kind}" for kind in ("param", "bin", "py")}
    for file in files.values():
        file.unlink(missing_ok=True)
    command += [f"ncnn{kind}={file}" for kind, file in files.items()]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    if done.returncode or not files["param"].is_file():
        raise ValueError(f"pnnx ends with {done.returncode}")
    foreign = unknown(files["param"])
    if foreign:
        raise ValueError(f"pnnx leaves {', '.join(foreign)}, which ncnn doesn't have")
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_winograd_convolution = WINOGRAD
    if not HALF:
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        net.opt.use_bf16_storage = False
    if net.load_param(str(files["param"])) or net.load_model(str(files["bin"])):
        raise ValueError("ncnn cannot load what pnnx has written")
    return Network(net, list(channels), files["py"].read_text(encoding="utf-8"))


def unknown(param: Path) -> list[str]:
    """Return the kinds of layers in a file that ncnn doesn't have."""
    lines = param.read_text(encoding="utf-8").splitlines()[2:]
    kinds = dict.fromkeys(line.split()[0] for line in lines)
    return [kind for kind in kinds if ncnn.layer_to_index(kind) < 0]


def run(network: Network, inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs of a network, 1 c h w each."""
    extractor = network.net.create_extractor()
    for k, name in enumerate(network.inputs):
        values = np.frombuffer(base64.b64decode(inputs[name]["data"]), np.float32)
        mat = ncnn.Mat(values.reshape(inputs[name]["shape"]), **network.batch(f"in{k}"))
        extractor.input(f"in{k}", mat.clone())
    outputs = []
    for name in network.net.output_names():
        code, mat = extractor.extract(name)
        if code:
            raise ValueError(f"ncnn ends with {code}")
        values = np.ascontiguousarray(mat.numpy(**network.batch(name)), np.float32)
        data = base64.b64encode(values.tobytes()).decode()
        outputs.append({"shape": values.shape, "data": data})
    return outputs


def main() -> None:
    """Reply to what stands on each line."""
    networks: dict[str, Network] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for line in sys.stdin:
            question = json.loads(line)
            try:
                if "load" in question:
                    path, channels = question["load"], question["channels"]
                    networks[path] = load(Path(path), channels, Path(scratch))
                    reply: dict[str, Any] = {"version": ncnn.__version__}
                else:
                    reply = {"outputs": run(networks[question["run"]], question["inputs"])}
            except ValueError as error:
                reply = {"error": str(error)}
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
