"""Standard input and output in the place of files: ``-`` on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dsdmsr.app.console import show_as
from dsdmsr.errors import FileError
from dsdmsr.io import SUFFIXES
from dsdmsr.io.content import HEAD, suffix_of_content

__all__ = ["STREAM", "is_stream", "stdin_as_file", "stdout_as_file"]

STREAM = "\N{SYMBOL FOR END OF TRANSMISSION}"
"""What ``-`` becomes before options are parsed: the parser takes it for one."""
show_as(Path(STREAM), "-")


def is_stream(path: str | Path | None) -> bool:
    """Return whether a path is ``-``: standard input or output."""
    return str(path) in ("-", STREAM)


@contextmanager
def stdin_as_file(inputs: Sequence[str]) -> Iterator[list[str]]:
    """Yield the inputs, with a temporary file in the place of ``-``, if it is among them.

    Raises:
        FileError: If ``-`` is given twice, or standard input is a terminal, empty, or of no format
            that its first bytes show.
    """
    streams = sum(map(is_stream, inputs))
    if not streams:
        yield list(inputs)
        return
    if streams > 1:
        raise FileError("standard input (-) is given twice: give it once")
    if sys.stdin.isatty():
        raise FileError("standard input is a terminal: pipe a depth file into it, or give a file")
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="dsdmsr-") as folder:
        path = _stored(Path(folder))
        show_as(path, "standard input")
        yield [str(path) if is_stream(text) else text for text in inputs]


def _stored(folder: Path) -> Path:
    """Return a file with what comes from standard input."""
    stream = sys.stdin.buffer
    head = stream.read(HEAD)
    suffix = suffix_of_content(head)
    if suffix is None:
        what = "of no format that its first bytes tell" if head else "empty"
        raise FileError(
            f"standard input is {what}: pipe a depth file into it ({', '.join(SUFFIXES)})"
        )
    import shutil

    path = folder / f"stdin{suffix}"
    with path.open("wb") as file:
        file.write(head)
        shutil.copyfileobj(stream, file)
    return path


@contextmanager
def stdout_as_file(suffix: str) -> Iterator[Path]:
    """Yield a temporary file to write, which then goes to standard output.

    Args:
        suffix: Its suffix, which is its format.

    Raises:
        FileError: If standard output is a terminal.
    """
    if sys.stdout.isatty():
        raise FileError("standard output is a terminal: send it on (> FILE), or give -o a file")
    import shutil
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="dsdmsr-") as folder:
        path = Path(folder) / f"stdout{suffix}"
        show_as(path, "standard output")
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
