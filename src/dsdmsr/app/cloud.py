"""The command that turns a depth file into points or a surface, or into a page that shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from dsdmsr._atomic import writing
from dsdmsr.app.console import print_result
from dsdmsr.app.html_files import SUFFIXES as HTML_SUFFIXES
from dsdmsr.app.html_files import open_in_browser, write_html
from dsdmsr.app.options import ReadOptions, StereoOptions, flattened
from dsdmsr.app.standard_streams import is_stream, stdin_as_file
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.geometry import STEEPEST, distances, point_cloud
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.phase import Phase, axis
from dsdmsr.errors import ConfigError, DepthError, FileError
from dsdmsr.io.pcd import write_pcd
from dsdmsr.io.ply import write_ply

__all__ = ["CloudOptions", "cloud"]

_SUFFIXES = (".ply", ".pcd", *HTML_SUFFIXES)


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
    """Colours of points: a picture of the same view, or depth for those of the map's preview,
    which are the default in HTML."""
    mesh: bool = False
    """Write triangles between neighbouring pixels, too, cut at depth edges; PLY and HTML."""
    steepest: float = STEEPEST
    """Slope in degrees from the image plane beyond which neighbours are cut apart."""
    overwrite: bool = False
    """Replace an existing file."""

    def __post_init__(self) -> None:
        if self.intrinsics is not None:
            Intrinsics.parse(self.intrinsics)
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
        camera = Intrinsics.parse(self.intrinsics)
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
    open_page: Annotated[bool, Parameter(name="--open")] = False,
    options: CloudOptions | None = None,
) -> int:
    """Run `dsdmsr cloud`.

    Args:
        source: A depth file; - is standard input.
        output: The PLY or PCD file; or an HTML file that shows points or surface, for maps of up
            to 2,100,000 pixels.
        open_page: Show the HTML file in the browser.
        options: See `CloudOptions`.

    Raises:
        FileError: If a file cannot be read or written.
        DepthError: If the map is disparity without cameras, has no valid pixel, or is too large
            for HTML.
    """
    options = options or CloudOptions()
    _check_output(output, options, open_page=open_page)
    with stdin_as_file([source]) as (path,):
        depth = options.stereo.apply(options.reading.read(Path(path)))
    title = "standard input" if is_stream(source) else Path(path).name
    try:
        counts = _write(output, title, depth, options)
    except DepthError as error:
        raise DepthError(f"{path}: {error}") from error
    print_result(f"wrote {counts} to {output}")
    if open_page:
        open_in_browser(output)
    return 0


def _check_output(output: Path, options: CloudOptions, *, open_page: bool) -> None:
    """Check that a file can be written as asked.

    Raises:
        FileError: If it exists, or its suffix is unknown.
        ConfigError: If files of its suffix cannot be what is asked.
    """
    suffix = output.suffix.lower()
    if suffix not in _SUFFIXES:
        raise FileError(
            f"{output} ends in {output.suffix or 'no suffix'}: allowed are {', '.join(_SUFFIXES)}"
        )
    if suffix == ".pcd" and options.mesh:
        raise ConfigError("PCD files hold points alone: leave out --mesh, or write a .ply file")
    if open_page and suffix not in HTML_SUFFIXES:
        raise ConfigError(
            f"--open shows HTML files, not {suffix}: leave it out, or write a .html file"
        )
    if output.exists() and not options.overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")


def _write(output: Path, title: str, depth: DepthMap, options: CloudOptions) -> str:
    """Write a map's points or surface; return what they are.

    Raises:
        FileError: If a file cannot be read or written.
        DepthError: If the map cannot become points.
    """
    suffix = output.suffix.lower()
    if suffix in HTML_SUFFIXES:
        from dsdmsr.app.scene import check_size, scene_html

        check_size(depth)  # before any work
    camera = options.camera_of(depth)
    vertices, faces = point_cloud(depth, camera, mesh=options.mesh, steepest=options.steepest)
    if suffix in HTML_SUFFIXES:
        picture = None if options.colour in (None, "depth") else _colours(options.colour, depth)
        steepest = options.steepest if options.mesh else None
        text = scene_html(title, depth, camera, picture, steepest=steepest)
        write_html(output, text, overwrite=options.overwrite)
    else:
        colours = None
        if options.colour is not None:
            colours = _colours(options.colour, depth)[distances(depth)[1]]
        with writing(output, overwrite=options.overwrite) as beside:
            if suffix == ".pcd":
                write_pcd(beside, vertices, colours)
            else:
                write_ply(beside, vertices, faces, colours)
    triangles = "" if faces is None else f" and {len(faces):,} triangles"
    return f"{len(vertices):,} points{triangles}"


def _colours(source: str, depth: DepthMap) -> NDArray[np.uint8]:
    """Return the colour of each pixel of a map, H×W×3.

    Raises:
        FileError: If the picture cannot be read, or is of another view.
    """
    if source == "depth":
        from dsdmsr.pictures.value_scale import ValueScale

        scale = ValueScale.of(depth)
        assert scale is not None  # there are points
        return np.asarray(scale.picture(depth.values, depth.valid))
    from dsdmsr.io.picture import read_picture

    return read_picture(Path(source), depth.shape)
