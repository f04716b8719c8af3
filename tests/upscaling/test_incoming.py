from __future__ import annotations

import subprocess
import sys

import pytest
from testing.processes import heeding_ctrl_c

INTERRUPTED = """
import itertools
import signal
import sys
import threading
import time


class Interrupt(BaseException):
    pass


def interrupt(number, frame):
    raise Interrupt


def interrupted(act):
    try:
        signal.setitimer(signal.ITIMER_REAL, next(seconds))
        while True:
            act()
    except Interrupt:
        pass


signal.signal(signal.SIGALRM, interrupt)
seconds = itertools.cycle(k * 1e-5 for k in range(20, 200, 3))
"""

TAKING = """
from dsdmsr.upscaling.incoming import WaitingFrames, fetch

for newest in (False, True):
    for _ in range(400):
        waiting = WaitingFrames(newest=newest)
        frames = itertools.repeat(0) if not newest else iter(lambda: time.sleep(1e-4), 0)
        thread = threading.Thread(target=fetch, args=(frames, lambda frame: None, waiting))
        thread.daemon = True
        thread.start()
        interrupted(lambda: waiting.take(0.5))
        waiting.stop()
        thread.join(20)
        assert not thread.is_alive(), "it still waits for room"
"""

RECORDING = """
from pathlib import Path
from types import SimpleNamespace
from dsdmsr.app.recorder import Recorder

Recorder._write = lambda self, frame, choice: frame.index
for _ in range(400):
    written = []
    recorder = Recorder(
        Path(), None, None, None, written=lambda stamp, index: written.append(index), failed=print
    )
    index = itertools.count()
    interrupted(lambda: recorder.add(SimpleNamespace(index=next(index), stamp=0), None))
    recorder.close()
    assert written == sorted(written)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("program", [TAKING, RECORDING], ids=["taking", "recording"])
def test_an_interrupt_at_any_moment_stops_no_other_thread(program):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED + program],
        capture_output=True,
        text=True,
        preexec_fn=heeding_ctrl_c,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
