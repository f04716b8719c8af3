"""Depth files named by paths, folders and patterns."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from dsdmsr.errors import FileError
from dsdmsr.io.formats import SUFFIXES, find_format, format_of, is_depth_folder, split_member

__all__ = ["depth_files"]


def depth_files(given: Sequence[str]) -> list[Path]:
    """Return the depth files that paths, folders and patterns name.

    Raises:
        FileError: If a folder holds none, or a pattern matches none.
    """
    sources: list[Path] = []
    for text in given:
        path = Path(text)
        if path.is_dir() and not is_depth_folder(path):
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not found:
                raise FileError(f"{path} holds no depth file ({', '.join(SUFFIXES)})")
            sources += [frame for file in found for frame in _frames(file)]
        elif path.exists() or not glob.has_magic(text) or split_member(path)[1] is not None:
            sources += _frames(path)
        else:
            matches = sorted(Path(p) for p in glob.glob(text, recursive=True))
            if not matches:
                raise FileError(f"{text} matches no file: give depth files, folders or patterns")
            sources += [frame for file in matches for frame in _frames(file)]
    return sources


def _frames(path: Path) -> list[Path]:
    """Return the frames of a recording; other files as they are."""
    file, member = split_member(path)
    format_ = find_format(file)
    if format_ is None or format_.members is None or not file.exists():
        return [path]
    members = format_of(path).members
    return [path] if members is None else [Path(f"{file}#{one}") for one in members(file, member)]
