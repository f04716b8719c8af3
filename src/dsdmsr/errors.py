"""The exceptions that this package raises on purpose.

::

    DsdmsrError
    ├── DepthError      a depth map that cannot be one: shape, kind, unit, values
    ├── FileError       a file that cannot be read or written as asked
    │   ├── EncodingError   values that do not fit, or an encoding that does not exist
    │   └── OutputExistsError   a file that may not be replaced
    ├── ConfigError     a configuration or a recipe that does not make sense
    │   └── ScaleError      a factor that is not served
    ├── ModelError      a network that cannot be found or loaded
    ├── DependencyError a package that an extra of this one brings, and that is not installed
    ├── DataError       a data set that is missing or is not what it should be
    ├── FrameError      a frame of a stream that fails, or does not come
    └── TrainingError   a run that cannot start, go on or be trusted

Each message is one line: what was given, what is allowed, what to do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

__all__ = [
    "EXTRAS",
    "ConfigError",
    "DataError",
    "DependencyError",
    "DepthError",
    "DsdmsrError",
    "EncodingError",
    "FileError",
    "FrameError",
    "ModelError",
    "OutputExistsError",
    "ScaleError",
    "TrainingError",
    "install_command",
    "needing",
    "require",
    "shown",
    "suggestion",
]

EXTRAS = {
    "OpenEXR": "io",
    "filelock": "prepare",
    "fsspec": "ray",
    "h5py": "io",
    "huggingface_hub": "hub",
    "imagecodecs": "io",
    "jaxtyping": "torch",
    "jinja2": "evaluate",
    "lightning": "train",
    "onnx": "export",
    "openvino": "openvino",
    "pillow_heif": "phone",
    "pyrealsense2": "realsense",
    "pyarrow": "ray",
    "ray": "ray",
    "rosbags": "ros",
    "safetensors": "torch",
    "tensorboard": "train",
    "tifffile": "io",
    "torch": "torch",
    "torchmetrics": "evaluate",
    "wandb": "wandb",
    "webdataset": "prepare",
    "yaml": "evaluate",
    "zarr": "io",
}
"""Module → the extra of this package that brings it."""


class DsdmsrError(Exception):
    """Base of every error that this package raises on purpose: a single line, whatever it names."""

    def __str__(self) -> str:
        return super().__str__().replace("\n", "\\n").replace("\r", "\\r")


class DepthError(DsdmsrError):
    """A depth map that cannot be one: its shape, kind, unit or values."""


class FileError(DsdmsrError):
    """A file that cannot be read or written as asked."""


class EncodingError(FileError):
    """An encoding that does not exist, or values that do not fit into it."""


class OutputExistsError(FileError):
    """A file that exists and may not be replaced."""


class ConfigError(DsdmsrError):
    """A configuration or a recipe that does not make sense."""


class ScaleError(ConfigError):
    """A factor that is not served."""


class ModelError(DsdmsrError):
    """A network that cannot be found or loaded."""


class DataError(DsdmsrError):
    """A data set that is missing, or is not what it should be."""


class FrameError(DsdmsrError):
    """A frame of a stream that fails, or does not come.

    Args:
        index: Which frame, from 0 on.
        problem: What is wrong with it.
    """

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(f"frame {index}: {problem}")
        self.index = index


class TrainingError(DsdmsrError):
    """A run that cannot start, go on or be trusted."""


class DependencyError(DsdmsrError, ImportError):
    """A package that an extra of this one brings, and that is not installed."""


@contextmanager
def needing(purpose: str, extra: str | None = None) -> Iterator[None]:
    """Turn the failing import of an extra's package into an error that names the extra.

    Args:
        purpose: What needs it: "upscaling", "TIFF files".
        extra: The extra to name. Default: that of the module that is missing.

    Raises:
        DependencyError: If a module of `EXTRAS` that the block imports is not installed.

    Example:
        >>> with needing("a network"):
        ...     import json
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRAS:
            raise
        raise DependencyError(
            f"{purpose} needs {module}, which is not installed: "
            f"{install_command(extra or EXTRAS[module])}"
        ) from error


def require(module: str, purpose: str, extra: str | None = None) -> None:
    """Check, before any work and without importing it, that an extra's package is installed.

    Args:
        module: The package's module, one of `EXTRAS`.
        purpose: As for `needing`.
        extra: As for `needing`.

    Raises:
        DependencyError: If it is not installed.
    """
    with needing(purpose, extra):
        if find_spec(module) is None:
            raise ModuleNotFoundError(f"no module named {module!r}", name=module)


# What only errors need is imported there: every command imports this module.


def install_command(extra: str) -> str:
    """Return the command that installs an extra of this package from where that came from.

    A folder, such as a checkout, is named ``.`` where it is the working directory.

    Source:
        PEP 610: ``direct_url.json`` says where a package came from that no index gave.
    """
    # cmd.exe knows only these quotes.
    quote = '"' if sys.platform == "win32" else "'"
    origin = _origin()
    url, flag, wanted = str(origin.get("url", "")), "", f"dsdmsr[{extra}]"
    here = _local(url)
    if here is not None:
        details = origin.get("dir_info")
        flag = "-e " if isinstance(details, dict) and details.get("editable") else ""
        wanted = f"{here}[{extra}]"
    elif isinstance(origin.get("vcs_info"), dict):
        wanted += f" @ {origin['vcs_info'].get('vcs', 'git')}+{url}"
    elif url.startswith(("http:", "https:")):
        wanted += f" @ {url}"
    return f"pip install {flag}{quote}{wanted}{quote}"


def _origin() -> dict[str, Any]:
    """Return what is recorded of where this package was installed from; nothing for an index."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = json.loads(distribution("dsdmsr").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, OSError, ValueError):
        return {}
    return origin if isinstance(origin, dict) else {}


def _local(url: str) -> str | None:
    """Return how pip takes a file URL's folder or wheel; None if it isn't there any more."""
    from pathlib import Path
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    path = Path(url2pathname(urlsplit(url).path))
    if not url.startswith("file:") or not path.is_absolute():
        return None
    if path == Path.cwd():
        return "."
    there = path.suffix == ".whl" or (path / "pyproject.toml").is_file()
    return str(path) if path.exists() and there else None


def suggestion(name: object, allowed: Iterable[str]) -> str:
    """Return " (did you mean x?)" for a name that is close to an allowed one; else nothing.

    Args:
        name: What was given.
        allowed: The names that there are.

    Example:
        >>> "unknown: kiti" + suggestion("kiti", ["kitti", "tum"])
        'unknown: kiti (did you mean kitti?)'
    """
    from difflib import get_close_matches

    names = {each.lower(): each for each in allowed}
    close = get_close_matches(str(name)[:80].lower(), names, n=1, cutoff=0.65)
    return f" (did you mean {names[close[0]]}?)" if close else ""


def shown(value: object) -> str:
    """Return how a value is written, cut where that is long: what files hold may be without end.

    Example:
        >>> shown(["depth", 4]), len(shown("depth" * 1000)) < 200
        ("['depth', 4]", True)
    """
    import reprlib

    short = reprlib.Repr()
    short.maxlist = short.maxtuple = short.maxdict = 20
    short.maxlevel, short.maxstring, short.maxlong, short.maxother = 3, 160, 40, 160
    try:
        return short.repr(value)
    except ValueError:  # Python writes no more than 4300 digits
        return "a number of too many digits"
