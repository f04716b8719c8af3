"""The process that upscales maps: one network, one thread, map after map."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from dsdmsr.errors import DsdmsrError, FileError
from dsdmsr.io import ERROR_SUFFIXES
from dsdmsr.io.checks import single_line
from dsdmsr.upscaling.files import Upscaled, upscale_file
from dsdmsr.upscaling.many.ledger import COLUMNS, results_schema
from dsdmsr.upscaling.many.sources import Source
from dsdmsr.upscaling.many.storage import (
    Place,
    StorageError,
    checksum,
    place_of,
    reason_of,
    scratch,
)
from dsdmsr.upscaling.memory import keep_memory
from dsdmsr.upscaling.options import UpscaleOptions
from dsdmsr.upscaling.remarks import remarks
from dsdmsr.upscaling.upscaler import Upscaler
from dsdmsr.zoo.names import DEFAULT_MODEL

__all__ = ["Worker"]

_STORAGE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""What is wrong with a disk, not with a map."""


class Worker:
    """Upscale the maps of tables, with one network.

    Args:
        target: A folder or a URL.
        options: As for `dsdmsr upscale`; `filled` and `confidence` are folders or URLs.
    """

    def __init__(self, target: str, options: UpscaleOptions) -> None:
        keep_memory()
        self._target, self._version = target, version("dsdmsr")
        self._beside = {"filled": options.filled, "confidence": options.confidence}
        self._options = replace(options, resume=False, overwrite=True)
        self._remarked: set[str] = set()
        self._unable: DsdmsrError | None = None
        try:
            self._upscaler = Upscaler.from_options(self._options)
        except DsdmsrError as error:
            # Said with a map: Ray would try again where a process cannot begin.
            self._unable = error

    def __call__(self, sources: Any) -> Any:
        """Return a table of the ledger's rows for one of sources, as pyarrow has them.

        `results_schema` says what is there beside them. Errors are caught for each map: a block of
        Ray Data's that raises is lost whole, with all that was done.
        """
        import pyarrow

        rows = [self._row(**row) for row in sources.to_pylist()]
        return pyarrow.Table.from_pylist(rows, schema=results_schema())

    def _row(self, number: int, **source: Any) -> dict[str, Any]:
        source_ = Source(**source)
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {"number": number, "source": source_.name, "remarks": [], "stop": False}
        row |= {"target": source_.target, "version": self._version}
        try:
            if self._unable is not None:
                raise StorageError(str(self._unable)) from self._unable
            row |= self.upscale(source_)
        except StorageError as error:
            row |= {"error": str(error), "stop": True}
        except DsdmsrError as error:
            row |= {"error": single_line(error), "stop": _is_of_storage(error)}
        except Exception as error:  # one map's fault is not the end of the others
            row["error"] = f"{type(error).__name__}: {single_line(error)}"
        row["time"] = datetime.now(UTC).isoformat(timespec="milliseconds")
        return row

    def upscale(self, source: Source) -> dict[str, Any]:
        """Upscale a map; return what the ledger says of it.

        Raises:
            DsdmsrError: If it cannot be upscaled.
            StorageError: If the storage fails.
        """
        target = place_of(self._target) / source.target
        with _fetched(source) as path, target.written() as local:
            try:
                result = self._upscale(path, local, source.target)
            except DsdmsrError as error:
                said = str(error).replace(str(local), target.name).replace(str(path), source.name)
                raise type(error)(said) from error
            found = checksum(local)
        goal = self._upscaler.size.goal(*result.depth.shape)
        new = [line for line in remarks(result, self._options) if line not in self._remarked]
        self._remarked.update(new)
        network = self._options.model or DEFAULT_MODEL
        return {
            "target": target.name,
            "sha256": found,
            "height": goal.height,
            "width": goal.width,
            "model": network if result.choice is None else result.choice.network,
            "remarks": new,
        }

    def _upscale(self, path: Path, local: Path, name: str) -> Upscaled:
        """Upscale a local file to another, and put what belongs to it in its place."""
        suffixes = {"filled": (".png",), "confidence": ERROR_SUFFIXES}
        places = {
            option: place_of(folder) / _with_suffix(name, suffixes[option])
            for option, folder in self._beside.items()
            if folder is not None
        }
        with _all_written(places) as files:
            options = replace(
                self._options, filled=files.get("filled"), confidence=files.get("confidence")
            )
            return upscale_file(path, local, options, upscaler=self._upscaler, keep_empty=True)


@contextmanager
def _all_written(places: Mapping[str, Place]) -> Iterator[dict[str, Path]]:
    """Yield local paths to write to, and put them in their places when that is done."""
    with ExitStack() as stack:
        yield {key: stack.enter_context(place.written()) for key, place in places.items()}


def _with_suffix(name: str, suffixes: Sequence[str]) -> str:
    return name if PurePosixPath(name).suffix.lower() in suffixes else f"{name}{suffixes[0]}"


@contextmanager
def _fetched(source: Source) -> Iterator[Path]:
    """Yield a local path of a map: its own, or that of a copy.

    Raises:
        FileError: If it is not there.
        StorageError: If storage fails.
    """
    file = place_of(source.file)
    if source.length:
        with scratch() as folder:
            path = folder / PurePosixPath(source.member or "").name
            with _reading(source):
                end = source.offset + source.length
                path.write_bytes(file.system.cat_file(file.path, source.offset, end))
            yield path
    elif file.is_local:
        yield Path(source.name)
    elif source.member is not None:
        with _reading(source):
            folder_of_copy = _copy_of(source.file).name
        yield Path(folder_of_copy, f"{PurePosixPath(file.path).name}#{source.member}")
    else:
        with scratch() as folder:
            path = folder / PurePosixPath(file.path).name
            with _reading(source):
                file.get(path)
                if path.suffix.lower() == ".pfm":  # what Middlebury's disparities need
                    _get_if_there(
                        Place(file.system, f"{file.path.rpartition('/')[0]}/calib.txt"), folder
                    )
            yield path


@lru_cache(maxsize=1)
def _copy_of(recording: str) -> TemporaryDirectory[str]:
    """Return a folder with a copy of a recording, which stays for its next frame."""
    place = place_of(recording)
    folder = TemporaryDirectory(prefix="dsdmsr-", ignore_cleanup_errors=True)
    place.get(Path(folder.name, PurePosixPath(place.path).name))
    return folder


def _get_if_there(place: Place, folder: Path) -> None:
    if place.system.exists(place.path):
        place.get(folder / PurePosixPath(place.path).name)


@contextmanager
def _reading(source: Source) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileError(f"{source.name} does not exist") from error
    except Exception as error:  # each storage's client has classes of its own
        raise StorageError(f"{source.name} cannot be read: {reason_of(error)}") from error


def _is_of_storage(error: BaseException | None) -> bool:
    """Return whether an error comes from a disk that takes nothing, for any map."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _STORAGE:
            return True
        error = error.__cause__
    return False
