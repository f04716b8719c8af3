"""Points and surfaces as PLY files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["write_ply"]


def write_ply(
    path: Path,
    vertices: NDArray[np.float32],
    faces: NDArray[np.int32] | None = None,
    colours: NDArray[np.uint8] | None = None,
) -> None:
    """Write a binary PLY file.

    Args:
        path: Where.
        vertices: N×3.
        faces: M×3 numbers of vertices; None for points alone.
        colours: N×3, red, green and blue of each vertex; None for vertices without.

    Raises:
        OSError: If it cannot be written.

    Source:
        Turk: "The PLY polygon file format", 1994.
    """
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    head += [f"property float {axis}" for axis in "xyz"]
    if colours is not None:
        head += [f"property uchar {name}" for name in ("red", "green", "blue")]
    if faces is not None:
        head += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    with path.open("wb") as file:
        file.write("\n".join([*head, "end_header", ""]).encode("ascii"))
        file.write(_rows(vertices, colours))
        if faces is not None:
            rows = np.empty(len(faces), dtype=[("count", "u1"), ("vertices", "<i4", (3,))])
            rows["count"], rows["vertices"] = 3, faces
            file.write(rows.tobytes())


def _rows(vertices: NDArray[np.float32], colours: NDArray[np.uint8] | None) -> bytes:
    """Return vertices as they are stored, each followed by its colour."""
    if colours is None:
        return np.ascontiguousarray(vertices, dtype="<f4").tobytes()
    rows = np.empty(len(vertices), dtype=[("place", "<f4", (3,)), ("colour", "u1", (3,))])
    rows["place"], rows["colour"] = vertices, colours
    return rows.tobytes()
