"""Where outputs go, as options, and the formats that they can have."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dsdmsr.app.options import flattened
from dsdmsr.app.standard_streams import is_stream
from dsdmsr.errors import ConfigError, suggestion
from dsdmsr.io import SUFFIXES
from dsdmsr.io.formats import FORMATS, is_depth_folder

__all__ = ["Outputs", "check_suffix", "format_option", "is_plain_folder"]

_WRITABLE = tuple(suffix for suffix, format_ in FORMATS.items() if format_.write is not None)


def format_option(what: str, source: str) -> Any:
    """Return the option that names the format of outputs, a dataclass's field.

    Args:
        what: The outputs, for its help.
        source: Whose format is the default.
    """
    names = ", ".join(suffix[1:] for suffix in _WRITABLE)
    help_ = f"The format of {what}: {names}. Default: that of {source}."
    return field(default=None, metadata={"help": help_})


@flattened
@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Say where outputs go.

    Raises:
        ConfigError: If it is not said, or twice, or there is no such format.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    """A file name for one input, or - for standard output; otherwise a folder, created if
    missing."""
    output_dir: Path | None = None
    """A folder for any number of inputs, created if missing; instead of --output."""
    format: str | None = format_option("outputs in a folder or on standard output", "the input")
    """The format of outputs whose names don't say it. Default: that of the input."""
    recursive: bool = False
    """Search folders in folders, too; the outputs lie in folders of the same names."""

    def __post_init__(self) -> None:
        if (self.output is None) == (self.output_dir is None):
            raise ConfigError("give --output (-o) or --output-dir, one of them")
        if is_stream(self.output_dir):
            raise ConfigError("--output-dir is -, not a folder: give -o - for standard output")
        suffix = self.suffix
        if suffix and self.is_file and self.path.suffix.lower() != suffix:
            raise ConfigError(
                f"{self.path} is a {self.path.suffix} file, but --format says {self.format}: "
                "give one of them"
            )

    @property
    def suffix(self) -> str | None:
        """The suffix that `format` names."""
        return check_suffix(self.format)

    @property
    def path(self) -> Path:
        """The file or folder."""
        return self.output_dir or self.output or Path()

    @property
    def to_stdout(self) -> bool:
        """Whether the output goes to standard output."""
        return is_stream(self.output)

    @property
    def is_file(self) -> bool:
        """Whether the name is that of one file."""
        path = self.output
        return path is not None and path.suffix.lower() in SUFFIXES and not is_plain_folder(path)


def check_suffix(format_: str | None) -> str | None:
    """Return the suffix that the name of a format means; None for None.

    Raises:
        ConfigError: If no such files can be written.
    """
    suffix = None if format_ is None else "." + format_.lower().removeprefix(".")
    if suffix is not None and suffix not in _WRITABLE:
        names = [each[1:] for each in _WRITABLE]
        raise ConfigError(
            f"format is {format_!r}{suggestion(suffix[1:], names)}: allowed are {', '.join(names)}"
        )
    return suffix


def is_plain_folder(path: Path) -> bool:
    """Return whether a path is a folder of files, and no depth file itself."""
    return path.is_dir() and not is_depth_folder(path)
