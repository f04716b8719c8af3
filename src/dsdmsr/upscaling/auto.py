"""The choice of weights for each map: by its noise, and by how it was downsampled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from dsdmsr.depth.degradations import DEGRADATIONS, Degradation
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError, suggestion
from dsdmsr.upscaling.backend import Backend
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

if TYPE_CHECKING:
    from dsdmsr.depth.find_degradation import FoundDegradation

__all__ = [
    "AUTO",
    "AutoBackend",
    "Choice",
    "DegradationChoice",
    "announcements",
    "check_choice",
    "choose_network",
]

AUTO: Literal["auto"] = "auto"
"""Given instead of a network or a degradation: the choice."""
DegradationChoice = Literal["auto", "unknown"] | Degradation
"""How maps were downsampled: found for each map, where its steps show it; unknown, so that nothing
is assumed; or known."""


class Choice(NamedTuple):
    """What enlarges a map."""

    network: str
    """Its name or folder."""
    degradation: Degradation | None
    """The one whose weights are used; None: those for any."""
    found: FoundDegradation | None = None
    """What the map's steps say, where they were asked."""


Load = Callable[[str, Degradation | None], Backend]
"""Network and degradation → what runs its weights for it."""


def check_choice(degradation: str) -> None:
    """Check a `DegradationChoice`.

    Raises:
        ConfigError: If there is none of that name.
    """
    allowed = ("auto", "unknown", *DEGRADATIONS)
    if degradation not in allowed:
        raise ConfigError(
            f"degradation is {degradation!r}{suggestion(str(degradation), allowed)}: allowed are "
            f"{', '.join(allowed)}"
        )


def choose_network(depth: DepthMap) -> str:
    """Return the packaged network that suits a map: by `dsdmsr.depth.estimate.looks_noisy`."""
    return ROBUST_MODEL if looks_noisy(depth.values, depth.valid) else DEFAULT_MODEL


class AutoBackend:
    """The networks and weights that are chosen from, each loaded once.

    Those for any degradation are loaded at once, so that what cannot be done fails before the first
    map.

    Args:
        network: A network, or `AUTO`.
        degradation: The degradation, or `AUTO`.
        load: See `Load`.
        weights_for: Network → the known degradations that it has other weights for.

    Raises:
        DsdmsrError: If the network cannot be loaded.
    """

    def __init__(
        self,
        network: str,
        degradation: Degradation | Literal["auto"] | None,
        load: Load,
        weights_for: Callable[[str], frozenset[Degradation]],
    ) -> None:
        self._network, self._degradation = network, degradation
        # Asked once for each network: one on the Hub is looked up there.
        self._load, self._weights_for = load, cache(weights_for)
        self._loaded: dict[tuple[str, Degradation | None], Backend] = {}
        self._held: Choice | None = None
        self._holds = False
        first = DEFAULT_MODEL if network == AUTO else network
        self._first = self._get(first, None if degradation == AUTO else degradation)

    @property
    def scales(self) -> tuple[int, ...]:
        """The factors that the networks serve."""
        return self._first.scales

    def begin_sequence(self) -> None:
        """Keep the choice for the next map for all after it, so that nothing flickers."""
        self._holds, self._held = True, None

    def choose(self, depth: DepthMap) -> Choice:
        """Return what enlarges a map."""
        if self._held is not None:
            return self._held
        choice = self._choose(depth)
        # An empty frame shows nothing.
        if self._holds and depth.valid.any():
            self._held = choice
        return choice

    def _choose(self, depth: DepthMap) -> Choice:
        network = choose_network(depth) if self._network == AUTO else self._network
        if self._degradation != AUTO:
            return Choice(network, self._degradation)
        there = self._weights_for(network)
        if not there:
            return Choice(network, None)
        from dsdmsr.depth.find_degradation import find_degradation

        found = find_degradation(depth.values, depth.valid)
        name = None if found is None else found.name
        return Choice(network, next((one for one in there if one == name), None), found)

    def for_map(self, depth: DepthMap) -> Backend:
        """Return what enlarges a map."""
        choice = self.choose(depth)
        return self._get(choice.network, choice.degradation)

    def _get(self, network: str, degradation: Degradation | None) -> Backend:
        key = network, degradation
        if key not in self._loaded:
            self._loaded[key] = self._load(*key)
        return self._loaded[key]


def announcements(
    choice: Choice | None,
    depth: DepthMap,
    *,
    network: str | None,
    phase_given: bool,
) -> list[str]:
    """Return what a user should know about what enlarges a map.

    Args:
        choice: What enlarges it, if that was chosen.
        depth: The map.
        network: What the user asked for, as `dsdmsr.Upscaler.from_pretrained` takes it.
        phase_given: Whether the user said where pixels sit.
    """
    lines = [_about_noise(choice, depth, network)]
    if choice is not None and choice.found is not None and choice.found.name is not None:
        lines.append(_about_degradation(choice, choice.found, phase_given=phase_given))
    return [line for line in lines if line is not None]


def _about_noise(choice: Choice | None, depth: DepthMap, network: str | None) -> str | None:
    if network == AUTO and choice is not None:
        how = "noisy" if choice.network == ROBUST_MODEL else "clean"
        return f"looks {how}: enlarged by {choice.network}; --model changes it"
    if network not in (None, DEFAULT_MODEL) or choose_network(depth) == DEFAULT_MODEL:
        return None
    return f"looks noisy: --model {ROBUST_MODEL} removes noise, {DEFAULT_MODEL} sharpens it"


def _about_degradation(choice: Choice, found: FoundDegradation, *, phase_given: bool) -> str | None:
    if choice.degradation is not None:
        return (
            f"looks downsampled by antialiased bicubic interpolation ({found.probability:.0%}): "
            "enlarged by weights for that; --degradation unknown changes it"
        )
    if found.name == "samples" and not phase_given:
        return (
            f"looks sampled ({found.probability:.0%}): each pixel is taken to be in the middle of "
            "those that it becomes; --phase corner if it was every s-th pixel of a larger map"
        )
    return None
