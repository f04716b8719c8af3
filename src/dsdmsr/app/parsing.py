"""What the parser of options doesn't do by itself: whole numbers that are never rounded."""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from cyclopts import ArgumentCollection, Group

from dsdmsr.errors import ConfigError

__all__ = ["number_wanted", "parameters"]


def parameters() -> Group:
    """Return the group of a command's options, which refuses what would be rounded."""
    return Group("Parameters", validator=_check_whole_numbers)


def number_wanted(kind: Any) -> str | None:
    """Return what an option takes that takes a number, or a word, too; None for others."""
    kinds = {*(get_args(kind) or (kind,))} - {NoneType}
    words = [word for each in kinds if get_origin(each) is Literal for word in get_args(each)]
    numbers = {each for each in kinds if get_origin(each) is not Literal}
    if not numbers or not numbers <= {int, float}:
        return None
    number = "a whole number, such as 4" if numbers == {int} else "a number, such as 0.5"
    return f"{', '.join(words)}, or {number}" if words else number


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
