"""What is left of a command that is asked to end."""

from __future__ import annotations

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


def _unfinished(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part")) if folder.is_dir() else []
