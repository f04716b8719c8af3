from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from testing.exported import SMALL, exported

from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.upscaling import onnx_runtime
from dsdmsr.upscaling.onnx_runtime import PROVIDERS, OnnxRuntime


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    exported(SMALL, folder)
    return folder


@pytest.fixture
def sessions(monkeypatch) -> list[SimpleNamespace]:
    """Sessions that are only noted, with the file, the options and the providers they are for."""
    noted: list[SimpleNamespace] = []

    def note(file: Path, options: object, providers: list[str]) -> SimpleNamespace:
        noted.append(SimpleNamespace(file=file, options=options, providers=providers))
        return noted[-1]

    monkeypatch.setattr(onnxruntime, "InferenceSession", note)
    return noted


def provide(monkeypatch, *devices: str) -> None:
    names = [PROVIDERS[device] for device in devices]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)


@pytest.mark.parametrize(
    ("there", "device", "chosen"),
    [
        (("cpu",), "auto", "cpu"),
        (("coreml", "cpu"), "auto", "cpu"),
        (("cuda", "cpu"), "auto", "cuda"),
        (("cuda", "cpu"), "cpu", "cpu"),
        (("directml", "cpu"), "directml", "directml"),
    ],
)
def test_graphs_run_on_the_device_and_the_rest_on_the_cpu(
    monkeypatch, sessions, there, device, chosen
):
    provide(monkeypatch, *there)
    runtime = OnnxRuntime(device)
    assert runtime.device == chosen
    runtime.load(Path("stage1_last.onnx"))
    expected = [PROVIDERS[chosen]] + [PROVIDERS["cpu"]] * (chosen != "cpu")
    assert sessions[0].providers == expected


@pytest.mark.parametrize("device", ["cuda", "gpu", "cuda:1", ""])
def test_a_device_that_is_not_there_is_refused(monkeypatch, device):
    provide(monkeypatch, "coreml", "cpu")
    with pytest.raises(
        ConfigError, match=rf"{device!r} is not there: ONNX Runtime here has cpu, c"
    ):
        OnnxRuntime(device)


def test_threads_are_those_that_the_process_may_use_and_sleep(monkeypatch, sessions):
    monkeypatch.setattr(onnx_runtime, "available_threads", lambda: 3)
    OnnxRuntime("cpu").load(Path("stage1_last.onnx"))
    options: Any = sessions[0].options
    assert options.intra_op_num_threads == 3
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


@pytest.mark.parametrize("content", [None, b"", b"no graph\n"])
def test_a_graph_that_cannot_be_read_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "stage1_last.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"stage1_last\.onnx cannot be run by ONNX Runtime: ") as e:
        OnnxRuntime("cpu").load(file)
    assert len(str(e.value).splitlines()) == 1


def test_a_graph_without_its_weights_is_refused_in_one_line(folder, tmp_path):
    (tmp_path / "stage1_last.onnx").write_bytes((folder / "stage1_last.onnx").read_bytes())
    with pytest.raises(ModelError, match=r"model\.safetensors") as error:
        OnnxRuntime("cpu").load(tmp_path / "stage1_last.onnx")
    assert len(str(error.value).splitlines()) == 1


def test_a_lack_of_memory_is_pythons_own_error(monkeypatch):
    class Small:
        said = "Status Message: Failed to allocate memory for requested buffer of size 50331648"

        def __init__(self, *given: object, **more: object) -> None:
            pass

        def run(self, *given: object) -> None:
            raise Exception(self.said)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Small)
    run = OnnxRuntime("cpu").load(Path("any.onnx"))
    with pytest.raises(MemoryError, match="50331648"):
        run({})
    Small.said = "another reason"
    with pytest.raises(Exception, match="another reason"):
        run({})


def test_outputs_are_in_the_graphs_order(folder, rng):
    run = OnnxRuntime("cpu").load(folder / "stage1_next.onnx")
    depth = rng.random((2, 1, 3, 5), dtype=np.float32)
    views, carried = run({"depth": depth})
    assert (views.shape, carried.shape) == ((2, 4, 3, 5), (2, 16, 3, 5))
    assert views.dtype == carried.dtype == np.float32


def test_memory_is_given_back_after_large_maps_alone(folder, monkeypatch):
    runtime = OnnxRuntime("cpu")
    run = runtime.load(folder / "stage1_last.onnx")
    given_back: list[bool] = []
    monkeypatch.setattr(onnx_runtime, "give_memory_back", lambda: given_back.append(True))
    monkeypatch.setattr(onnx_runtime, "_LARGE", 4 * 20 * 20)
    run({"depth": np.zeros((1, 1, 19, 20), np.float32)})
    runtime.release()
    assert not given_back
    run({"depth": np.zeros((1, 1, 20, 20), np.float32)})
    run({"depth": np.zeros((1, 1, 1, 1), np.float32)})
    runtime.release()
    runtime.release()
    assert given_back == [True]


_RESIDENT = """
import gc, resource, sys
from pathlib import Path
import numpy as np
from dsdmsr.upscaling.graph_backend import GraphBackend
from dsdmsr.upscaling import onnx_runtime
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.graphs import read_graphs

onnx_runtime._LARGE = 2**20  # a larger map would take long

def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20

folder = Path(sys.argv[1])
backend = GraphBackend(folder, read_graphs(folder), OnnxRuntime("cpu"))
for size in (8, 300):
    window = Window(0, size, 0, size)
    predict = backend.predictor(np.zeros((1, 1, size, size), np.float32), 4, window)
    predict(window)
    before = resident()
    del predict
    gc.collect()
    print(before, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_the_system_has_the_memory_of_a_large_map_again(folder):
    command = [sys.executable, "-c", _RESIDENT, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    (small, _), (large, after) = (map(float, line.split()) for line in done.stdout.splitlines())
    assert large > small + 60
    assert after < small + 0.5 * (large - small)
