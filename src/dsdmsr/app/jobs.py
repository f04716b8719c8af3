"""Which file becomes which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dsdmsr.app.inputs import depth_files
from dsdmsr.errors import FileError
from dsdmsr.io import SUFFIXES, member

__all__ = ["Job", "marks_of", "plan"]

Job = tuple[Path, Path]
"""A depth file, or one map of it, and what it becomes."""


def plan(inputs: Sequence[str], output: Path) -> list[Job]:
    """Return (source, target) for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the output does not suit them.
    """
    try:
        jobs = _pair(inputs, output)
        files = {member(source)[0].resolve(): source for source, _ in jobs}
        same = [files[made] for _, target in jobs if (made := target.resolve()) in files]
    except OSError as error:
        raise FileError(f"{error.filename} cannot be read: {error.strerror}") from error
    if same:
        raise FileError(f"{same[0]} would be replaced by an enlargement: give -o another name")
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
    doubles = [n for n, count in Counter(map(_name, sources)).items() if count > 1]
    if doubles:
        raise FileError(f"two inputs are called {doubles[0]}: upscale them to folders of their own")
    return [(source, output / _name(source)) for source in sources]


def _name(source: Path) -> str:
    """Return what an enlargement is called in a folder: as its file; nyu-12.mat for nyu.mat#12."""
    file, number = member(source)
    return source.name if number is None else f"{file.stem}-{number}{file.suffix}"


def marks_of(filled: Path, jobs: Sequence[Job]) -> list[Path]:
    """Return where the marks of each file's filled pixels go: to a PNG file, or to a folder.

    Raises:
        FileError: If that is another file, or one of the inputs or outputs.
    """
    alone = len(jobs) == 1 and filled.suffix and not filled.is_dir()
    if alone and filled.suffix.lower() != ".png":
        raise FileError(f"{filled} ends in {filled.suffix}: allowed is .png, or a folder")
    marks = [filled if alone else filled / _marks_name(source) for source, _ in jobs]
    taken = {member(source)[0].resolve() for source, _ in jobs}
    taken |= {target.resolve() for _, target in jobs}
    for path in marks:
        if path.resolve() in taken:
            raise FileError(f"{path} is an input or an output, too: give --filled another name")
    return marks


def _marks_name(source: Path) -> str:
    name = Path(_name(source))
    return name.name if name.suffix.lower() == ".png" else f"{name}.png"
