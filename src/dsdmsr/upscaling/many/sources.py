"""The maps that a source names: files in folders, patterns and lists, frames of bags, shards."""

from __future__ import annotations

import glob
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_line
from dsdmsr.io.formats import FORMATS, SUFFIXES, find_format, is_depth_folder
from dsdmsr.io.patterns import Found, find_files, output_name
from dsdmsr.upscaling.many.storage import Place, is_url, place_of, saying, scratch

__all__ = ["Source", "find_sources"]

SHARD = ".tar"
LISTS = (".txt", ".lst")


class Source(NamedTuple):
    """A map, and the name of its output."""

    file: str
    """A path or a URL: a depth file, a recording or a shard."""
    member: str | None
    """A frame of a recording, or a file of a shard."""
    offset: int
    """Where that file begins in its shard."""
    length: int
    """Its bytes; 0 for what is no file of a shard."""
    target: str
    """The output's name in a folder, with slashes."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.file if self.member is None else f"{self.file}#{self.member}"


def find_sources(source: str, suffix: str | None, skip: Place | None = None) -> Iterator[Source]:
    """Yield the maps that a source names, with names of outputs that keep its folders.

    Args:
        source: A path or URL: a folder, which is searched with all folders in it; a pattern with *,
            ? or [; a list, a .txt file with a path or URL a line; or one file. Shards (.tar, as
            webdataset writes them) and ROS recordings stand for the maps in them.
        suffix: The suffix of outputs. Default: that of the input.
        skip: A folder that isn't searched: the output's.

    Raises:
        FileError: If it names none, or cannot be read.
    """
    place = place_of(source)
    if place.path.endswith(LISTS):
        yield from _in_list(place, suffix)
        return
    with saying(f"{source} cannot be read"):
        is_folder = place.system.isdir(place.path) and not _is_depth_folder(place)
        is_there = place.system.exists(place.path)
    if is_folder:
        found = _in_folder(place, skip)
    elif is_there:
        found = iter([(place, PurePosixPath())])
    elif glob.has_magic(source):
        found = _matches(place)
    else:
        raise FileError(f"{source} does not exist: give a folder, a pattern, a list or a file")
    empty = True
    for file, folder in found:
        empty = False
        yield from _maps(file, folder, suffix)
    if empty:
        raise FileError(
            f"{source} names no depth file: give a folder, a pattern or a list with files that end "
            f"in {', '.join(SUFFIXES)} or {SHARD}"
        )


def _in_list(place: Place, suffix: str | None) -> Iterator[Source]:
    """Yield the maps of a list; their outputs' folders are those in the list."""
    empty, beside = True, place.name.rpartition("/")[0]
    with (
        saying(f"{place.name} cannot be read"),
        place.system.open(place.path, "rt", encoding="utf-8") as lines,
    ):
        for line in map(str.strip, lines):
            if not line:
                continue
            empty = False
            path = line.partition("://")[2] if is_url(line) else line
            folder = PurePosixPath(path).parent
            parts = [part for part in folder.parts if part != folder.anchor]
            if ".." in parts:
                raise FileError(f"{place.name} names {line}: give paths without ..")
            file = line if is_url(line) or line.startswith("/") else f"{beside}/{line}"
            yield from _maps(place_of(file), PurePosixPath(*parts), suffix)
    if empty:
        raise FileError(f"{place.name} names no file: give a path or a URL a line")


def _in_folder(root: Place, skip: Place | None) -> Iterator[tuple[Place, PurePosixPath]]:
    """Yield the depth files, recordings and shards below a folder, folder by folder, in order."""
    walk = os.walk(root.path) if root.is_local else root.system.walk(root.path)
    with saying(f"{root.name} cannot be read"):
        for path, folders, names in walk:
            here = Place(root.system, path)
            relative = PurePosixPath(os.path.relpath(path, root.path))
            if not root.is_local and "metadata.yaml" in names:
                yield here, relative.parent
                continue
            stores = [name for name in folders if _is_depth_folder(here / name)]
            for name in sorted([*names, *stores]):
                if not name.startswith(".") and (_suffix(name) in _READ or name in stores):
                    yield here / name, relative
            hidden = {name for name in folders if name.startswith(".")}
            for name in {*hidden, *stores, *(n for n in folders if here / n == skip)}:
                # fsspec yields a dict.
                folders.pop(name) if isinstance(folders, dict) else folders.remove(name)
            if isinstance(folders, list):
                folders.sort()


_READ = {*FORMATS, SHARD}


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_depth_folder(place: Place) -> bool:
    """Return whether a folder is itself a depth file; of one elsewhere, its name says so."""
    if place.is_local:
        return is_depth_folder(Path(place.path))
    return _suffix(place.path) == ".zarr"


def _matches(pattern: Place) -> Iterator[tuple[Place, PurePosixPath]]:
    """Yield the files that match a pattern, with their folders below its part without magic."""
    parts = pattern.path.split("/")
    fixed = "/".join(parts[: next(k for k, part in enumerate(parts) if glob.has_magic(part))])
    with saying(f"{pattern.name} cannot be read"):
        for path in sorted(pattern.system.glob(pattern.path)):
            if _suffix(path) in _READ:
                folder = PurePosixPath(os.path.relpath(path, fixed)).parent
                yield Place(pattern.system, path), folder


def _maps(file: Place, folder: PurePosixPath, suffix: str | None) -> Iterator[Source]:
    """Yield the maps of a file."""
    if _suffix(file.path) == SHARD:
        yield from _in_shard(file, folder, suffix)
        return
    if file.is_local:
        yield from _on_disk(Path(file.path), file, folder, suffix)
        return
    path = PurePosixPath(file.path)
    format_ = FORMATS.get(path.suffix.lower())
    if format_ is not None and format_.members is None:
        yield Source(file.name, None, 0, 0, _target(Path(path.name), folder, suffix))
        return
    with scratch() as here, saying(f"{file.name} cannot be read"):
        file.get(here / path.name)
        yield from _on_disk(here / path.name, file, folder, suffix)


def _on_disk(
    path: Path, file: Place, folder: PurePosixPath, suffix: str | None
) -> Iterator[Source]:
    """Yield the maps of a file that is on this machine, perhaps as a copy."""
    format_ = find_format(path)
    frames = [Found(path)]
    if format_ is not None and format_.members is not None:
        frames = find_files([str(path)])
    for found in frames:
        member = str(found.path)[len(str(path)) + 1 :] or None
        yield Source(file.name, member, 0, 0, _target(found.path, folder, suffix))


def _target(path: Path, folder: PurePosixPath, suffix: str | None) -> str:
    name = output_name(Found(path))
    return str(folder / (name if suffix is None else name.with_suffix(suffix)).as_posix())


def _in_shard(shard: Place, folder: PurePosixPath, suffix: str | None) -> Iterator[Source]:
    """Yield the depth files of a shard; their outputs lie in a folder of its name."""
    folder /= PurePosixPath(shard.path).stem
    try:
        with shard.system.open(shard.path, "rb") as file, tarfile.open(fileobj=file) as tar:
            for each in tar:
                # Else what was read is kept for a second look.
                tar.members = []  # type: ignore[attr-defined]
                path = PurePosixPath(each.name)
                if each.isfile() and path.suffix.lower() in FORMATS:
                    below = [part for part in path.parent.parts if part not in ("/", "..")]
                    target = _target(Path(path.name), folder.joinpath(*below), suffix)
                    yield Source(shard.name, each.name, each.offset_data, each.size, target)
    except (OSError, tarfile.TarError) as error:
        raise FileError(f"{shard.name} is damaged, or no shard: {single_line(error)}") from error
