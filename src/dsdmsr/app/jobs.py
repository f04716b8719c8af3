"""Which file becomes which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dsdmsr.app.inputs import depth_files
from dsdmsr.errors import FileError
from dsdmsr.io import SUFFIXES, split_member

__all__ = ["Job", "beside", "plan"]

Job = tuple[Path, Path]
"""A depth file, or one map of it, and what it becomes."""


def plan(inputs: Sequence[str], output: Path) -> list[Job]:
    """Return (source, target) for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the output does not suit them.
    """
    try:
        jobs = _pair(inputs, output)
        files = {split_member(source)[0].resolve(): source for source, _ in jobs}
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
    file, number = split_member(source)
    return source.name if number is None else f"{file.stem}-{number}{file.suffix}"


def beside(option: str, wanted: Path, jobs: Sequence[Job], suffixes: Sequence[str]) -> list[Path]:
    """Return where something goes that is written beside each map: to a file, or to a folder.

    Args:
        option: The option that asks for it, for errors.
        wanted: A file name for one map; otherwise a folder.
        jobs: The maps.
        suffixes: The endings that such files may have. In a folder, a file has the ending of its
            map's source if that is one of them, else the first.

    Raises:
        FileError: If the ending is another, or a file is one of the inputs or outputs.
    """
    alone = len(jobs) == 1 and wanted.suffix and not wanted.is_dir()
    if alone and wanted.suffix.lower() not in suffixes:
        allowed = f"{'is' if len(suffixes) == 1 else 'are'} {', '.join(suffixes)}"
        raise FileError(f"{wanted} ends in {wanted.suffix}: allowed {allowed}, or a folder")
    files = [wanted if alone else wanted / _with_suffix(source, suffixes) for source, _ in jobs]
    taken = {split_member(source)[0].resolve() for source, _ in jobs}
    taken |= {target.resolve() for _, target in jobs}
    for path in files:
        if path.resolve() in taken:
            raise FileError(f"{path} is an input or an output, too: give {option} another name")
    return files


def _with_suffix(source: Path, suffixes: Sequence[str]) -> str:
    name = Path(_name(source))
    return name.name if name.suffix.lower() in suffixes else f"{name}{suffixes[0]}"
