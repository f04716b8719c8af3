"""The protocol of crop sources, and the crops that they return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsdmsr.depth.map import Kind

__all__ = ["CropSource", "CropStack", "MapCrop", "stack"]


class CropStack(NamedTuple):
    """Crops of depth maps, stacked to tensors."""

    hr_depth: Tensor
    """b 1 s s, float32."""
    valid: Tensor
    """b 1 s s, bool."""
    kinds: tuple[Kind, ...]
    """The kind of each crop's values."""
    names: tuple[str, ...]
    """What each crop is of."""


class MapCrop(NamedTuple):
    """A crop of one map."""

    values: NDArray[np.float32]
    """s s, 0 where invalid."""
    valid: NDArray[np.bool_]
    """s s."""
    kind: Kind
    """The kind of its values."""
    name: str
    """What it is of."""


class CropSource(Protocol):
    """Something that crops come from."""

    def crops(self, seed: int, numbers: Sequence[int], size: int) -> CropStack:
        """Return square crops of `size` pixels, one for each number of the series `seed`.

        Raises:
            DataError: If there is no map of that size, or a file is damaged.
        """
        ...


def stack(crops: Sequence[MapCrop]) -> CropStack:
    """Return crops as one stack."""
    values, valids, kinds, names = zip(*crops, strict=True)
    return CropStack(
        torch.from_numpy(np.stack(values)[:, None]),
        torch.from_numpy(np.stack(valids)[:, None]),
        tuple(kinds),
        tuple(names),
    )
