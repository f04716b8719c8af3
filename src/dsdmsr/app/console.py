"""Where commands print: results to standard output, all else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "error_console", "print_remark", "print_result", "progress_bar"]


def print_result(text: str) -> None:
    """Print to standard output."""
    print(text, flush=True)


def print_remark(text: str) -> None:
    """Print to standard error, above a progress bar if there is one."""
    print(text, file=sys.stderr, flush=True)


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
def progress_bar(what: str, total: float = 1) -> Iterator[Callable[[float], None]]:
    """Yield a function that shows how much is done; it shows nothing where there is no terminal.

    Args:
        what: What goes on.
        total: What is done at the end.
    """
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.progress import Progress

    with Progress(console=error_console(), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
