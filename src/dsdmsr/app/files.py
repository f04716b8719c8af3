"""Files that people name, and the jobs they become: which file is written for which."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dsdmsr.app.outputs import Outputs, is_plain_folder
from dsdmsr.app.standard_streams import is_stream
from dsdmsr.errors import FileError
from dsdmsr.io import ERROR_SUFFIXES, SUFFIXES, split_member
from dsdmsr.io.formats import is_depth_folder
from dsdmsr.io.patterns import Found, find_files, output_name
from dsdmsr.upscaling.options import UpscaleOptions

__all__ = [
    "Job",
    "Pair",
    "check_apart",
    "companion_paths",
    "pair_in",
    "plan",
    "plan_jobs",
    "with_suffix",
]


class Pair(NamedTuple):
    """A depth file and its output."""

    source: Path
    """A depth file, or one map of it."""
    target: Path
    """Its output."""
    name: Path
    """Its output's name in a folder, if it had the input's format."""


class Job(NamedTuple):
    """A file to upscale."""

    source: Path
    """A depth file, or one map of it."""
    target: Path
    """Its output."""
    options: UpscaleOptions
    """Its options: `filled`, `confidence` and `preview` are files that are written beside the
    output."""

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


def plan_jobs(inputs: Sequence[str], outputs: Outputs, options: UpscaleOptions) -> list[Job]:
    """Return a job for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the outputs do not suit them.
    """
    pairs = plan(inputs, outputs)
    filled: Sequence[Path | None] = [None] * len(pairs)
    confidence: Sequence[Path | None] = filled
    if options.filled is not None:
        filled = companion_paths("--filled", options.filled, pairs, [".png"])
    if options.confidence is not None:
        confidence = companion_paths("--confidence", options.confidence, pairs, ERROR_SUFFIXES)
    if options.preview is not None:
        beside = (path for path in (*filled, *confidence) if path is not None)
        taken = _taken(pairs) | {path.resolve() for path in beside}
        check_apart("--preview", options.preview, taken)
        if len(pairs) > 1:
            # They share a picture.
            options = replace(options, preview=None)
    return [
        Job(pair.source, pair.target, replace(options, filled=marks, confidence=errors))
        for pair, marks, errors in zip(pairs, filled, confidence, strict=True)
    ]


def plan(inputs: Sequence[str], outputs: Outputs) -> list[Pair]:
    """Return source and target for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the output does not suit them.
    """
    try:
        pairs = _pairs(inputs, outputs)
        files = {split_member(pair.source)[0].resolve(): pair.source for pair in pairs}
        same = [files[path] for pair in pairs if (path := pair.target.resolve()) in files]
    except OSError as error:
        raise FileError(f"{error.filename} cannot be read: {error.strerror}") from error
    if same:
        raise FileError(f"{same[0]} would be replaced by its output: give -o another name")
    return pairs


def _pairs(inputs: Sequence[str], outputs: Outputs) -> list[Pair]:
    output = outputs.path
    if outputs.is_file and len(inputs) == 1 and is_plain_folder(Path(inputs[0])):
        raise FileError(f"{inputs[0]} is a folder and {output} a file name: give -o a folder")
    sources = find_files(inputs, recursive=outputs.recursive, skip=output)
    if len(sources) == 1 and (outputs.to_stdout or (outputs.is_file and len(inputs) == 1)):
        source, name = sources[0].path, output_name(sources[0])
        suffix = outputs.suffix or name.suffix
        return [Pair(source, Path(f"-{suffix}") if outputs.to_stdout else output, name)]
    _check_folder(inputs, outputs, sources)
    pairs = [pair_in(output, found, outputs.suffix) for found in sources]
    taken: dict[Path, Path] = {}
    for pair in pairs:
        other = taken.setdefault(pair.target, pair.source)
        if other is pair.source:
            continue
        if other == pair.source:
            raise FileError(f"{other} is given twice: give it once")
        raise FileError(
            f"{other} and {pair.source} would both become {pair.target}: upscale them to separate "
            "folders, or their common folder with --recursive"
        )
    return pairs


def _check_folder(inputs: Sequence[str], outputs: Outputs, sources: Sequence[Found]) -> None:
    """Check that a name can be that of a folder for outputs.

    Raises:
        FileError: If it looks like a file's, or is one.
    """
    output = outputs.path
    if outputs.to_stdout:
        raise FileError(f"{len(sources)} inputs, but standard output is one: give -o a folder")
    single = len(inputs) == len(sources) == 1 and not is_plain_folder(Path(inputs[0]))
    if single and outputs.output and output.suffix and not output.exists():
        raise FileError(
            f"{output} ends in {output.suffix}: allowed are {', '.join(SUFFIXES)}, or a folder"
        )
    if outputs.is_file:
        raise FileError(f"{len(sources)} inputs, but {output} is one file: give -o a folder")
    if output.is_file():
        raise FileError(f"{output} is a file: give a folder")


def pair_in(folder: Path, found: Found, suffix: str | None) -> Pair:
    """Return the output of a file in a folder.

    Args:
        folder: The folder.
        found: The file.
        suffix: The output's suffix. Default: the file's own, or the one that it is written as.
    """
    name = output_name(found)
    target = folder / (name if suffix is None else name.with_suffix(suffix))
    return Pair(found.path, target, name)


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
    if is_stream(given):
        raise FileError(f"{option} can't be standard output: give it a file")
    single = len(pairs) == 1 and given.suffix and not given.is_dir()
    if single and given.suffix.lower() not in suffixes:
        allowed = f"{'is' if len(suffixes) == 1 else 'are'} {', '.join(suffixes)}"
        raise FileError(f"{given} ends in {given.suffix}: allowed {allowed}, or a folder")
    files = [given if single else given / with_suffix(pair.name, suffixes) for pair in pairs]
    taken = _taken(pairs)
    for path in files:
        check_apart(option, path, taken)
    return files


def _taken(pairs: Sequence[Pair]) -> set[Path]:
    """Return the inputs and outputs, resolved."""
    sources = {split_member(pair.source)[0].resolve() for pair in pairs}
    return sources | {pair.target.resolve() for pair in pairs}


def check_apart(option: str, path: Path, taken: Set[Path]) -> None:
    """Check that a file is none of the inputs and outputs.

    Args:
        option: The option that names it, for errors.
        path: The file.
        taken: These, resolved.

    Raises:
        FileError: If it is.
    """
    if path.resolve() in taken:
        raise FileError(f"{path} is an input or an output, too: give {option} another name")


def with_suffix(name: Path, suffixes: Sequence[str]) -> Path:
    """Return the name of what is written beside an output, for one of the endings it may have."""
    return name if name.suffix.lower() in suffixes else Path(f"{name}{suffixes[0]}")
