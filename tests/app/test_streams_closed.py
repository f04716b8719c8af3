"""Standard streams that are closed, full, or without some characters; real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dsdmsr import read_depth

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells and devices")


def shell(redirected: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess:
    """Run the command in a shell with its streams redirected."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", "dsdmsr"]
        + [str(argument) for argument in arguments],
        capture_output=True,
        env={**os.environ, **variables},
        timeout=120,
    )


@pytest.fixture
def frames(tmp_path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for k in range(2):
        np.save(folder / f"{k}.npy", np.linspace(1, 2 + k, 48, dtype=np.float32).reshape(6, 8))
    return folder


def upscaled(frames: Path, redirected: str) -> subprocess.CompletedProcess:
    out = frames.parent / "out"
    done = shell(redirected, "upscale", frames, "-o", out, "--model", "dsdmsr-fast", "--scale", "2")
    for k in range(2):
        assert read_depth(out / f"{k}.npy").shape == (12, 16)
    assert sorted(path.name for path in out.iterdir()) == ["0.npy", "1.npy"]
    return done


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full"])
def test_a_folder_is_upscaled_though_no_remark_can_be_printed(frames, redirected):
    done = upscaled(frames, redirected)
    assert done.returncode == 0
    # A remark in the place of a result would be read as one.
    assert done.stdout.decode().startswith("wrote 2 files")


def test_a_folder_is_upscaled_though_no_result_can_be_printed(frames):
    done = upscaled(frames, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[-1].startswith("dsdmsr: standard output cannot be")


@pytest.mark.parametrize(("redirected", "form"), [(">/dev/full", []), (">&-", ["--json"])])
def test_a_description_that_cannot_be_printed_is_an_error(frames, redirected, form):
    done = shell(redirected, "info", frames / "0.npy", *form)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_a_map_that_cannot_go_to_standard_output_is_an_error(frames):
    given = ["upscale", frames / "0.npy", "-o", "-", "--model", "dsdmsr-fast", "--scale", "2"]
    done = shell(">/dev/full", *given)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_a_closed_standard_input_is_said(frames):
    done = shell("<&-", "info", "-")
    assert done.returncode == 2
    assert done.stderr.startswith(b"dsdmsr: standard input is empty: pipe a depth file into it")


def test_an_output_gets_no_line_of_a_closed_stream(frames, tmp_path):
    # The next file that is opened has the number of the stream that is closed.
    done = shell(">&- 2>&-", "upscale", frames / "0.npy", "-o", tmp_path / "a.npy", "--scale", "2")
    assert done.returncode == 1
    assert read_depth(tmp_path / "a.npy").shape == (12, 16)


def test_a_console_without_some_characters_gets_others(frames):
    done = shell("", "info", frames / "0.npy", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"8x6" in done.stdout
    assert b"###" in done.stdout
    assert shell("", "upscale", "--help", PYTHONIOENCODING="ascii").returncode == 0


def test_json_is_json_on_any_console(tmp_path):
    path = tmp_path / "tiefe-ä.npy"
    np.save(path, np.ones((4, 4), np.float32))
    done = shell("", "info", "--json", path, PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout)["path"] == str(path)
