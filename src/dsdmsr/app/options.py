"""Option groups that several commands share, flattened into options of the command line."""

from __future__ import annotations

from typing import TypeVar

from cyclopts import Parameter

from dsdmsr.io.options import ReadOptions
from dsdmsr.io.stereo import StereoOptions

__all__ = ["ReadOptions", "StereoOptions", "flattened"]

Options = TypeVar("Options", bound=type)


def flattened(options: Options) -> Options:
    """Have the fields of a dataclass be options of their own: ``--focal``, not ``--stereo.focal``.

    The rooms below know nothing of the command line, so it is said here.
    """
    return Parameter(name="*")(options)


flattened(StereoOptions)
flattened(ReadOptions)
