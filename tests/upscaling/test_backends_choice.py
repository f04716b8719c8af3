from __future__ import annotations

import dataclasses
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from testing.exported import SMALL, exported, saved

from dsdmsr import Upscaler
from dsdmsr.errors import ConfigError, DependencyError, ModelError
from dsdmsr.upscaling import backends
from dsdmsr.upscaling.backends import BACKENDS, has_cuda_driver, load_backend, torch_has_cuda
from dsdmsr.upscaling.graph_backend import GraphBackend
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from dsdmsr.upscaling.torch_backend import TorchBackend

CPU_BUILD = "__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n"
CUDA_BUILD = "__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\nhip = None\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "net"
    exported(SMALL, folder)
    return folder


@pytest.fixture(scope="module")
def without_graphs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "net"
    saved(SMALL, folder)
    return folder


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Set whether there is a driver, and what torch's version.py says; None for no torch."""

    def set_up(*, driver: bool, torch: str | None) -> None:
        file = tmp_path / "driver"
        if driver:
            file.touch()
        monkeypatch.setattr(backends, "_DRIVERS", {sys.platform: (str(file),)})
        spec = None
        if torch is not None:
            (tmp_path / "version.py").write_text(torch)
            spec = ModuleSpec("torch", None, origin=str(tmp_path / "__init__.py"))
        monkeypatch.setattr(backends, "find_spec", {"torch": spec}.__getitem__)

    return set_up


@pytest.mark.parametrize(
    ("driver", "torch", "there", "build"),
    [
        (False, CPU_BUILD, False, False),
        (False, CUDA_BUILD, False, True),
        (True, CPU_BUILD, True, False),
        (True, CUDA_BUILD, True, True),
        (True, "cuda = '12.6'\n", True, True),
        (True, "cuda_version = '1'\n__cuda__ = 'x'\n", True, False),
        (True, None, True, False),
    ],
)
def test_torch_is_chosen_where_a_driver_and_a_build_for_it_are(
    machine, folder, driver, torch, there, build
):
    machine(driver=driver, torch=torch)
    assert has_cuda_driver() == there
    assert torch_has_cuda() == build
    chosen = load_backend(str(folder))
    assert isinstance(chosen, TorchBackend if there and build else GraphBackend)
    # Who says cpu means it.
    assert isinstance(load_backend(str(folder), device="cpu"), GraphBackend)


def test_a_torch_whose_version_cannot_be_read_has_no_build(machine, tmp_path):
    machine(driver=True, torch="")
    (tmp_path / "version.py").unlink()
    assert not torch_has_cuda()


def test_the_torch_that_is_here_is_looked_at_rightly():
    import torch

    assert torch_has_cuda() == (torch.version.cuda is not None)


def test_platforms_without_known_files_have_no_driver(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not has_cuda_driver()


def test_a_network_without_graphs_is_for_torch(machine, without_graphs):
    machine(driver=False, torch=CPU_BUILD)
    assert isinstance(load_backend(str(without_graphs)), TorchBackend)


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_graphs_that_are_missing_are_said_with_what_to_do(without_graphs, backend):
    with pytest.raises(ModelError, match=r"no ONNX graphs.*dsdmsr export.*--backend torch"):
        load_backend(str(without_graphs), backend)


def test_the_backend_that_is_named_is_taken(folder):
    assert isinstance(load_backend(str(folder), "torch", "cpu"), TorchBackend)
    onnx = load_backend(str(folder), "onnx", "cpu")
    assert isinstance(onnx, GraphBackend)
    assert isinstance(onnx.runtime, OnnxRuntime)
    upscaler = Upscaler.from_pretrained(folder, scale=2, backend="torch", device="cpu")
    assert isinstance(upscaler.backend, TorchBackend)


def test_openvino_is_taken_if_it_is_named(folder):
    pytest.importorskip("openvino", reason="pip install 'dsdmsr[openvino]'")
    from dsdmsr.upscaling.openvino_runtime import OpenVino

    backend = load_backend(str(folder), "openvino")
    assert isinstance(backend, GraphBackend)
    assert isinstance(backend.runtime, OpenVino)


@pytest.mark.parametrize(("backend", "module"), [("openvino", "openvino"), ("torch", "torch")])
def test_a_backend_that_is_not_installed_is_said_with_its_extra(
    monkeypatch, folder, backend, module
):
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("openvino_runtime", "torch_backend"):
        monkeypatch.delitem(sys.modules, f"dsdmsr.upscaling.{name}", raising=False)
    with pytest.raises(DependencyError, match=rf"pip install .*\[{backend}\]'"):
        load_backend(str(folder), backend, "cpu")


def test_a_network_for_a_known_degradation_has_its_own_graphs(tmp_path):
    exported(SMALL, tmp_path / "net")
    exported(dataclasses.replace(SMALL, border=3), tmp_path / "net" / "bicubic")
    borders = [
        load_backend(str(tmp_path / "net"), "onnx", "cpu", degradation).border
        for degradation in (None, "bicubic", "area")
    ]
    assert borders == [8, 3, 8]


def test_unknown_backends_and_devices_are_refused(folder):
    allowed = ", ".join(BACKENDS)
    with pytest.raises(ConfigError, match=f"backend is 'tensorrt': allowed are {allowed}"):
        load_backend(str(folder), "tensorrt")
    with pytest.raises(ConfigError, match="device 'abacus' is not there: ONNX Runtime here has"):
        load_backend(str(folder), device="abacus")
    # Only torch has devices with numbers, and these.
    for device in ("cuda:77", "mps"):
        message = f"device '{device}' is not there: give auto, cpu, or a device that torch knows"
        with pytest.raises(ConfigError, match=message):
            load_backend(str(folder), device=device)


@pytest.mark.parametrize("backend", ["auto", "onnx"])
def test_choosing_and_running_imports_no_torch(folder, backend):
    code = """
import sys
import numpy as np
from dsdmsr import DepthMap, Upscaler
upscaler = Upscaler.from_pretrained(sys.argv[1], scale=4, backend=sys.argv[2])
upscaler(DepthMap(np.arange(1, 13).reshape(3, 4)), errors=True)
print(type(upscaler.backend).__name__, "torch" in sys.modules)
"""
    command = [sys.executable, "-c", code, str(folder), backend]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if has_cuda_driver() and torch_has_cuda() and backend == "auto":
        pytest.skip("torch runs networks here")
    assert done.stdout == "GraphBackend False\n", done.stderr
