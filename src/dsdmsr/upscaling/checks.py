"""Checks of what an upscaler is given: networks, not maps, and the kind of edges."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar, get_args

from dsdmsr.depth.given import described
from dsdmsr.errors import ConfigError
from dsdmsr.zoo.names import DEFAULT_MODEL

__all__ = ["Edges", "check_backend", "check_edges", "check_name"]

Edges = Literal["smooth", "sharp"]

_MAPS = "which takes maps: upscaler(DepthMap(array, unit='m'))"

T = TypeVar("T")


def check_backend(backend: T) -> T:
    """Return a backend, or a choice of them.

    Raises:
        ConfigError: If it is something else, such as an array or a network's name.
    """
    if not isinstance(getattr(backend, "scales", None), tuple):
        raise ConfigError(
            f"the network is {described(backend)}: Upscaler.from_pretrained(scale=4) makes an "
            f"upscaler, {_MAPS}"
        )
    return backend


def check_name(name: str | Path | None) -> str:
    """Return the name or folder of a network; the default one's for None.

    Raises:
        ConfigError: If it is something else, such as an array.
    """
    if not isinstance(name, str | Path | None):
        raise ConfigError(
            f"the network is {described(name)}: give a name, such as {DEFAULT_MODEL}, or a "
            f"folder; that makes an upscaler, {_MAPS}"
        )
    return DEFAULT_MODEL if name is None else str(name)


def check_edges(edges: Edges) -> Edges:
    """Return the kind of edges, checked.

    Raises:
        ConfigError: If it is neither smooth nor sharp.
    """
    if edges not in get_args(Edges):
        raise ConfigError(f"edges are {edges!r}: allowed are {', '.join(get_args(Edges))}")
    return edges
