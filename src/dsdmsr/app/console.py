"""Where commands print: results to standard output, all else to standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

__all__ = [
    "console",
    "error_console",
    "print_remark",
    "print_result",
    "progress_bar",
    "progress_lines",
    "show_as",
]

_QUIET = 2.0
"""Seconds of work of which nothing is said where there is no terminal."""
_APART, _APART_SHARE = 10.0, 0.1
"""Seconds between two lines of progress, and the least share of the time so far."""

_SHOWN: dict[str, str] = {}
"""Temporary files, which nobody knows by their names → what they stand for."""


def show_as(path: Path, name: str) -> None:
    """Have a temporary file be called what it stands for in all that is printed."""
    _SHOWN[str(path)] = name


def _shown(text: str) -> str:
    for path, name in _SHOWN.items():
        text = text.replace(path, name)
    return text


def print_result(text: str) -> None:
    """Print to standard output."""
    print(_shown(text), flush=True)


def print_remark(text: str) -> None:
    """Print to standard error, above a progress bar if there is one."""
    print(_shown(text), file=sys.stderr, flush=True)


# rich takes a tenth of a short command's time to load: lines of text do without it.


@cache
def console() -> Console:
    """Return standard output for tables and help."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, emoji=False)


@cache
def error_console() -> Console:
    """Return standard error for progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


@contextmanager
def progress_bar(
    what: str, total: float = 1, *, begun: float = 0, unit: str | None = None
) -> Iterator[Callable[[float], None]]:
    """Yield a function that shows how much is done; in lines where there is no terminal.

    Args:
        what: What goes on.
        total: What is done at the end.
        begun: What was done before: the rest's time follows from what is done beyond it.
        unit: What is counted, where it is to be said how much of it is done a second.
    """
    if not sys.stderr.isatty():
        show = progress_lines(what, begun=begun, unit=unit)
        yield lambda done: show(done, total)
        return
    from rich.progress import Progress, TextColumn

    columns = [*Progress.get_default_columns(), TextColumn("{task.fields[rate]}")]
    start = time.monotonic()
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task(what, total=total, rate="")
        progress.update(task, completed=begun)

        def update(done: float) -> None:
            rate = (done - begun) / max(time.monotonic() - start, 1e-9)
            progress.update(task, completed=done, rate=f"{rate:.3g} {unit}/s" if unit else "")

        yield update


def progress_lines(
    what: str,
    clock: Callable[[], float] = time.monotonic,
    *,
    begun: float = 0,
    unit: str | None = None,
) -> Callable[[float, float | None], None]:
    """Return a function that prints how much of the total is done, now and then.

    Short work says nothing. Then there is a line every ten seconds, and fewer and fewer for long
    work, so that logs stay short.

    Args:
        what: What goes on.
        clock: Seconds.
        begun: What was done before.
        unit: What is counted, where it is to be said how much of it is done a second.
    """
    start = clock()
    due = start + _QUIET

    def show(done: float, total: float | None) -> None:
        nonlocal due
        now = clock()
        if now < due or not total or not begun < done < total:
            return
        due = now + max(_APART, _APART_SHARE * (now - start))
        counted = "" if total == 1 else f" ({int(done):,} of {int(total):,})"
        rate = (done - begun) / (now - start)
        said = f", {rate:.3g} {unit}/s" if unit else ""
        left = _duration((total - done) / rate)
        print_remark(f"{what}: {done / total:.0%}{counted}{said}, about {left} left")

    return show


def _duration(seconds: float) -> str:
    """Return a time in two units for people: 40 s, 3 min, 2 h 10 min."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
