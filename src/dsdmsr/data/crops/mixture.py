"""Mixtures of crop sources."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dsdmsr.data.crops.source import CropSource, CropStack
from dsdmsr.data.scenes.sampling import choose
from dsdmsr.data.seeds import generator
from dsdmsr.depth.map import Kind
from dsdmsr.errors import ConfigError

__all__ = ["Mixture"]

_SERIES = 2**60
"""Where the generators begin that belong to a crop's number, away from those of scenes."""


class Mixture:
    """Crops from several sources; each crop's source is a function of (seed, number) alone.

    Args:
        sources: The sources.
        shares: How often each is sampled, relative to the others.

    Raises:
        ConfigError: If there is none, or the shares are not one positive number each.
    """

    def __init__(self, sources: Sequence[CropSource], shares: Sequence[float]) -> None:
        if not sources or len(sources) != len(shares) or min(shares) <= 0:
            raise ConfigError("a mixture needs sources, and a positive share for each")
        self.sources, self._totals = tuple(sources), np.cumsum(shares)

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> CropStack:
        """Return crops of the sampled sources; see `CropSource`."""
        chosen = [choose(generator(seed, _SERIES + k), self._totals) for k in numbers]
        crops: dict[int, tuple[Tensor, Tensor, Kind, str]] = {}
        for index, source in enumerate(self.sources):
            own = [k for k, other in zip(numbers, chosen, strict=True) if other == index]
            if own:
                cropped = zip(*source.crops(seed, own, size), strict=True)
                crops |= dict(zip(own, cropped, strict=True))
        depths, valids, kinds, names = zip(*(crops[k] for k in numbers), strict=True)
        return CropStack(torch.stack(depths), torch.stack(valids), kinds, names)
