"""The command that turns a depth file into points or a surface."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from dsdmsr._atomic import writing
from dsdmsr.app.console import out
from dsdmsr.app.options import StereoOptions
from dsdmsr.depth.geometry import STEEPEST, point_cloud
from dsdmsr.depth.map import Intrinsics
from dsdmsr.errors import ConfigError, DepthError, FileError
from dsdmsr.io import read_depth
from dsdmsr.io.ply import write_ply

__all__ = ["cloud"]


def cloud(
    source: Annotated[Path, Parameter(name="DEPTH")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    intrinsics: str,
    scale: int = 1,
    encoding: str | None = None,
    stereo: StereoOptions = StereoOptions(),  # noqa: B008  (frozen)
    mesh: bool = False,
    steepest: float = STEEPEST,
    overwrite: bool = False,
) -> int:
    """Run `dsdmsr cloud`.

    Args:
        source: A depth file.
        output: The PLY file.
        intrinsics: The camera: fx,fy,cx,cy in pixels, the centre of the first pixel at 0.
        scale: The factor by which the map was upscaled since the camera took it; scales the camera.
        encoding: What the numbers in the file mean, as for upscale.
        stereo: The two cameras of disparity.
        mesh: Write triangles between neighbouring pixels, too, cut at depth edges.
        steepest: Slope in degrees from the image plane beyond which neighbours are cut apart.
        overwrite: Replace an existing file.

    Raises:
        ConfigError: If the camera or an option is out of range.
        FileError: If a file cannot be read or written.
        DepthError: If the map is disparity without cameras, or has no valid pixel.
    """
    camera = _camera(intrinsics)
    if scale < 1:
        raise ConfigError(f"scale is {scale}: give 1, or the factor by which the map was upscaled")
    if not 0 < steepest < 90:
        raise ConfigError(f"steepest is {steepest:g}: give an angle between 0 and 90 degrees")
    if output.suffix.lower() != ".ply":
        raise FileError(f"{output} ends in {output.suffix or 'no suffix'}: allowed is .ply")
    if output.exists() and not overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")
    depth = stereo.apply(read_depth(source, encoding))
    camera = camera.scaled(scale) if scale > 1 else camera
    try:
        vertices, faces = point_cloud(depth, camera, mesh=mesh, steepest=steepest)
    except DepthError as error:
        raise DepthError(f"{source}: {error}") from error
    with writing(output) as path:
        write_ply(path, vertices, faces)
    triangles = "" if faces is None else f" and {len(faces):,} triangles"
    out.print(f"wrote {len(vertices):,} points{triangles} to {output}", markup=False)
    return 0


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
