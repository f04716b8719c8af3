"""Solids to cast rays at, each inside the cube [-1, 1]³ of a frame of its own.

A solid is a kind, an affine frame (local → world) and a few numbers that shape it. Affine frames
keep the ray parameter, so a hit found in the frame is a hit in the world at the same parameter.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["EDGES", "UNBOUNDED", "WAVES", "Solid", "outlined"]

EDGES = 40
"""The most edges of an extruded outline."""
WAVES = 3
"""Number of waves in a height field."""
UNBOUNDED = ("room", "plane")
"""Kinds that may fill the whole picture."""


class Solid(NamedTuple):
    """A solid in the world."""

    kind: str
    """A key of `dsdmsr.data.scenes.intersections.HITS`."""
    frame: NDArray[np.float64]
    """3×4: the local axes and the origin, in world coordinates."""
    shape: tuple[float, ...] = ()
    """What the kind needs beside the frame; its intersection says what."""


def outlined(
    kind: Literal["extrusion", "sheet"],
    outlines: list[NDArray[np.float64]],
    frame: NDArray[np.float64],
) -> Solid:
    """Return a solid with an outline.

    Args:
        kind: ``extrusion``, from z = -1 to z = 1, or ``sheet``, flat at z = 0.
        outlines: Closed polygons, n×2, within [-1, 1]²; a polygon in another one is a hole.
        frame: See `Solid`.
    """
    starts = np.concatenate(outlines)
    ends = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines])
    if np.abs(starts).max() > 1 + 1e-9:
        raise ValueError("an outline reaches beyond [-1, 1]²")
    if len(starts) > EDGES:
        raise ValueError(f"{len(starts)} edges: at most {EDGES}")
    edges = np.zeros((EDGES, 4))
    edges[: len(starts)] = np.concatenate([starts, ends], axis=1)
    return Solid(kind, frame, (float(len(starts)), *edges.ravel().tolist()))
