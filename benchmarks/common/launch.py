"""The command line of a package of programs."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

__all__ = ["launch", "summary"]


def summary(module: str) -> str:
    """Return the first line of a module's docstring, without importing the module."""
    spec = find_spec(module)
    assert spec is not None  # the tables name modules that exist
    assert spec.origin is not None
    docstring = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0]


def launch(package: str, modules: Mapping[str, str]) -> None:
    """Run ``main()`` of the module that the command line names, or list the names.

    Args:
        package: What follows ``python -m``.
        modules: Name → module.
    """
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in modules:
        sys.argv = [f"python -m {package} {name}", *sys.argv[2:]]
        importlib.import_module(modules[name]).main()
        return
    listing = "\n".join(f"  {name:18}{summary(module)}" for name, module in modules.items())
    usage = f"usage: python -m {package} NAME [--help] ...\n\n{listing}"
    if name in ("-h", "--help"):
        print(usage)
        return
    sys.exit(f"{name} is no name of {package}\n\n{usage}")
