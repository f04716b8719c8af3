"""Environments of processes whose start is timed."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["with_bytecode"]


def with_bytecode(folder: Path) -> dict[str, str]:
    """Return an environment in which a module is compiled once, at its first import.

    pip compiles what it installs. Without this, a checkout's modules are compiled at every start
    where PYTHONDONTWRITEBYTECODE is set, and those of other packages are not.

    Args:
        folder: Where the compiled modules are kept, of all packages alike.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment
