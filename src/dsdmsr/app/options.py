"""Option groups that several commands share, flattened into options of the command line."""

from __future__ import annotations

from typing import Annotated, TypeVar, get_type_hints

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


def one_at_a_time(options: Options, name: str) -> None:
    """Have an option be repeated for each value, so that it doesn't take the files after it."""
    kind = get_type_hints(options)[name]
    options.__annotations__[name] = Annotated[kind, Parameter(consume_multiple=False)]


flattened(StereoOptions)
flattened(ReadOptions)
one_at_a_time(ReadOptions, "invalid")
