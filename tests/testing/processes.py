"""Processes that tests stop."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def heeding_ctrl_c() -> None:
    """Have the process that starts heed Ctrl-C, which background jobs of shells ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def running(*command: object, **settings: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a command that heeds Ctrl-C; what is left of it at the end is killed."""
    with subprocess.Popen(
        list(map(str, command)), text=True, preexec_fn=heeding_ctrl_c, **settings
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], seconds: float = 60) -> bool:
    """Wait until something holds; return whether it does."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())
