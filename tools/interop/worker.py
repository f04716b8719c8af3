"""What a library does in its own environment: it writes its files, and reads ours.

``python -m tools.interop.worker write NAME FOLDER`` and ``read NAME FOLDER OURS``; what comes out
lies in FOLDER: the files, arrays of numbers beside them, and ``index.json``.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.libraries import LIBRARIES
from tools.interop.library import Library, Reader
from tools.interop.numbers import LAYOUTS, numbers_of

__all__ = ["GIVEN", "INDEX", "READ", "main", "read_all", "write_all"]

Array = NDArray[Any]

INDEX, GIVEN, READ = "index.json", ".given.npy", ".read.npy"
"""Names: what was done; endings of the arrays that were written, and read by the library itself."""


def write_all(name: str, folder: Path) -> None:
    """Let a library write all its files into a folder, and read them again where it can."""
    library = LIBRARIES[name]
    index: dict[str, Any] = {"version": version(library.distribution), "refused": {}}
    for writer in library.writers:
        numbers = LAYOUTS[writer.layout](numbers_of(writer.dtype))
        path = folder / writer.file
        try:
            writer.write(path, numbers)
        except Exception as error:
            index["refused"][writer.file] = _line(error)
            continue
        np.save(f"{path}{GIVEN}", np.ascontiguousarray(numbers))
        for reader in library.readers:
            if reader.suffix == writer.suffix:
                _read_into(reader, path, Path(f"{path}{READ}"))
    (folder / INDEX).write_text(json.dumps(index))


def read_all(name: str, folder: Path, ours: Path) -> None:
    """Let a library read the files in `ours`, which are named by their types."""
    library = LIBRARIES[name]
    index: dict[str, Any] = {"version": version(library.distribution), "refused": {}}
    for reader, file in files_read(library):
        refused = _read_into(reader, ours / file, folder / f"{file}{READ}")
        if refused:
            index["refused"][file] = refused
    (folder / INDEX).write_text(json.dumps(index))


def files_read(library: Library) -> list[tuple[Reader, str]]:
    """Return each of our files that a library is given, with its reader."""
    whole, floats = {".png", ".pgm"}, {".pfm", ".exr", ".bin", ".dpt"}
    return [
        (reader, f"{dtype}{reader.suffix}")
        for reader in library.readers
        for dtype in reader.dtypes
        if not (reader.suffix in whole and dtype == "float32")
        and not (reader.suffix in floats and dtype != "float32")
    ]


def _read_into(reader: Reader, path: Path, target: Path) -> str:
    """Save what a library reads from a file; return in a line why it doesn't, or nothing."""
    try:
        numbers = np.asarray(reader.read(path))
    except Exception as error:
        return _line(error)
    np.save(target, numbers)
    return ""


def _line(error: Exception) -> str:
    return re.sub(r"\S*/(?=\S)", "", " ".join(f"{type(error).__name__}: {error}".split()))[:120]


def main() -> None:
    action, name, folder, *ours = sys.argv[1:]
    if action == "write":
        write_all(name, Path(folder))
    else:
        read_all(name, Path(folder), Path(*ours))


if __name__ == "__main__":
    main()
