"""The command that turns a depth file into points or a surface."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter

from dsdmsr._atomic import writing
from dsdmsr.app.console import print_result
from dsdmsr.app.options import ReadOptions, StereoOptions, flattened
from dsdmsr.app.standard_streams import stdin_as_file
from dsdmsr.depth.geometry import STEEPEST, point_cloud
from dsdmsr.depth.map import Intrinsics
from dsdmsr.depth.phase import Phase, axis
from dsdmsr.errors import ConfigError, DepthError, FileError
from dsdmsr.io.ply import write_ply

__all__ = ["CloudOptions", "cloud"]


@flattened
@dataclass(frozen=True, kw_only=True)
class CloudOptions:
    """Say how a depth file becomes points.

    Raises:
        ConfigError: If the camera or an option is out of range.
    """

    intrinsics: str
    """The camera: fx,fy,cx,cy in pixels, the centre of the first pixel at 0."""
    scale: int = 1
    """The factor by which the map was upscaled since the camera took it; scales the camera."""
    phase: Phase = "centre"
    """With --scale: where the camera's pixels sit among the map's, as for upscale."""
    reading: ReadOptions = field(default_factory=ReadOptions)
    """What the numbers in the file mean."""
    stereo: StereoOptions = field(default_factory=StereoOptions)
    """The two cameras of disparity."""
    mesh: bool = False
    """Write triangles between neighbouring pixels, too, cut at depth edges."""
    steepest: float = STEEPEST
    """Slope in degrees from the image plane beyond which neighbours are cut apart."""
    overwrite: bool = False
    """Replace an existing file."""

    def __post_init__(self) -> None:
        _camera(self.intrinsics)
        if self.scale < 1:
            raise ConfigError(
                f"scale is {self.scale}: give 1, or the factor by which the map was upscaled"
            )
        if not 0 < self.steepest < 90:
            raise ConfigError(
                f"steepest is {self.steepest:g}: give an angle between 0 and 90 degrees"
            )

    def camera_of(self, shape: tuple[int, int]) -> Intrinsics:
        """Return the camera of a picture of the map's size, H×W."""
        camera = _camera(self.intrinsics)
        if self.scale == 1:
            return camera
        y, x = (
            axis(pixels // self.scale, pixels, "aligned")
            if self.phase == "aligned"
            else axis(1, self.scale, self.phase)
            for pixels in shape
        )
        return camera.mapped(x, y)


def cloud(
    source: Annotated[str, Parameter(name="DEPTH")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    options: CloudOptions,
) -> int:
    """Run `dsdmsr cloud`.

    Args:
        source: A depth file; - is standard input.
        output: The PLY file.
        options: See `CloudOptions`.

    Raises:
        FileError: If a file cannot be read or written.
        DepthError: If the map is disparity without cameras, or has no valid pixel.
    """
    if output.suffix.lower() != ".ply":
        raise FileError(f"{output} ends in {output.suffix or 'no suffix'}: allowed is .ply")
    if output.exists() and not options.overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")
    with stdin_as_file([source]) as (path,):
        depth = options.stereo.apply(options.reading.read(Path(path)))
    try:
        vertices, faces = point_cloud(
            depth, options.camera_of(depth.shape), mesh=options.mesh, steepest=options.steepest
        )
    except DepthError as error:
        raise DepthError(f"{path}: {error}") from error
    with writing(output, overwrite=options.overwrite) as beside:
        write_ply(beside, vertices, faces)
    triangles = "" if faces is None else f" and {len(faces):,} triangles"
    print_result(f"wrote {len(vertices):,} points{triangles} to {output}")
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
