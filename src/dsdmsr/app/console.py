"""Where commands print: results to standard output, all else to standard error."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from dsdmsr.app.stopping import check_stop

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

__all__ = [
    "console",
    "error_console",
    "guard_streams",
    "has_all_characters",
    "print_remark",
    "print_result",
    "progress_bar",
    "progress_lines",
    "show_as",
    "status_line",
]

_QUIET = 2.0
"""Seconds of work of which nothing is said where there is no terminal."""
_APART, _APART_SHARE = 10.0, 0.1
"""Seconds between two lines of progress, and the least share of the time so far."""

_ASCII = str.maketrans({"█": "#", "×": "x", "…": "...", "–": "-", "·": "."})
"""What stands for some characters where the console has none of them."""

_SHOWN: dict[str, str] = {}
"""Temporary files, which nobody knows by their names → what they stand for."""


def show_as(path: Path, name: str) -> None:
    """Have a temporary file be called what it stands for in all that is printed."""
    _SHOWN[str(path)] = name


def _shown(text: str) -> str:
    for path, name in _SHOWN.items():
        text = text.replace(path, name)
    return text


class _Guarded:
    """A stream of text that takes what it cannot write, so that no work ends for a line of text.

    Args:
        stream: The stream; None if whoever started the process has closed it.
        lasting: Whether what is left of a closed pipe is nothing to end for, either.
    """

    def __init__(self, stream: TextIO | None, *, lasting: bool) -> None:
        self._stream, self._lasting = stream, lasting
        self.lost: OSError | None = None
        """Why something could not be written."""

    def write(self, text: str) -> int:
        """Write text, as far as the stream can and has its characters."""
        if self._stream is None:
            self.lost = _closed()
            return len(text)
        with self._taking():
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding, plain = self._stream.encoding, text.translate(_ASCII)
                self._stream.write(plain.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Have everything written that can be."""
        if self._stream is not None:
            with self._taking():
                self._stream.flush()

    @contextmanager
    def _taking(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, BrokenPipeError) and not self._lasting:
                raise
            self.lost = error

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        if self._stream is None:
            raise _closed()
        return getattr(self._stream, name)


def _closed() -> OSError:
    return OSError(errno.EBADF, "it is closed")


def guard_streams() -> Callable[[], OSError | None]:
    """Have lines that cannot be printed end no work.

    That is so on a full disk, on a console without their characters, and if a stream is closed.

    Returns:
        A function that returns why some of standard output was lost, if it was.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # Otherwise the next file that is opened, an output perhaps, has its number.
            os.open(os.devnull, mode)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    guarded = _Guarded(sys.stdout, lasting=False)
    sys.stdout = guarded
    sys.stderr = _Guarded(sys.stderr, lasting=True)

    def lost() -> OSError | None:
        guarded.flush()
        return guarded.lost

    return lost


def has_all_characters() -> bool:
    """Return whether standard output takes any text."""
    try:
        "█".encode(sys.stdout.encoding or "utf-8")
    except (OSError, UnicodeEncodeError):
        return False
    return True


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
        lines = progress_lines(what, begun=begun, unit=unit)

        def show(done: float) -> None:
            check_stop()
            lines(done, total)

        yield show
        return
    from rich.progress import Progress, TextColumn

    columns = [*Progress.get_default_columns(), TextColumn("{task.fields[rate]}")]
    start = time.monotonic()
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task(what, total=total, rate="")
        progress.update(task, completed=begun)

        def update(done: float) -> None:
            check_stop()
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
    is_due = _now_and_then(clock)

    def show(done: float, total: float | None) -> None:
        if not total or not begun < done < total or not is_due():
            return
        now = clock()
        counted = "" if total == 1 else f" ({int(done):,} of {int(total):,})"
        rate = (done - begun) / (now - start)
        said = f", {rate:.3g} {unit}/s" if unit else ""
        left = _duration((total - done) / rate)
        print_remark(f"{what}: {done / total:.0%}{counted}{said}, about {left} left")

    return show


@contextmanager
def status_line(text: Callable[[], str]) -> Iterator[Callable[[], None]]:
    """Show how things stand: in place on a terminal, else in lines, now and then.

    Args:
        text: Returns what to show.

    Yields:
        A function to call whenever something has happened, which prints the lines.
    """
    if not sys.stderr.isatty():
        is_due = _now_and_then(time.monotonic)
        yield lambda: print_remark(text()) if is_due() else None
        return
    from rich.live import Live
    from rich.text import Text

    with Live(
        get_renderable=lambda: Text(text(), overflow="ellipsis", no_wrap=True),
        console=error_console(),
        transient=True,
    ):
        yield lambda: None


def _now_and_then(clock: Callable[[], float]) -> Callable[[], bool]:
    """Return a function that says whether a line is due: then it is the last for some time."""
    start = clock()
    due = start + _QUIET

    def is_due() -> bool:
        nonlocal due
        now = clock()
        if now < due:
            return False
        due = now + max(_APART, _APART_SHARE * (now - start))
        return True

    return is_due


def _duration(seconds: float) -> str:
    """Return a time in two units for people: 40 s, 3 min, 2 h 10 min."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
