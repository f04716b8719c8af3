from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from testing.exported import SMALL, exported

from dsdmsr.errors import ConfigError, ModelError

pytest.importorskip("openvino", reason="pip install 'dsdmsr[openvino]'")

from dsdmsr.upscaling import openvino_runtime
from dsdmsr.upscaling.openvino_runtime import OpenVino, cache_folder


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(folder: Path) -> np.ndarray:
    depth = np.random.default_rng(0).random((1, 1, 4, 5), dtype=np.float32)
    (views,) = OpenVino("cpu").load(folder / "stage1_last.onnx")({"depth": depth})
    return views


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other folders")
def test_compiled_graphs_are_kept_and_used_again(tmp_path, cache):
    exported(SMALL, tmp_path / "net")
    before = run(tmp_path / "net")
    kept = [path for path in cache.rglob("*") if path.is_file()]
    assert kept
    assert all(path.is_relative_to(cache_folder()) for path in kept)
    np.testing.assert_array_equal(run(tmp_path / "net"), before)
    assert [path for path in cache.rglob("*") if path.is_file()] == kept


def test_other_weights_are_compiled_anew_even_if_files_look_the_same(tmp_path):
    results = []
    for std in (0.1, 0.3):
        exported(SMALL, tmp_path / "net", std=std)
        # OpenVINO looks at a file's path, size and time alone.
        os.utime(tmp_path / "net" / "stage1_last.onnx", (1e9, 1e9))
        results.append(run(tmp_path / "net"))
    assert np.abs(results[0] - results[1]).max() > 0.01


def test_outputs_stay_when_it_runs_again(tmp_path, rng):
    exported(SMALL, tmp_path)
    load = OpenVino("cpu").load(tmp_path / "stage1_next.onnx")
    views, carried = load({"depth": rng.random((2, 1, 3, 5), dtype=np.float32)})
    assert (views.shape, carried.shape) == ((2, 4, 3, 5), (2, 16, 3, 5))
    before = views.copy()
    load({"depth": rng.random((2, 1, 3, 5), dtype=np.float32)})
    np.testing.assert_array_equal(views, before)


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc/self/maps")
def test_signals_still_have_a_stack_when_runtimes_are_gone(tmp_path, rng):
    """Whoever sees Ctrl-C after two runtimes came and went still lives."""
    exported(SMALL, tmp_path)
    depth = {"depth": rng.random((1, 1, 3, 5), dtype=np.float32)}
    first, second = OpenVino("cpu"), OpenVino("cpu")
    for runtime in (first, second):
        runtime.load(tmp_path / "stage1_last.onnx")(depth)
    del runtime, first
    gc.collect()
    del second
    gc.collect()
    address = _signal_stack()
    assert address is None or _is_mapped(address)


class _Stack(ctypes.Structure):
    """``stack_t`` of Linux."""

    _fields_ = (("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


def _signal_stack() -> int | None:
    """Return where this thread's alternate stack for signals begins, if it has one."""
    stack = _Stack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.sp


def _is_mapped(address: int) -> bool:
    ranges = [line.split()[0] for line in Path("/proc/self/maps").read_text().splitlines()]
    bounds = [[int(end, 16) for end in each.split("-")] for each in ranges]
    return any(start <= address < end for start, end in bounds)


@pytest.mark.parametrize("content", [None, b"", b"no graph\n"])
def test_a_graph_that_cannot_be_read_is_refused_in_one_line(tmp_path, content):
    file = tmp_path / "stage1_last.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"stage1_last\.onnx cannot be r") as error:
        OpenVino("cpu").load(file)
    assert len(str(error.value).splitlines()) == 1


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"device 'abacus' is not there: OpenVINO here has .*cpu"):
        OpenVino("abacus")


def test_threads_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(openvino_runtime, "available_threads", lambda: 3)
    assert OpenVino("auto").device == "CPU"
    assert OpenVino("cpu")._settings["INFERENCE_NUM_THREADS"] == 3


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, Path("/c/dsdmsr/openvino")),
        ("linux", {}, Path("/home/me/.cache/dsdmsr/openvino")),
        ("darwin", {"XDG_CACHE_HOME": "/c"}, Path("/home/me/Library/Caches/dsdmsr/openvino")),
        ("win32", {"LOCALAPPDATA": "/l"}, Path("/l/dsdmsr/openvino")),
        ("win32", {}, Path("/home/me/AppData/Local/dsdmsr/openvino")),
    ],
)
def test_the_cache_is_where_the_platform_has_it(monkeypatch, platform, variables, expected):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == expected
