"""Depth files named by paths, folders and patterns."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from dsdmsr.errors import FileError
from dsdmsr.io.formats import (
    SUFFIXES,
    find_format,
    format_of,
    is_depth_folder,
    split_member,
    suffix_written,
)

__all__ = ["Found", "depth_files", "find_files", "frame_order", "output_name"]


class Found(NamedTuple):
    """A depth file that was found."""

    path: Path
    """The file, or one map of it."""
    folder: Path = Path()
    """Where it lies in the folder that was given."""


def depth_files(given: Sequence[str], *, recursive: bool = False) -> list[Path]:
    """Return the depth files that paths, folders and patterns name; see `find_files`."""
    return [found.path for found in find_files(given, recursive=recursive)]


def find_files(
    given: Sequence[str], *, recursive: bool = False, skip: Path | None = None
) -> list[Found]:
    """Return the depth files that paths, folders and patterns name.

    Args:
        given: Paths, folders and patterns.
        recursive: Whether folders in folders are searched, too. Files and folders in a folder whose
            names begin with a dot are left out.
        skip: A folder that isn't searched: the output's.

    Raises:
        FileError: If a folder holds none, or a pattern matches none; or it can't be read.
    """
    sources: list[Found] = []
    for text in given:
        path = Path(text)
        if path.is_dir() and not is_depth_folder(path):
            found = list(_in_folder(path, recursive, skip))
            if not found:
                raise FileError(_nothing_in(path, recursive))
            sources += found
        elif path.exists() or not glob.has_magic(text) or split_member(path)[1] is not None:
            sources += map(Found, _frames(path))
        else:
            matches = sorted(Path(p) for p in glob.glob(text, recursive=True))
            if not matches:
                raise FileError(f"{text} matches no file: give depth files, folders or patterns")
            sources += [Found(frame) for file in matches for frame in _frames(file)]
    return sources


def frame_order(path: Path) -> list[tuple[bool, int, str]]:
    """Return the key that sorts frames by the numbers in their names: frame2 before frame10."""
    parts = re.split(r"(\d+)", str(path))
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def output_name(found: Found) -> Path:
    """Return an output's name in a folder: the source's, or nyu-12.mat for nyu.mat#12."""
    file, member = split_member(found.path)
    suffix = suffix_written(found.path)
    # The folder of a ROS 2 bag has a name of any form.
    stem = file.stem if file.suffix.lower() in SUFFIXES else file.name
    if member is None:
        return found.folder / f"{stem}{suffix}"
    plain = re.sub(r"[^\w.+-]+", "_", member).strip("_")
    return found.folder / f"{stem}-{plain}{suffix}"


def _in_folder(folder: Path, recursive: bool, skip: Path | None) -> Iterator[Found]:
    """Yield the depth files in a folder, in the order of their names, but no hidden ones.

    macOS writes a ``._depth.png`` beside each ``depth.png`` that it copies to other file systems.
    """
    skipped = None if skip is None else skip.resolve()
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        here = Path(place)
        stores = [name for name in folders if is_depth_folder(here / name)]
        for name in sorted([*names, *stores]):
            if name.startswith("."):
                continue
            if Path(name).suffix.lower() in SUFFIXES or name in stores:
                for frame in _frames(here / name):
                    yield Found(frame, here.relative_to(folder))
        folders[:] = sorted(
            name
            for name in folders
            if recursive
            and name not in stores
            and not name.startswith(".")
            and (here / name).resolve() != skipped
        )


def _unreadable(error: OSError) -> NoReturn:
    raise FileError(f"{error.filename} cannot be read: {error.strerror}") from error


def _nothing_in(folder: Path, recursive: bool) -> str:
    """Return the error of a folder without depth files."""
    deeper = "" if recursive else "; --recursive looks in its folders, too"
    has_folders = any(path.is_dir() for path in folder.iterdir())
    return f"{folder} holds no depth file ({', '.join(SUFFIXES)}){deeper if has_folders else ''}"


def _frames(path: Path) -> list[Path]:
    """Return the frames of a recording; other files as they are."""
    file, member = split_member(path)
    format_ = find_format(file)
    if format_ is None or format_.members is None or not (file.is_file() or file.is_dir()):
        return [path]
    format_of(path)  # says which library is missing
    return [Path(f"{file}#{one}") for one in format_.members(file, member)]
