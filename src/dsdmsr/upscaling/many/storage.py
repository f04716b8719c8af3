"""Files on disks and in object storage, by one name for both; through fsspec."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from dsdmsr.errors import DependencyError, FileError, needing
from dsdmsr.io.checks import single_line

__all__ = [
    "Place",
    "StorageError",
    "checksum",
    "is_url",
    "place_of",
    "reason_of",
    "saying",
    "scratch",
]

_PROTOCOL = re.compile(r"(\w[\w.+-]+):/+")


class StorageError(FileError):
    """Storage that fails for all maps, not for one."""


class Place(NamedTuple):
    """A file or folder, wherever it is."""

    system: Any
    """fsspec's file system."""
    path: str
    """Its path there, without a slash at its end."""

    @property
    def is_local(self) -> bool:
        """Whether it is on a disk of this machine."""
        return bool(self.system.protocol[0] == "file")

    @property
    def name(self) -> str:
        """What people call it: a path, or a URL."""
        return self.path if self.is_local else str(self.system.unstrip_protocol(self.path))

    def __truediv__(self, name: object) -> Place:
        return Place(self.system, f"{self.path}/{name}")

    def is_empty(self) -> bool:
        """Return whether there is nothing: no file, and no folder with anything in it.

        Raises:
            FileError: If that cannot be found out.
        """
        with saying(f"{self.name} cannot be read"):
            self.system.invalidate_cache()
            return not self.system.exists(self.path) or self.system.ls(self.path) == []

    def get(self, local: Path) -> None:
        """Copy it to a local path.

        Raises:
            FileNotFoundError: If it is not there.
            OSError: If it cannot be read.
        """
        self.system.get(self.path, str(local), recursive=self.system.isdir(self.path))

    @contextmanager
    def written(self) -> Iterator[Path]:
        """Yield a local path to write to, and put it here when that is done.

        A local file is written where it belongs, by a writer that does so whole or not at all; so
        does an upload to object storage, which shows an object when all of it is there.

        Raises:
            StorageError: If it cannot be put here.
        """
        if self.is_local:
            yield Path(self.path)
            return
        with scratch() as folder:
            local = folder / self.path.rpartition("/")[2]
            yield local
            with saying(f"{self.name} cannot be written", StorageError):
                self.system.put(str(local), self.path, recursive=local.is_dir())


def place_of(text: str | os.PathLike[str]) -> Place:
    """Return the place that a path or URL names.

    Raises:
        FileError: If there is no such protocol.
        DependencyError: If a package for the protocol is not installed.
    """
    with needing("upscale-many"):
        from fsspec.core import url_to_fs
    # A URL that was a Path has lost a slash.
    text = _PROTOCOL.sub(r"\1://", os.fspath(text), count=1)
    try:
        system, path = url_to_fs(text)
    except ImportError as error:
        protocol = text.partition("://")[0]
        package = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
        raise DependencyError(
            f"{text} needs a package of fsspec for {protocol}: pip install "
            f"{package.get(protocol, f'one of those for {protocol}')}"
        ) from error
    except ValueError as error:
        raise FileError(f"{text} is no path or URL that fsspec knows: {error}") from error
    return Place(system, path.rstrip("/") or path)


def is_url(text: str) -> bool:
    """Return whether a text names a protocol, such as s3://."""
    return "://" in text


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder for files that are on their way."""
    with TemporaryDirectory(prefix="dsdmsr-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def saying(what: str, kind: type[FileError] = FileError) -> Iterator[None]:
    """Turn whatever storage raises into an error that says what could not be done."""
    try:
        yield
    except FileError:
        raise
    except Exception as error:  # each storage's client has classes of its own
        raise kind(f"{what}: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """Return what an error of a storage's client says, in a line."""
    return getattr(error, "strerror", None) or single_line(error) or type(error).__name__


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files and their names, in order."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for each in sorted(path.rglob("*")):
        if each.is_file():
            found.update(f"{each.relative_to(path).as_posix()} {checksum(each)}\n".encode())
    return found.hexdigest()
