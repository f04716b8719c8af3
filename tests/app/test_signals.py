"""What is left of a command that is asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from testing.processes import heeding_ctrl_c, running, until


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_nothing_is_left_of_a_map_that_was_stopped(tmp_path, number, code):
    source, target = tmp_path / "a.npy", tmp_path / "out" / "b.npy"
    np.save(source, np.random.default_rng(0).uniform(1, 5, (900, 1200)).astype(np.float32))
    command = (sys.executable, "-m", "dsdmsr", "upscale", source, "-o", target, "--scale", 4)
    with running(*command, stderr=subprocess.DEVNULL) as process:
        assert until(lambda: _unfinished(target.parent))
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
        preexec_fn=heeding_ctrl_c,
        timeout=60,
    )
    assert done.returncode == code
    assert len(list((tmp_path / "out").glob("*.npy"))) < 3


_IN_A_STREAM = """
import os
import sys

from dsdmsr.app.cli import run
from dsdmsr.upscaling.incoming import WaitingFrames

number, condition = int(sys.argv.pop()), sys.argv.pop()
take = WaitingFrames.take


class Dropped:
    def __del__(self):
        os.kill(os.getpid(), number)


def take_and_stop(self, seconds):
    frame = take(self, seconds)
    if eval(condition):
        Dropped()
    return frame


WaitingFrames.take = take_and_stop
run()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize(
    ("condition", "most"), [("frame is None", 3), ("frame is not None and frame.number == 1", 2)]
)
def test_a_stop_that_is_dropped_ends_a_stream(tmp_path, number, code, condition, most):
    frames, out = tmp_path / "frames", tmp_path / "out"
    frames.mkdir()
    for k in range(3):
        np.save(frames / f"{k}.npy", np.linspace(1, 2, 48, dtype=np.float32).reshape(6, 8))
    given = ["stream", frames, "-o", out, "--scale", "2", condition, int(number)]
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_STREAM, *map(str, given)],
        capture_output=True,
        text=True,
        preexec_fn=heeding_ctrl_c,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.endswith(f"wrote {most} files to {out}\n")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_stop_while_the_command_loads_is_one_line(tmp_path):
    (tmp_path / "cyclopts.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    before = os.environ.get("PYTHONPATH", "")
    done = subprocess.run(
        [sys.executable, "-m", "dsdmsr", "models"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), before])},
        preexec_fn=heeding_ctrl_c,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (130, "dsdmsr: interrupted\n")


def _unfinished(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part")) if folder.is_dir() else []


_NO_MORE = """
import contextlib
import signal

with contextlib.suppress(BaseException):
    signal.raise_signal(signal.{})
raise ImportError("initialization failed")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_stop_that_a_library_makes_a_failed_import_of_is_a_stop(tmp_path, name, code):
    (tmp_path / "onnxruntime.py").write_text(_NO_MORE.format(name))
    np.save(tmp_path / "a.npy", np.linspace(1, 2, 48, dtype=np.float32).reshape(6, 8))
    before = os.environ.get("PYTHONPATH", "")
    given = ["upscale", tmp_path / "a.npy", "-o", tmp_path / "b.npy", "--scale", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "dsdmsr", *map(str, given)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), before])},
        preexec_fn=heeding_ctrl_c,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
