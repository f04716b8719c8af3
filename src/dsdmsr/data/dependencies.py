"""Libraries that are needed for some data sets and jobs only."""

from __future__ import annotations

from importlib.util import find_spec

from dsdmsr.errors import DataError

__all__ = ["require"]

_EXTRAS = {"filelock": "prepare", "h5py": "io", "webdataset": "prepare"}
"""Library → the extra of this package that installs it."""


def require(library: str, what: str) -> None:
    """Check that a library is installed.

    Args:
        library: Its name, as it is imported.
        what: What needs it, for people.

    Raises:
        DataError: If it is missing.
    """
    if find_spec(library) is None:
        raise DataError(f"{what} needs {library}: pip install 'dsdmsr[{_EXTRAS[library]}]'")
