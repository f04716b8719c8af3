"""The command that turns a depth file into points or a surface."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from dsdmsr._atomic import writing
from dsdmsr.app.console import print_result
from dsdmsr.app.options import ReadOptions, StereoOptions, flattened
from dsdmsr.app.standard_streams import stdin_as_file
from dsdmsr.depth.geometry import STEEPEST, distances, point_cloud
from dsdmsr.depth.map import DepthMap, Intrinsics
from dsdmsr.depth.phase import Phase, axis
from dsdmsr.errors import ConfigError, DepthError, FileError
from dsdmsr.io.pcd import write_pcd
from dsdmsr.io.ply import write_ply

__all__ = ["CloudOptions", "cloud"]


@flattened
@dataclass(frozen=True, kw_only=True)
class CloudOptions:
    """Say how a depth file becomes points.

    Raises:
        ConfigError: If the camera or an option is out of range.
    """

    intrinsics: str | None = None
    """The camera: fx,fy,cx,cy in pixels, the centre of the first pixel at 0. Default: the file's
    own, if it has one."""
    scale: int = 1
    """The factor by which the map was upscaled since the camera took it; scales the camera."""
    phase: Phase = "centre"
    """With --scale: where the camera's pixels sit among the map's, as for upscale."""
    reading: ReadOptions = field(default_factory=ReadOptions)
    """What the numbers in the file mean."""
    stereo: StereoOptions = field(default_factory=StereoOptions)
    """The two cameras of disparity."""
    colour: str | None = None
    """Colours of points: a picture of the same view, or depth for those of the map's preview."""
    mesh: bool = False
    """Write triangles between neighbouring pixels, too, cut at depth edges; PLY alone."""
    steepest: float = STEEPEST
    """Slope in degrees from the image plane beyond which neighbours are cut apart."""
    overwrite: bool = False
    """Replace an existing file."""

    def __post_init__(self) -> None:
        if self.intrinsics is not None:
            _camera(self.intrinsics)
        elif self.scale > 1:
            raise ConfigError("--scale scales the camera that is given: give --intrinsics, too")
        if self.scale < 1:
            raise ConfigError(
                f"scale is {self.scale}: give 1, or the factor by which the map was upscaled"
            )
        if not 0 < self.steepest < 90:
            raise ConfigError(
                f"steepest is {self.steepest:g}: give an angle between 0 and 90 degrees"
            )

    def camera_of(self, depth: DepthMap) -> Intrinsics:
        """Return the camera of a picture of the map's size.

        Raises:
            DepthError: If none is given, and the map has none.
        """
        if self.intrinsics is None:
            if depth.intrinsics is None:
                raise DepthError("no camera is known: give --intrinsics fx,fy,cx,cy")
            return depth.intrinsics
        camera = _camera(self.intrinsics)
        if self.scale == 1:
            return camera
        y, x = (
            axis(pixels // self.scale, pixels, "aligned")
            if self.phase == "aligned"
            else axis(1, self.scale, self.phase)
            for pixels in depth.shape
        )
        return camera.mapped(x, y)


def cloud(
    source: Annotated[str, Parameter(name="DEPTH")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    options: CloudOptions | None = None,
) -> int:
    """Run `dsdmsr cloud`.

    Args:
        source: A depth file; - is standard input.
        output: The PLY or PCD file.
        options: See `CloudOptions`.

    Raises:
        FileError: If a file cannot be read or written.
        DepthError: If the map is disparity without cameras, or has no valid pixel.
    """
    options = options or CloudOptions()
    suffix = output.suffix.lower()
    if suffix not in (".ply", ".pcd"):
        raise FileError(f"{output} ends in {output.suffix or 'no suffix'}: allowed are .ply, .pcd")
    if suffix == ".pcd" and options.mesh:
        raise ConfigError("PCD files hold points alone: leave out --mesh, or write a .ply file")
    if output.exists() and not options.overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")
    with stdin_as_file([source]) as (path,):
        depth = options.stereo.apply(options.reading.read(Path(path)))
    try:
        camera = options.camera_of(depth)
        vertices, faces = point_cloud(depth, camera, mesh=options.mesh, steepest=options.steepest)
    except DepthError as error:
        raise DepthError(f"{path}: {error}") from error
    colours = None if options.colour is None else _colours(options.colour, depth)
    with writing(output, overwrite=options.overwrite) as beside:
        if suffix == ".pcd":
            write_pcd(beside, vertices, colours)
        else:
            write_ply(beside, vertices, faces, colours)
    triangles = "" if faces is None else f" and {len(faces):,} triangles"
    print_result(f"wrote {len(vertices):,} points{triangles} to {output}")
    return 0


def _colours(source: str, depth: DepthMap) -> NDArray[np.uint8]:
    """Return the colour of each point of a map, N×3.

    Raises:
        FileError: If the picture cannot be read, or is of another view.
    """
    _, known = distances(depth)
    if source == "depth":
        from dsdmsr.pictures.value_scale import ValueScale

        scale = ValueScale.of(depth)
        assert scale is not None  # there are points
        return np.asarray(scale.picture(depth.values, depth.valid))[known]
    from dsdmsr.io.picture import read_picture

    return read_picture(Path(source), depth.shape)[known]


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
