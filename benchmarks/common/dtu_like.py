"""Rendered scenes in the form of DTU's depth maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.io.pfm import write_pfm

__all__ = ["make_tree", "millimetres"]

SERIES = 2**40 + 2
NEAR, FAR = 425.0, 935.0
"""Millimetres between which MVSNet looks for DTU's scenes."""


def millimetres(number: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a scene as DTU gives it: in millimetres, 0 where its surface was not measured."""
    metres = render_depth(SERIES, number, size).values
    share = (metres - metres.min()) / (metres.max() - metres.min())
    depth = np.where(share > 0.97, 0, NEAR + share * (FAR - NEAR))
    steps = np.abs(np.diff(metres, axis=1, prepend=metres[:, :1]))
    # Beside an edge one of the two cameras sees nothing.
    shadow = np.cumsum(steps > 0.3, axis=1)
    hidden = shadow - np.roll(shadow, size[1] // 80, axis=1) > 0
    return np.where(hidden, 0, depth).astype(np.float32)


def make_tree(folder: Path, scans: int, views: int, size: tuple[int, int]) -> Path:
    """Write ``Depths_raw/scanN/depth_map_NNNN.pfm``: a rendered scene a scan, shifted a view."""
    for scan in range(1, scans + 1):
        depth = millimetres(scan, size)
        scan_folder = folder / "Depths_raw" / f"scan{scan}"
        scan_folder.mkdir(parents=True)
        for view in range(views):
            shifted = np.roll(depth, (13 * view, 29 * view), (0, 1)) * np.float32(1 + 0.001 * view)
            write_pfm(scan_folder / f"depth_map_{view:04d}.pfm", shifted)
    return folder
