"""The package's public names and their signatures, as `tests/public_names.txt` records them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, Literal, get_origin

import dsdmsr
from benchmarks.common.options import ROOT

__all__ = ["RECORD", "listing"]

RECORD = ROOT / "tests" / "public_names.txt"
_SPECIAL = ("__call__", "__iter__", "__len__")


class _Bare:
    """Show itself as the text that it holds."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def listing() -> str:
    """Return the public names: those in ``__all__`` of the package and of its folders.

    A parameter has a line of its own, so that differences are easy to read.
    """
    lines: list[str] = []
    homes: dict[Any, str] = {}
    for module in _modules():
        lines += [f"[{module.__name__}]"]
        for name in sorted(module.__all__):
            value, full = getattr(module, name), f"{module.__name__}.{name}"
            named = inspect.isclass(value) or inspect.isroutine(value)
            home = homes.setdefault(value, full) if named else full
            lines += _described(name, value) if home == full else [f"{name} = {home}"]
        lines += [""]
    return "\n".join(lines)


def _modules() -> Iterator[ModuleType]:
    yield dsdmsr
    for found in pkgutil.walk_packages(dsdmsr.__path__, "dsdmsr."):
        if found.ispkg and hasattr(module := importlib.import_module(found.name), "__all__"):
            yield module


def _described(name: str, value: Any) -> Iterator[str]:
    """Yield the lines of a name and, of a class, those of its public members that are ours."""
    if inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__)
        yield from _call(f"class {name}({bases})", value)
        for member, found in sorted(_members(value).items()):
            yield from (f"    {line}" for line in _member(member, found))
    elif inspect.isroutine(value):
        yield from _call(name, value)
    else:
        literal = value if get_origin(value) is Literal else type(value).__name__
        yield f"{name}: {literal}"


def _members(value: type) -> dict[str, Any]:
    """Return the methods and properties of a class; its fields are in its signature."""
    ours = [base for base in reversed(value.__mro__) if base.__module__.startswith("dsdmsr")]
    every = {name: found for base in ours for name, found in vars(base).items()}
    kinds = (property, classmethod, staticmethod, FunctionType)
    return {
        name: found
        for name, found in every.items()
        if isinstance(found, kinds) and (name in _SPECIAL or not name.startswith("_"))
    }


def _member(name: str, found: Any) -> Iterator[str]:
    if isinstance(found, property):
        yield f"{name}: {inspect.signature(found.fget).return_annotation}"
    elif isinstance(found, classmethod | staticmethod):
        yield from _call(f"@{type(found).__name__} {name}", found.__func__)
    else:
        yield from _call(name, found)


def _call(name: str, value: Any) -> Iterator[str]:
    """Yield a line for what is called, and one for each of its parameters."""
    is_class = inspect.isclass(value)
    if is_class and (issubclass(value, Exception) or getattr(value, "_is_protocol", False)):
        yield name
        return
    signature = inspect.signature(value)
    returns = signature.return_annotation
    yield name if is_class or returns is signature.empty else f"{name} -> {_bare(returns)}"
    for parameter in signature.parameters.values():
        shown = parameter.replace(
            annotation=_bare(parameter.annotation), default=_default(parameter.default)
        )
        if parameter.name not in ("self", "cls"):
            kind = " (by name)" if parameter.kind is parameter.KEYWORD_ONLY else ""
            yield f"    {shown}{kind}"


def _bare(annotation: Any) -> Any:
    """Return an annotation that is shown as it is written."""
    if annotation is inspect.Parameter.empty:
        return annotation
    text = getattr(annotation, "__forward_arg__", annotation)
    return _Bare(text if isinstance(text, str) else inspect.formatannotation(text))


def _default(value: Any) -> Any:
    """Return a default that is shown the same in every process: a function by its name."""
    return _Bare(value.__qualname__) if inspect.isroutine(value) else value


def main() -> None:
    """Write the record."""
    RECORD.write_text(listing(), encoding="utf-8")
    print(f"wrote {RECORD.relative_to(ROOT)}")
