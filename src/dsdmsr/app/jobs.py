"""Which file becomes which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dsdmsr.app.inputs import depth_files
from dsdmsr.errors import FileError
from dsdmsr.io import SUFFIXES

__all__ = ["Job", "marks_of", "plan"]

Job = tuple[Path, Path]
"""A depth file, and what it becomes."""


def plan(inputs: Sequence[str], output: Path) -> list[Job]:
    """Return (source, target) for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the output does not suit them.
    """
    try:
        jobs = _pair(inputs, output)
        same = [source for source, target in jobs if source.resolve() == target.resolve()]
    except OSError as error:
        raise FileError(f"{error.filename} cannot be read: {error.strerror}") from error
    if same:
        raise FileError(f"{same[0]} would be replaced by its own enlargement: give -o another name")
    return jobs


def _pair(inputs: Sequence[str], output: Path) -> list[Job]:
    single_file = len(inputs) == 1 and output.suffix.lower() in SUFFIXES and not output.is_dir()
    if single_file and Path(inputs[0]).is_dir():
        raise FileError(f"{inputs[0]} is a folder and {output} a file name: give -o a folder")
    sources = depth_files(inputs)
    if single_file and len(sources) == 1:
        return [(sources[0], output)]
    one_file = len(inputs) == len(sources) == 1 and not Path(inputs[0]).is_dir()
    if one_file and output.suffix and not output.exists():
        raise FileError(
            f"{output} ends in {output.suffix}: allowed are {', '.join(SUFFIXES)}, or a folder"
        )
    if output.suffix.lower() in SUFFIXES and not output.is_dir():
        raise FileError(f"{len(sources)} inputs, but {output} is one file: give -o a folder")
    if output.is_file():
        raise FileError(f"{output} is a file: give -o a folder")
    doubles = [n for n, count in Counter(p.name for p in sources).items() if count > 1]
    if doubles:
        raise FileError(f"two inputs are called {doubles[0]}: upscale them to folders of their own")
    return [(source, output / source.name) for source in sources]


def marks_of(filled: Path, source: Path, *, alone: bool) -> Path:
    """Return where the marks of a file's filled pixels go.

    Raises:
        FileError: If that is a file for a single input, but no PNG.
    """
    if alone and filled.suffix:
        if filled.suffix.lower() != ".png":
            raise FileError(f"{filled} ends in {filled.suffix}: allowed is .png, or a folder")
        return filled
    name = source.stem if source.suffix.lower() == ".png" else source.name
    return filled / f"{name}.png"
