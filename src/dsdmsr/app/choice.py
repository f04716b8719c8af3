"""Which network enlarges which map."""

from __future__ import annotations

from collections.abc import Callable

from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.map import DepthMap
from dsdmsr.upscaling import Upscaler
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

__all__ = ["Upscalers"]

_AUTO = "auto"
"""Instead of a network: the default one, or for noisy maps the robust one."""


class Upscalers:
    """What enlarges maps: one network, or the one that suits each map. Each is loaded once.

    Args:
        model: A network, as `Upscaler.from_pretrained` takes it, or ``auto``.
        load: Makes an upscaler of a network.

    Raises:
        DsdmsrError: If the network cannot be loaded, or doesn't do what is asked for.
    """

    def __init__(self, model: str | None, load: Callable[[str | None], Upscaler]) -> None:
        self._model, self._load = model, load
        first = DEFAULT_MODEL if model == _AUTO else model
        # What cannot be done as asked is told before the first file.
        self._loaded = {first: load(first)}

    def of(self, depth: DepthMap) -> tuple[Upscaler, str | None]:
        """Return what enlarges a map, and what is to be said of the choice."""
        model = self._model
        asks = model in (_AUTO, None, DEFAULT_MODEL)
        noisy = asks and looks_noisy(depth.values, depth.valid)
        if model == _AUTO:
            chosen = ROBUST_MODEL if noisy else DEFAULT_MODEL
            how = "noisy" if noisy else "clean"
            return self._of(chosen), f"looks {how}: enlarged by {chosen}; --model changes it"
        said = f"looks noisy: --model {ROBUST_MODEL} removes noise, {DEFAULT_MODEL} sharpens it"
        return self._of(model), said if noisy else None

    def _of(self, model: str | None) -> Upscaler:
        if model not in self._loaded:
            self._loaded[model] = self._load(model)
        return self._loaded[model]
