"""What is left of a command that is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_nothing_is_left_of_a_map_that_was_stopped(tmp_path, number, code):
    source, target = tmp_path / "a.npy", tmp_path / "out" / "b.npy"
    np.save(source, np.random.default_rng(0).uniform(1, 5, (900, 1200)).astype(np.float32))
    command = [sys.executable, "-m", "dsdmsr", "upscale", source, "-o", target]
    with subprocess.Popen(
        [*map(str, command), "--scale", "4"],
        stderr=subprocess.DEVNULL,
        # Background jobs of shells ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        deadline = time.monotonic() + 60
        while not _unfinished(target.parent) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert _unfinished(target.parent)
        process.send_signal(number)
        assert process.wait(60) == code
    assert list(target.parent.iterdir()) == []


_IN_A_FINALIZER = """
import os
import sys

from dsdmsr.app.cli import run
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime

# Called when a map's predictor is let go of, where Python drops exceptions.
number = int(sys.argv.pop())
OnnxRuntime.release = lambda self: os.kill(os.getpid(), number)
run()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stop_that_comes_while_memory_is_freed_is_not_lost(tmp_path, number, code):
    for k in range(3):
        np.save(tmp_path / f"{k}.npy", np.linspace(1, 2, 48, dtype=np.float32).reshape(6, 8))
    given = ["upscale", tmp_path, "-o", tmp_path / "out", "--scale", "2", int(number)]
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_FINALIZER, *map(str, given)],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        timeout=60,
    )
    assert done.returncode == code
    assert len(list((tmp_path / "out").glob("*.npy"))) < 3


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_stop_while_the_command_loads_is_one_line(tmp_path):
    (tmp_path / "cyclopts.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    before = os.environ.get("PYTHONPATH", "")
    done = subprocess.run(
        [sys.executable, "-m", "dsdmsr", "models"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), before])},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (130, "dsdmsr: interrupted\n")


def _unfinished(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part")) if folder.is_dir() else []
