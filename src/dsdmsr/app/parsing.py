"""What the parser of options doesn't do by itself: whole numbers that are never rounded."""

from __future__ import annotations

from types import NoneType
from typing import Any, get_args

from cyclopts import ArgumentCollection, Group

from dsdmsr.errors import ConfigError

__all__ = ["number_wanted", "parameters"]


def parameters() -> Group:
    """Return the group of a command's options, which refuses what would be rounded."""
    return Group("Parameters", validator=_check_whole_numbers)


def number_wanted(kind: Any) -> str | None:
    """Return which number an option takes, for errors; None if it takes others, too."""
    kinds = {*(get_args(kind) or (kind,))} - {NoneType}
    if kinds == {int}:
        return "a whole number, such as 4"
    return "a number, such as 0.5" if kinds in ({float}, {int, float}) else None


def _check_whole_numbers(arguments: ArgumentCollection) -> None:
    """Refuse 2.5 where a whole number is wanted: the parser would take it for 2.

    Raises:
        ConfigError: If one is no whole number.
    """
    names = {argument.name for argument in arguments}
    for argument in arguments:
        kinds = get_args(argument.hint) or (argument.hint,)
        if int not in kinds or float in kinds:
            continue
        for token in argument.tokens:
            if "." in token.value and float(token.value) % 1:
                sized = argument.name == "--scale" and "--size" in names
                between = "; --size WIDTHxHEIGHT reaches what is between" if sized else ""
                raise ConfigError(f"{argument.name} is {token.value}: give a whole number{between}")
