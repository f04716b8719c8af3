"""Networks as methods to compare: with weights for known degradations, found ones, or any."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.find_degradation import find_degradation
from dsdmsr.evaluation.methods import HighRes, LowRes, Values, shifted
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.backends import load_backend
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.upscaler import Upscaler, predict_everywhere
from dsdmsr.zoo.find import find_network, folders_for_known

__all__ = ["Network"]


class Network:
    """A network, or its self-ensemble of 8, as a method, perhaps with refined predictions.

    It takes low-resolution pixels to lie in the middle of the high-resolution ones that they
    cover. Where they sit on every s-th high-resolution pixel, its prediction is shifted by
    (s - 1)/2 pixels, by linear interpolation.

    Args:
        blind: What runs the network.
        refinement: How predictions are refined. Default: not at all.
        known: What runs the networks for known degradations.
        finds: Whether degradations are found from maps, rather than known.
    """

    def __init__(
        self,
        blind: Backend,
        refinement: Refinement | None = None,
        known: Mapping[Degradation, Backend] | None = None,
        *,
        finds: bool = False,
    ) -> None:
        self.blind, self.known, self._refinement = blind, known or {}, refinement
        self._finds, self._last = finds, _Last()

    @classmethod
    def from_pretrained(
        cls,
        name: str,
        device: str = "auto",
        *,
        refinement: Refinement | None = None,
        blind: bool = False,
    ) -> Network:
        """Load a network into what `dsdmsr upscale` runs it with.

        Args:
            name: As in `dsdmsr.from_pretrained`.
            device: What runs it.
            refinement: How predictions are refined. Default: not at all.
            blind: Whether degradations are not known.

        Raises:
            ModelError: If the network is missing or damaged.
        """
        folders = {} if blind else folders_for_known(find_network(name))
        loaded = {
            folder: load_backend(str(folder), device=device) for folder in set(folders.values())
        }
        known = {degradation: loaded[folder] for degradation, folder in folders.items()}
        return cls(load_backend(name, device=device), refinement, known)

    def ensemble(self, count: int) -> Network:
        """Return the self-ensemble of so many of the same networks, 1 or 8."""
        known = {degradation: ensemble_of(one, count) for degradation, one in self.known.items()}
        return Network(ensemble_of(self.blind, count), self._refinement, known)

    def finding(self) -> Network:
        """Return the same networks, which find degradations from maps, as `dsdmsr upscale` does."""
        return self._with(Network(self.blind, self._refinement, self.known, finds=True))

    def without_known(self) -> Network:
        """Return the network for any degradation alone."""
        return self._with(Network(self.blind, self._refinement))

    def _with(self, other: Network) -> Network:
        """Return a network of the same backends, which need not predict for a map twice."""
        other._last = self._last
        return other

    def __call__(self, low_res: LowRes, /) -> HighRes:
        """Return the upscaled map, and the errors that the network expects, if it does."""
        degradation: str | None = low_res.degradation
        if self._finds:
            found = find_degradation(low_res.values, low_res.valid)
            degradation = None if found is None else found.name
        backend = next((b for name, b in self.known.items() if name == degradation), self.blind)
        return self._last.get(low_res, backend, lambda: self._predict(backend, low_res))

    def _predict(self, backend: Backend, low_res: LowRes) -> HighRes:
        upscaler = Upscaler(backend, scale=low_res.scale, refinement=self._refinement)
        values, error = predict_everywhere(upscaler, low_res.to_depth_map())
        pred, expected = _double(values), None if error is None else _double(error)
        if low_res.interval:
            pred = shifted(pred, low_res.scale)
            expected = None if expected is None else shifted(expected, low_res.scale)
        return HighRes(pred, expected)


class _Last:
    """Results for the last map alone: methods that share weights need not compute them twice."""

    def __init__(self) -> None:
        self._of: LowRes | None = None
        self._results: dict[int, HighRes] = {}

    def get(self, low_res: LowRes, backend: Backend, predict: Callable[[], HighRes]) -> HighRes:
        """Return the result of a backend for a map."""
        if self._of is None or self._of.values is not low_res.values:
            self._of, self._results = low_res, {}
        if id(backend) not in self._results:
            self._results[id(backend)] = predict()
        return self._results[id(backend)]


def _double(values: NDArray[np.float32]) -> Values:
    return values.astype(np.float64)
