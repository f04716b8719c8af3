"""The exceptions that this package raises on purpose.

::

    DsdmsrError
    ├── DepthError      a depth map that cannot be one: shape, kind, unit, values
    ├── FileError       a file that cannot be read or written as asked
    │   └── EncodingError   values that do not fit, or an encoding that does not exist
    ├── ConfigError     a configuration or a recipe that does not make sense
    │   └── ScaleError      a factor that is not served
    ├── ModelError      a network that cannot be found or loaded
    ├── DataError       a data set that is missing or is not what it should be
    └── TrainingError   a run that cannot start, go on or be trusted

Each message is one line: what was given, what is allowed, what to do.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DataError",
    "DepthError",
    "DsdmsrError",
    "EncodingError",
    "FileError",
    "ModelError",
    "ScaleError",
    "TrainingError",
]


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
