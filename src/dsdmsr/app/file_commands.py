"""The commands that work on depth files. Heavy libraries are loaded where they are needed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dsdmsr.app.console import err, out
from dsdmsr.depth.map import Kind

__all__ = ["cloud", "info", "models", "sample", "upscale"]


def upscale(
    inputs: Annotated[list[str], Parameter(name="IN", consume_multiple=True, negative=())],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    scale: int | None = None,
    size: str | None = None,
    model: str | None = None,
    encoding: str | None = None,
    output_encoding: str | None = None,
    from_kind: Kind | None = None,
    to_kind: Kind | None = None,
    focal: float | None = None,
    baseline: float | None = None,
    doffs: float | None = None,
    calib: Path | None = None,
    device: str = "auto",
    ensemble: Literal[1, 8] = 1,
    tile: Literal["auto"] | int = "auto",
    edges: Literal["smooth", "sharp"] = "smooth",
    degradation: Literal["bicubic", "area"] | None = None,
    refine: Annotated[bool, Parameter(negative=())] = False,
    noise: float | None = None,
    fill: int = 0,
    filled: Path | None = None,
    confidence: Path | None = None,
    temporal: Annotated[bool, Parameter(negative=())] = False,
    resume: Annotated[bool, Parameter(negative=())] = False,
    overwrite: bool = False,
) -> int:
    """Make depth files larger. Holes stay holes.

    Parameters
    ----------
    inputs
        Depth files, folders of them, or patterns such as 'frames/*.png'.
    output
        A file name for one input; otherwise a folder, made if missing.
    scale
        The factor, a whole number from 2 to 16. The network makes 2, 4, 8 or 16; for others, the
        next larger map is reduced, without a blur across edges.
    size
        WIDTHxHEIGHT of the results, instead of a factor.
    model
        A packaged network (see `dsdmsr models`), a folder, or owner/name on the Hub; or auto:
        dsdmsr-robust for each map whose noise is estimated as 0.6 % of its range or more, and
        dsdmsr-base for others. Default: dsdmsr-base.
    encoding
        What the numbers in the files mean: mm, tum, kitti, vkitti2, sunrgbd, dtu16, levels,
        levels16, float, metres, dtu, disparity, disparity16, inverse. Default: 16-bit is mm, 8-bit
        is levels, other numbers are float, or disparity in PFM files beside a calib.txt.
    output_encoding
        What they shall mean in the output. Default: the same.
    from_kind
        Instead of an encoding: depth, disparity or inverse_depth.
    to_kind
        Turn the results into depth, disparity or inverse_depth.
    focal
        With a kind, for disparity: focal length in pixels.
    baseline
        The two cameras' distance in metres.
    doffs
        Difference of their principal points' x in pixels.
    calib
        Middlebury's calib.txt, which says these three. Default: the one beside a PFM file.
    device
        auto, cpu, or cuda.
    ensemble
        8: the mean answer to the map turned and mirrored in all eight ways; a little more accurate,
        in eight times the time. A symmetric network, as the packaged ones are, answers so at once.
    tile
        Side, in pixels of the small map, of the parts that are enlarged one after the other; a
        smaller one needs less memory and more time. The result doesn't depend on it.
    edges
        sharp: put pixels that lie between two surfaces on the nearer one; for points in space.
    degradation
        How the input came from a larger map, if it did and that is known: bicubic, antialiased (as
        by MATLAB's or Pillow's resize), for which dsdmsr-base has weights of its own; or area, the
        mean of each block. Sensors and renderers give samples: leave it out. Where --refine isn't
        told, it supposes bicubic.
    refine
        Let the result agree with the input: made small again, it is the input, to within the
        noise. Takes about as long again.
    noise
        With --refine: standard deviation of the input's noise in its unit (metres, pixels or
        levels); 0 for none. Default: estimated.
    fill
        Fill holes of up to so many pixels of the small map. What is filled is written to --filled.
    filled
        With --fill: a PNG file for one input, otherwise a folder; white is what was filled.
    confidence
        A file for one input (.npy, .tif, .pfm, …), otherwise a folder, for the absolute error that
        the network expects of each pixel, in the map's unit; holes stay holes.
    temporal
        The inputs are the frames of a sequence, in the order of the numbers in their names: let
        surfaces that hold still look so, without a drag at edges. Takes a whole frame's memory.
    resume
        Leave out inputs whose output is there already.
    overwrite
        Replace files that exist.
    """
    from dsdmsr.app.refinement import refinement_of
    from dsdmsr.app.stereo import StereoOptions
    from dsdmsr.app.upscale import Wishes, upscale_files

    wishes = Wishes(
        scale=scale,
        size=size,
        model=model,
        encoding=encoding,
        output_encoding=output_encoding,
        from_kind=from_kind,
        to_kind=to_kind,
        stereo=StereoOptions(focal=focal, baseline=baseline, doffs=doffs, calib=calib),
        device=device,
        ensemble=ensemble,
        tile=tile,
        edges=edges,
        degradation=degradation,
        refinement=refinement_of(refine, noise, degradation),
        fill=fill,
        filled=filled,
        confidence=confidence,
        temporal=temporal,
        resume=resume,
        overwrite=overwrite,
    )
    return upscale_files(inputs, output, wishes, out=out, err=err)


def info(
    inputs: Annotated[list[str], Parameter(name="IN", consume_multiple=True, negative=())],
    /,
    *,
    encoding: str | None = None,
) -> int:
    """Say what depth files hold: size, encoding, kind, unit, holes, range, and a histogram.

    Parameters
    ----------
    inputs
        Depth files, folders of them, or patterns.
    encoding
        What the numbers in the files mean, as for upscale.
    """
    from dsdmsr.app.info import describe_files

    return describe_files(inputs, encoding, out=out, err=err)


def cloud(
    source: Annotated[Path, Parameter(name="DEPTH")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    intrinsics: str,
    scale: int = 1,
    encoding: str | None = None,
    focal: float | None = None,
    baseline: float | None = None,
    doffs: float | None = None,
    calib: Path | None = None,
    mesh: Annotated[bool, Parameter(negative=())] = False,
    steepest: float = 85.0,
    overwrite: bool = False,
) -> int:
    """Write a depth file's valid pixels as points in space, or as a surface, to a PLY file.

    Points have x to the right, y down, and z forward, in metres where the file has a unit.

    Parameters
    ----------
    source
        A depth file.
    output
        The PLY file.
    intrinsics
        The camera: fx,fy,cx,cy in pixels, the centre of the first pixel at 0.
    scale
        How many times larger the map was made than the camera's picture; the camera is scaled.
    encoding
        What the numbers in the file mean, as for upscale.
    focal
        For disparity: focal length in pixels of the picture that it was measured in.
    baseline
        For disparity: the two cameras' distance in metres.
    doffs
        For disparity: difference of the principal points' x in pixels.
    calib
        Middlebury's calib.txt, which says these three. Default: the one beside a PFM file.
    mesh
        Write triangles between neighbouring pixels, too, cut at depth edges.
    steepest
        Degrees from the image plane beyond which there is an edge between two pixels.
    overwrite
        Replace a file that exists.
    """
    from dsdmsr.app.cloud import write_cloud
    from dsdmsr.app.stereo import StereoOptions

    write_cloud(
        source,
        output,
        intrinsics=intrinsics,
        scale=scale,
        encoding=encoding,
        stereo=StereoOptions(focal=focal, baseline=baseline, doffs=doffs, calib=calib),
        mesh=mesh,
        steepest=steepest,
        overwrite=overwrite,
        out=out,
    )
    return 0


def sample(folder: Path, /, *, seed: int = 9, overwrite: bool = False) -> int:
    """Write a rendered small depth map, lr_depth.png, and its truth, hr_depth.png.

    Both are 16-bit PNGs in millimetres, 120×160 and 480×640.

    Parameters
    ----------
    folder
        Where; made if missing.
    seed
        Which scene.
    overwrite
        Replace files that exist.
    """
    from dsdmsr.app.sample import write_sample

    for path in write_sample(folder, seed=seed, overwrite=overwrite):
        out.print(f"wrote {path}", markup=False)
    return 0


def models() -> int:
    """List the packaged networks."""
    from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, folder_of

    for name, purpose in PACKAGED.items():
        with resources.as_file(folder_of(name)) as folder:
            size = sum(file.stat().st_size for file in folder.rglob("*.safetensors")) / 1e6
        default = " (default)" if name == DEFAULT_MODEL else ""
        out.print(f"{name}{default}: {purpose}; {size:.1f} MB")
    return 0
