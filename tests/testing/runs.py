"""Training runs for tests: short recipes, and processes that start with torch already imported."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from dsdmsr.training.fit import fit
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe

_PRELOAD = ["dsdmsr.app.cli", "dsdmsr.training.fit", "tensorboard", "torch.utils.tensorboard"]
"""Modules of the server that processes are forked from: importing them takes seconds."""


def quiet() -> Console:
    return Console(file=io.StringIO())


def short_recipe(**changes: Any) -> Recipe:
    """A minute's recipe cut to less than a second, without panels."""
    smoke = load_recipe("smoke")
    crops = tuple(dataclasses.replace(mix, crop=32, batch=2) for mix in smoke.crops)
    short = {"steps": 6, "validate_every": 3, "warmup": 2, "validation_maps": 2, "panels": 0}
    return dataclasses.replace(smoke, crops=crops, **{**short, **changes})


def logged(run: Path, name: str) -> list[float]:
    """The values of a figure in a run's log.csv."""
    with (run / "log.csv").open() as file:
        return [float(row["value"]) for row in csv.DictReader(file) if row["name"] == name]


class StartedProcess:
    """A process of its own session, its output in files."""

    def __init__(
        self, function: Callable[..., None], arguments: tuple, environ: dict[str, str], folder: Path
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOAD)
        self.out, self.err = folder / "stdout.txt", folder / "stderr.txt"
        whole = (function, arguments, {**os.environ, **environ}, str(self.out), str(self.err))
        self._process = context.Process(target=_call, args=whole)
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        assert self.returncode is not None, f"the process goes on after {timeout} s"
        return self.returncode

    def errors(self) -> str:
        return self.err.read_text() if self.err.exists() else ""

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 240
        while not condition():
            assert self.returncode is None, self.errors()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it and all processes that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.join()


def _call(
    function: Callable[..., None], arguments: tuple, environ: dict[str, str], out: str, err: str
) -> None:
    os.setsid()
    # As in a process that is not forked from a server.
    multiprocessing.set_start_method("fork" if sys.platform == "linux" else None, force=True)
    os.environ.clear()
    os.environ |= environ
    torch.set_num_threads(1)
    for descriptor, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, descriptor)
    function(*arguments)


@contextlib.contextmanager
def processes(folder: Path) -> Iterator[Callable[..., StartedProcess]]:
    """Start functions in processes; none of them outlives the block."""
    started: list[StartedProcess] = []

    def start(function: Callable[..., None], *arguments: Any, **environ: str) -> StartedProcess:
        own = folder / f"process{len(started)}"
        own.mkdir()
        started.append(StartedProcess(function, arguments, environ, own))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()


def resume(run: Path, recipe: Recipe) -> None:
    """Begin a run or go on with it, as `processes` starts it."""
    fit(recipe, run, device="cpu", resume="auto", console=quiet())


def run_command(*arguments: str) -> None:
    """Run ``dsdmsr`` with arguments, which other ranks are started with, too."""
    sys.argv = ["dsdmsr", *arguments]
    sys.orig_argv = [sys.executable, "-m", "dsdmsr", *arguments]
    from dsdmsr.app.cli import run

    run()
