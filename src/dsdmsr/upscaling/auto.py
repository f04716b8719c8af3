"""The choice of a network for each map: the default one, or for noisy maps the robust one."""

from __future__ import annotations

from collections.abc import Callable

from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.map import DepthMap
from dsdmsr.upscaling.backend import Backend
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

__all__ = ["AUTO", "AutoBackend", "announcement", "choose_network"]

AUTO = "auto"
"""Given instead of a network, the choice."""


def choose_network(depth: DepthMap) -> str:
    """Return the packaged network that suits a map: by `dsdmsr.depth.estimate.looks_noisy`."""
    return ROBUST_MODEL if looks_noisy(depth.values, depth.valid) else DEFAULT_MODEL


def announcement(network: str | None, depth: DepthMap) -> str | None:
    """Return what a user should know about the network that enlarges a map, if anything.

    Args:
        network: As `dsdmsr.Upscaler.from_pretrained` takes it.
        depth: The map.
    """
    if network not in (AUTO, None, DEFAULT_MODEL):
        return None
    chosen = choose_network(depth)
    if network == AUTO:
        how = "noisy" if chosen == ROBUST_MODEL else "clean"
        return f"looks {how}: enlarged by {chosen}; --model changes it"
    if chosen == DEFAULT_MODEL:
        return None
    return f"looks noisy: --model {ROBUST_MODEL} removes noise, {DEFAULT_MODEL} sharpens it"


class AutoBackend:
    """The backends of the networks that are chosen from, each loaded once.

    The default network is loaded at once, so that what cannot be done fails before the first map.

    Args:
        load: Name of a packaged network → its backend.

    Raises:
        DsdmsrError: If the network cannot be loaded.
    """

    def __init__(self, load: Callable[[str], Backend]) -> None:
        self._load = load
        self._loaded = {DEFAULT_MODEL: load(DEFAULT_MODEL)}

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors that the networks serve."""
        return self._loaded[DEFAULT_MODEL].scales

    def for_map(self, depth: DepthMap) -> Backend:
        """Return the backend of the network that suits a map."""
        name = choose_network(depth)
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]
