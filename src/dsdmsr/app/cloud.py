"""Turn a depth file into points or a surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from dsdmsr._atomic import writing
from dsdmsr.app.stereo import StereoOptions, with_stereo
from dsdmsr.depth.geometry import distances, points, triangles
from dsdmsr.depth.map import Intrinsics
from dsdmsr.errors import ConfigError, DepthError, FileError
from dsdmsr.io import read_depth
from dsdmsr.io.ply import write_ply

__all__ = ["write_cloud"]


def write_cloud(
    source: Path,
    output: Path,
    *,
    intrinsics: str,
    scale: int,
    encoding: str | None,
    stereo: StereoOptions,
    mesh: bool,
    steepest: float,
    overwrite: bool,
    out: Console,
) -> None:
    """Write a PLY file of a depth file's valid pixels.

    Raises:
        ConfigError: If the camera or an angle is not one.
        FileError: If a file cannot be read or written.
        DepthError: If the map is disparity, or has no valid pixel.
    """
    camera = _camera(intrinsics)
    if scale < 1:
        raise ConfigError(f"scale is {scale}: give 1, or how many times larger the map was made")
    if not 0 < steepest < 90:
        raise ConfigError(f"steepest is {steepest:g}: give an angle between 0 and 90 degrees")
    if output.suffix.lower() != ".ply":
        raise FileError(f"{output} ends in {output.suffix or 'no suffix'}: allowed is .ply")
    if output.exists() and not overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")
    if scale > 1:
        camera = camera.scaled(scale)
    depth = with_stereo(read_depth(source, encoding), stereo)
    try:
        distance, there = distances(depth)
    except DepthError as error:
        raise DepthError(f"{source}: {error}") from error
    if not there.any():
        raise DepthError(f"{source}: no pixel is valid, so that there is no point")
    faces = triangles(distance, there, camera, steepest) if mesh else None
    vertices = points(distance, camera)[there]
    if faces is not None:
        # Pixels that are left out leave gaps in the numbers.
        faces = (np.cumsum(there.ravel()) - 1)[faces].astype(np.int32)
    with writing(output) as beside:
        write_ply(beside, vertices, faces)
    more = "" if faces is None else f" and {len(faces):,} triangles"
    out.print(f"wrote {len(vertices):,} points{more} to {output}", markup=False)


def _camera(text: str) -> Intrinsics:
    """Return the camera that ``fx,fy,cx,cy`` describes."""
    try:
        fx, fy, cx, cy = map(float, text.split(","))
        if not (0 < fx < np.inf and 0 < fy < np.inf and abs(cx) < np.inf and abs(cy) < np.inf):
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"intrinsics are {text!r}: give fx,fy,cx,cy in pixels, focal lengths above 0"
        ) from None
    return Intrinsics(fx=fx, fy=fy, cx=cx, cy=cy)
