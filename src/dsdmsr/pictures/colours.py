"""Maps and errors as pictures of few colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["GREYS", "HEAT", "coloured"]

_SHARES = np.linspace(0, 1, 255)
GREYS = np.repeat(np.round(255 * _SHARES).astype(np.uint8)[:, None], 3, axis=1)
"""Black to white."""
_HEAT_STOPS = np.array(
    [[255, 255, 255], [255, 214, 150], [240, 120, 60], [170, 20, 60], [40, 0, 40]]
)
HEAT = np.stack(
    [np.interp(_SHARES, np.linspace(0, 1, 5), stop) for stop in _HEAT_STOPS.T], axis=1
).astype(np.uint8)
"""From no error to the largest, lightness falling all the way."""
_INVALID = (190, 205, 225)


def coloured(
    share: NDArray[np.floating], valid: NDArray[np.bool_], colours: NDArray[np.uint8]
) -> Image.Image:
    """Return shares 0…1 in 255 colours, and what is not valid in one more, as a palette picture.

    What is no number is not valid.
    """
    last, valid = len(colours) - 1, valid & ~np.isnan(share)
    share = np.where(valid, share, 0)
    index = np.where(valid, np.round(np.clip(share, 0, 1) * last), last + 1).astype(np.uint8)
    picture = Image.fromarray(index)
    picture.putpalette([*colours.flatten().tolist(), *_INVALID])
    return picture
