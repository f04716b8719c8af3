"""The pictures that commands write of several files: a row for each of the first ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsdmsr.app.console import print_remark
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import FileError
from dsdmsr.io import check_picture_output, split_member

if TYPE_CHECKING:
    from dsdmsr.pictures.preview import ContactSheet

__all__ = ["MapPreviews", "contact_sheet", "write_sheet"]

# What plots is loaded where a picture is asked for.


class MapPreviews:
    """The picture of the maps that a command describes.

    Args:
        path: The PNG file; None if no picture is asked for.
        files: The maps' files.
        overwrite: Whether the picture may replace a file.

    Raises:
        FileError: If it cannot be written where it should be.
    """

    def __init__(self, path: Path | None, files: Sequence[Path], *, overwrite: bool) -> None:
        self._path, self._several, self._count = path, len(files) > 1, 0
        self._overwrite = overwrite
        self._sheet = None if path is None else contact_sheet(path, overwrite=overwrite)
        if path is not None:
            from dsdmsr.app.files import check_apart

            check_apart("--preview", path, {split_member(file)[0].resolve() for file in files})

    def add(self, file: Path, depth: DepthMap) -> None:
        """Add a map."""
        self._count += 1
        if self._sheet is None or self._sheet.full:
            return
        from dsdmsr.pictures.comparison import single_map

        whole, member = split_member(file)
        name = whole.name if member is None else f"{whole.name}#{member}"
        self._sheet.add(single_map(name, depth, in_sheet=self._several))

    def write(self) -> None:
        """Write the picture, if there is something to see.

        Raises:
            FileError: If it cannot be written.
        """
        if self._path is not None and self._sheet is not None:
            write_sheet(self._sheet, self._path, self._count, overwrite=self._overwrite)


def contact_sheet(path: Path, *, overwrite: bool) -> ContactSheet:
    """Return a sheet without rows.

    Raises:
        FileError: If no picture may be written to `path`.
    """
    check_picture_output(path, overwrite=overwrite)
    try:
        # Said before the work, not after it.
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error
    from dsdmsr.pictures.preview import ContactSheet

    return ContactSheet()


def write_sheet(sheet: ContactSheet, path: Path, count: int, *, overwrite: bool) -> None:
    """Write a sheet if it has a row, and print how many files have none.

    Args:
        sheet: The sheet.
        path: The PNG file.
        count: How many files there are.
        overwrite: Whether the picture may replace a file.

    Raises:
        FileError: If it cannot be written.
    """
    if not len(sheet):
        return
    from dsdmsr.pictures.preview import write_png

    sheet.left_out = count - len(sheet)
    write_png(path, sheet.picture(), overwrite=overwrite)
    if sheet.remark is not None:
        print_remark(f"{path} {sheet.remark}")
