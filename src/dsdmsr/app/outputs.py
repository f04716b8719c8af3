"""Where outputs go, as options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.options import flattened
from dsdmsr.app.standard_streams import is_stream
from dsdmsr.errors import ConfigError
from dsdmsr.io import SUFFIXES
from dsdmsr.io.formats import check_suffix, format_option, is_depth_folder

__all__ = ["Outputs", "is_plain_folder"]


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


def is_plain_folder(path: Path) -> bool:
    """Return whether a path is a folder of files, and no depth file itself."""
    return path.is_dir() and not is_depth_folder(path)
