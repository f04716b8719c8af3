"""New folders that an evaluation writes to."""

from __future__ import annotations

from pathlib import Path

from dsdmsr.errors import FileError

__all__ = ["new_folder"]


def new_folder(folder: Path, *, overwrite: bool) -> Path:
    """Create a folder; return it.

    Args:
        folder: Where; it may exist.
        overwrite: Whether there may be something in it.

    Raises:
        FileError: If it is not empty, or cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not overwrite:
            raise FileError(f"{folder} is not empty: give a new folder, or --overwrite")
    except OSError as error:
        raise FileError(f"{folder} cannot be written to: {error.strerror}") from error
    return folder
