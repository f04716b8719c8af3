"""Files that people name, and the jobs they become: which file is written for which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dsdmsr.errors import FileError
from dsdmsr.io import ERROR_SUFFIXES, SUFFIXES, split_member
from dsdmsr.io.formats import is_depth_folder, suffix_written
from dsdmsr.io.patterns import depth_files
from dsdmsr.upscaling.options import UpscaleOptions

__all__ = ["Job", "companion_paths", "plan", "plan_jobs"]

Pair = tuple[Path, Path]
"""A depth file, or one map of it, and its output."""


class Job(NamedTuple):
    """A file to upscale."""

    source: Path
    """A depth file, or one map of it."""
    target: Path
    """Its output."""
    options: UpscaleOptions
    """Its options: `filled` and `confidence` are files that are written beside the output."""

    def is_done(self) -> bool:
        """Return whether all outputs exist; each is written whole or not at all.

        Raises:
            FileError: If the map exists, but not what belongs to it.
        """
        if not self.target.is_file() and not is_depth_folder(self.target):
            return False
        companions = {
            "marks": (self.options.filled, "--fill and --filled"),
            "confidence": (self.options.confidence, "--confidence"),
        }
        for name, (path, given) in companions.items():
            if path is not None and not path.is_file():
                raise FileError(
                    f"{self.target} exists without its {name}: give --overwrite to replace it, or "
                    f"leave {given} out"
                )
        return True


def plan_jobs(inputs: Sequence[str], output: Path, options: UpscaleOptions) -> list[Job]:
    """Return a job for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the outputs do not suit them.
    """
    pairs = plan(inputs, output)
    filled: Sequence[Path | None] = [None] * len(pairs)
    confidence: Sequence[Path | None] = filled
    if options.filled is not None:
        filled = companion_paths("--filled", options.filled, pairs, [".png"])
    if options.confidence is not None:
        confidence = companion_paths("--confidence", options.confidence, pairs, ERROR_SUFFIXES)
    return [
        Job(source, target, replace(options, filled=marks, confidence=errors))
        for (source, target), marks, errors in zip(pairs, filled, confidence, strict=True)
    ]


def plan(inputs: Sequence[str], output: Path) -> list[Pair]:
    """Return (source, target) for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the output does not suit them.
    """
    try:
        pairs = _pairs(inputs, output)
        files = {split_member(source)[0].resolve(): source for source, _ in pairs}
        same = [files[path] for _, target in pairs if (path := target.resolve()) in files]
    except OSError as error:
        raise FileError(f"{error.filename} cannot be read: {error.strerror}") from error
    if same:
        raise FileError(f"{same[0]} would be replaced by its output: give -o another name")
    return pairs


def _pairs(inputs: Sequence[str], output: Path) -> list[Pair]:
    is_file = output.suffix.lower() in SUFFIXES and not _is_plain_folder(output)
    single_file = len(inputs) == 1 and is_file
    if single_file and _is_plain_folder(Path(inputs[0])):
        raise FileError(f"{inputs[0]} is a folder and {output} a file name: give -o a folder")
    sources = depth_files(inputs)
    if single_file and len(sources) == 1:
        return [(sources[0], output)]
    one_file = len(inputs) == len(sources) == 1 and not _is_plain_folder(Path(inputs[0]))
    if one_file and output.suffix and not output.exists():
        raise FileError(
            f"{output} ends in {output.suffix}: allowed are {', '.join(SUFFIXES)}, or a folder"
        )
    if is_file:
        raise FileError(f"{len(sources)} inputs, but {output} is one file: give -o a folder")
    if output.is_file():
        raise FileError(f"{output} is a file: give -o a folder")
    doubles = [n for n, count in Counter(map(_name, sources)).items() if count > 1]
    if doubles:
        raise FileError(f"two inputs are called {doubles[0]}: upscale them to separate folders")
    return [(source, output / _name(source)) for source in sources]


def _is_plain_folder(path: Path) -> bool:
    """Return whether a path is a folder of files, and no depth file itself."""
    return path.is_dir() and not is_depth_folder(path)


def _name(source: Path) -> str:
    """Return an output's name in a folder: the source's, or nyu-12.mat for nyu.mat#12."""
    file, member = split_member(source)
    suffix = suffix_written(source)
    # The folder of a ROS 2 bag has a name of any form.
    stem = file.stem if file.suffix.lower() in SUFFIXES else file.name
    if member is None:
        return f"{stem}{suffix}"
    plain = re.sub(r"[^\w.+-]+", "_", member).strip("_")
    return f"{stem}-{plain}{suffix}"


def companion_paths(
    option: str, given: Path, pairs: Sequence[Pair], suffixes: Sequence[str]
) -> list[Path]:
    """Return the files that are written beside each output: one file, or files in a folder.

    Args:
        option: The option that asks for them, for errors.
        given: A file name for one map; otherwise a folder.
        pairs: Sources and outputs.
        suffixes: The endings that such files may have. In a folder, a file has the ending of its
            source if that is one of them, else the first.

    Raises:
        FileError: If the ending is another, or a file is one of the inputs or outputs.
    """
    single = len(pairs) == 1 and given.suffix and not given.is_dir()
    if single and given.suffix.lower() not in suffixes:
        allowed = f"{'is' if len(suffixes) == 1 else 'are'} {', '.join(suffixes)}"
        raise FileError(f"{given} ends in {given.suffix}: allowed {allowed}, or a folder")
    files = [given if single else given / _with_suffix(source, suffixes) for source, _ in pairs]
    taken = {split_member(source)[0].resolve() for source, _ in pairs}
    taken |= {target.resolve() for _, target in pairs}
    for path in files:
        if path.resolve() in taken:
            raise FileError(f"{path} is an input or an output, too: give {option} another name")
    return files


def _with_suffix(source: Path, suffixes: Sequence[str]) -> str:
    name = Path(_name(source))
    return name.name if name.suffix.lower() in suffixes else f"{name}{suffixes[0]}"
