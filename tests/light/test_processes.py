"""Commands as processes of their own: what they load, and where they print."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "dsdmsr"]
UPSCALE = ("--scale", "2", "--model", "dsdmsr-fast", "--device", "cpu")


def test_upscaling_a_file_loads_no_more_than_it_needs(tmp_path, file):
    code = """
import sys
before = {*sys.modules}
from dsdmsr.app.cli import main
assert main(sys.argv[1:]) == 0
print(*{*sys.modules} - before)
"""
    arguments = ["upscale", file, "-o", tmp_path / "out.png", *UPSCALE]
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"numpy", "onnxruntime", "cyclopts"} <= loaded
    unneeded = ("torch", "rich", "importlib.metadata", "importlib.resources", "tempfile", "zipfile")
    rooms = ("data", "evaluation", "metrics", "nn", "training", "degradation", "pictures")
    assert not {*unneeded, *(f"dsdmsr.{room}" for room in rooms)} & loaded


def test_a_reader_may_leave_early(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, "models"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_progress_is_shown_on_a_terminal_alone(tmp_path, file):
    pty = pytest.importorskip("pty")
    arguments = [*COMMAND, "upscale", file, "-o", tmp_path / "out.png", *UPSCALE, "--overwrite"]
    plain = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert plain.stdout == f"wrote {tmp_path / 'out.png'}\n"
    (line,) = plain.stderr.splitlines()
    assert "read as mm" in line
    screen, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    subprocess.run(arguments, stdout=subprocess.PIPE, stderr=terminal, check=True, env=environment)
    os.close(terminal)
    shown = os.read(screen, 10_000).decode()
    os.close(screen)
    assert "upscaling" in shown
    assert "read as mm" in shown
