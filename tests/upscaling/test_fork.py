"""Networks in a process that was forked after they had run."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SCRIPT = """
import multiprocessing, sys
import numpy as np
import dsdmsr

backend, anew = sys.argv[1], sys.argv[2] == "anew"
depth = dsdmsr.DepthMap(np.random.default_rng(0).uniform(1, 2, (60, 80)).astype(np.float32))


def load():
    return dsdmsr.Upscaler.from_pretrained("dsdmsr-fast", scale=2, backend=backend, device="cpu")


def work():
    global upscaler
    try:
        if anew:
            upscaler = load()
        print("same" if np.array_equal(upscaler(depth).values, whole) else "differs", flush=True)
    except dsdmsr.DsdmsrError as error:
        print(error, flush=True)


if backend == "torch":
    import torch

    torch.set_num_threads(2)
upscaler = load()
whole = upscaler(depth).values
child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join(45)
if child.is_alive():
    child.kill()
    print("waits without end")
"""


def forked(backend: str, how: str, tmp_path) -> str:
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT)
    done = subprocess.run(
        [sys.executable, script, backend, how], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("how", ["the same network", "anew"])
def test_graphs_run_on_in_a_forked_process(tmp_path, how):
    assert forked("onnx", how, tmp_path) == "same"


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("how", ["the same network", "anew"])
def test_torch_says_that_it_would_wait_without_end(tmp_path, how):
    assert "start processes with the method spawn" in forked("torch", how, tmp_path)
