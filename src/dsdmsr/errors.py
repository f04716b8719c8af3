"""The exceptions that this package raises on purpose.

::

    DsdmsrError
    ├── DepthError      a depth map that cannot be one: shape, kind, unit, values
    ├── FileError       a file that cannot be read or written as asked
    │   └── EncodingError   values that do not fit, or an encoding that does not exist
    ├── ConfigError     a configuration or a recipe that does not make sense
    │   └── ScaleError      a factor that is not served
    ├── ModelError      a network that cannot be found or loaded
    ├── DependencyError a package that an extra of this one brings, and that is not installed
    ├── DataError       a data set that is missing or is not what it should be
    └── TrainingError   a run that cannot start, go on or be trusted

Each message is one line: what was given, what is allowed, what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

__all__ = [
    "EXTRAS",
    "ConfigError",
    "DataError",
    "DependencyError",
    "DepthError",
    "DsdmsrError",
    "EncodingError",
    "FileError",
    "ModelError",
    "ScaleError",
    "TrainingError",
    "needing",
    "require",
]

EXTRAS = {
    "OpenEXR": "io",
    "filelock": "prepare",
    "h5py": "io",
    "huggingface_hub": "hub",
    "jaxtyping": "torch",
    "jinja2": "evaluate",
    "lightning": "train",
    "onnx": "export",
    "openvino": "openvino",
    "pillow_heif": "phone",
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
    """Base of every error that this package raises on purpose."""


class DepthError(DsdmsrError):
    """A depth map that cannot be one: its shape, kind, unit or values."""


class FileError(DsdmsrError):
    """A file that cannot be read or written as asked."""


class EncodingError(FileError):
    """An encoding that does not exist, or values that do not fit into it."""


class ConfigError(DsdmsrError):
    """A configuration or a recipe that does not make sense."""


class ScaleError(ConfigError):
    """A factor that is not served."""


class ModelError(DsdmsrError):
    """A network that cannot be found or loaded."""


class DataError(DsdmsrError):
    """A data set that is missing, or is not what it should be."""


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
            f"pip install 'dsdmsr[{extra or EXTRAS[module]}]'"
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
