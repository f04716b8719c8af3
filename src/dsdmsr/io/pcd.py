"""Points as PCD files, of the Point Cloud Library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["write_pcd"]


def write_pcd(
    path: Path, vertices: NDArray[np.float32], colours: NDArray[np.uint8] | None = None
) -> None:
    """Write a binary PCD file.

    Args:
        path: Where.
        vertices: N×3.
        colours: N×3, red, green and blue; None for points without.

    Raises:
        OSError: If it cannot be written.

    Source:
        "The PCD (Point Cloud Data) file format", version 0.7, of the Point Cloud Library, whose
        colours are the bits 0x00RRGGBB in place of a float.
    """
    fields = ["x", "y", "z"] if colours is None else ["x", "y", "z", "rgb"]
    count, columns = len(vertices), len(fields)
    head = [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        f"FIELDS {' '.join(fields)}",
        f"SIZE {' '.join(['4'] * columns)}",
        f"TYPE {' '.join(['F'] * columns)}",
        f"COUNT {' '.join(['1'] * columns)}",
        f"WIDTH {count}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {count}",
        "DATA binary",
        "",
    ]
    rows = np.empty((count, columns), "<u4")
    rows[:, :3] = np.ascontiguousarray(vertices, "<f4").view("<u4")
    if colours is not None:
        red, green, blue = colours.astype(np.uint32).T
        rows[:, 3] = red << 16 | green << 8 | blue
    with path.open("wb") as file:
        file.write("\n".join(head).encode("ascii"))
        file.write(rows.tobytes())
