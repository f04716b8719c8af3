"""Dataclasses from plain values and back: the form of YAML and JSON files."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from dsdmsr.errors import ConfigError, shown, suggestion

__all__ = ["from_plain", "to_plain"]

T = TypeVar("T")
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
"""Numbers that YAML 1.1 takes for text if they have no point, or no sign behind the e."""


def from_plain(cls: type[T], values: object, where: str) -> T:
    """Build a dataclass from a dict of plain values, checking keys and types.

    Args:
        cls: The dataclass.
        values: A dict, field name → value; what is left out keeps its default.
        where: What the values are, for messages.

    Raises:
        ConfigError: If `values` is no dict, a key is unknown, or a value is of the wrong type.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{where} is {shown(values)}: give lines of 'key: value'")
    hints = get_type_hints(cls)
    unknown = [str(key) for key in values if key not in hints]
    if unknown:
        raise ConfigError(
            f"{where} has an unknown key {shown(unknown[0])}{suggestion(unknown[0], hints)}: "
            f"allowed are {', '.join(sorted(hints))}"
        )
    try:
        return cls(**{k: _typed(hints[k], v, f"{where}.{k}") for k, v in values.items()})
    except TypeError as error:
        raise ConfigError(f"{where}: {error}") from error


def to_plain(value: object) -> Any:
    """Return dataclasses as dicts and tuples as lists, all the way down; dicts stay dicts."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if isinstance(value, dict):
        return {name: to_plain(v) for name, v in value.items()}
    return value


def _typed(kind: Any, value: Any, where: str) -> Any:
    origin, options = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        return from_plain(typing.cast(type, kind), value, where)
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(f"{where} is {shown(value)}: give lines of 'key: value'")
        return {name: _typed(options[1], v, f"{where}.{name}") for name, v in value.items()}
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} is {shown(value)}: give a list")
        any_length = options[-1] is Ellipsis
        if not any_length and len(value) != len(options):
            raise ConfigError(f"{where} is {shown(value)}: give {len(options)} values")
        kinds = [options[0]] * len(value) if any_length else list(options)
        pairs = zip(kinds, value, strict=True)
        return tuple(_typed(k, v, f"{where}[{i}]") for i, (k, v) in enumerate(pairs))
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return _typed(next(o for o in options if o is not type(None)), value, where)
    if origin is Literal:
        if value not in options:
            allowed = ", ".join(map(str, options))
            raise ConfigError(f"{where} is {shown(value)}: allowed are {allowed}")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError as error:
            raise ConfigError(f"{where} is {shown(value)}: give a smaller number") from error
    if kind is float and isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{where} is {shown(value)}: give a value of type {kind.__name__}")
    return value
