"""What the matrix knows of a library: how it writes files, and how it reads ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

__all__ = ["Library", "Reader", "Writer", "writers"]

Array = NDArray[Any]
Write = Callable[[Path, Array], object]


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Describe one file that a library writes."""

    suffix: str
    """Of the file."""
    dtype: str
    """NumPy's name of the numbers' type."""
    write: Write
    """Writes numbers to a path."""
    variant: str = ""
    """What is special: a compression, a form of the format."""
    layout: str = ""
    """How the numbers lie in memory; see `tools.interop.numbers.LAYOUTS`."""
    heights: bool = False
    """Whether the file says where it lies, so that 0 is a height."""

    @property
    def form(self) -> str:
        """What is special about the file, in words."""
        return ", ".join(part for part in (self.variant, self.layout) if part)

    @property
    def file(self) -> str:
        """The file's name."""
        words = f"{self.dtype} {self.form}".split()
        return "_".join(words).replace(",", "").replace("/", "") + self.suffix


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Describe how a library reads files of a format."""

    suffix: str
    read: Callable[[Path], Array]
    """Returns the numbers of a file, H×W."""
    dtypes: tuple[str, ...] = ("uint8", "uint16", "float32")
    """Types of ours that it is given."""
    differs: Mapping[str, str] = field(default_factory=dict)
    """Type → how the library's numbers differ from the file's, or why it reads none."""


@dataclass(frozen=True, kw_only=True)
class Library:
    """Describe a library by the files that it writes and reads."""

    name: str
    """What people call it."""
    distribution: str
    """The package that it is installed by."""
    module: str
    """What is imported."""
    writers: tuple[Writer, ...] = ()
    readers: tuple[Reader, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    """File → in which way the library writes other numbers than it was given, where it does."""


def writers(
    suffix: str,
    dtypes: str,
    write: Write,
    variant: str = "",
    *,
    layouts: tuple[str, ...] = ("",),
    heights: bool = False,
) -> tuple[Writer, ...]:
    """Return a writer for each of some types and layouts; the types are in one text."""
    return tuple(
        Writer(
            suffix=suffix,
            dtype=dtype,
            write=write,
            variant=variant,
            layout=layout,
            heights=heights,
        )
        for dtype in dtypes.split()
        for layout in layouts
    )
