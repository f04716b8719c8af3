"""The command line. Heavy libraries are loaded by the commands that need them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Group, Parameter, validators

from dsdmsr.app.consoles import err, out
from dsdmsr.app.prepare_commands import prepare
from dsdmsr.errors import ConfigError, DsdmsrError
from dsdmsr.training.options import ONE_DEVICE, TrackerKind, Tracking, TrainerOptions

__all__ = ["app", "main"]

app = App(
    name="dsdmsr",
    help="Make depth maps 2, 4, 8 or 16 times larger, from the depth map alone.",
    version_flags=["--version"],
    help_format="plaintext",
    result_action="return_value",
    console=out,
    error_console=err,
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
)

app.command(prepare)

_length = Group("Length", validator=validators.LimitedChoice())


@app.command
def upscale(
    inputs: Annotated[list[str], Parameter(name="IN", consume_multiple=True, negative=())],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    scale: Literal[2, 4, 8, 16],
    model: str | None = None,
    encoding: str | None = None,
    output_encoding: str | None = None,
    device: str = "auto",
    ensemble: Literal[1, 8] = 1,
    tile: Literal["auto"] | int = "auto",
    fill: int = 0,
    filled: Path | None = None,
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
        The factor.
    model
        A packaged network (see `dsdmsr models`), a folder, or owner/name on the Hub.
    encoding
        What the numbers in the files mean: mm, tum, kitti, dtu16, levels, levels16, float, metres,
        dtu, disparity. Default: 16-bit is mm, 8-bit is levels, other numbers are float.
    output_encoding
        What they shall mean in the output. Default: the same.
    device
        auto, cpu, or cuda.
    ensemble
        8: the mean answer to the map turned and mirrored in all eight ways; a little more accurate,
        in eight times the time. A symmetric network, as dsdmsr-base is, answers so at once.
    tile
        Side, in pixels of the small map, of the parts that are enlarged one after the other; a
        smaller one needs less memory and more time. The result doesn't depend on it.
    fill
        Fill holes of up to so many pixels of the small map. What is filled is written to --filled.
    filled
        With --fill: a PNG file for one input, otherwise a folder; white is what was filled.
    overwrite
        Replace files that exist.
    """
    from dsdmsr.app.upscale import upscale_files

    return upscale_files(
        inputs,
        output,
        scale=scale,
        model=model,
        encoding=encoding,
        output_encoding=output_encoding,
        device=device,
        ensemble=ensemble,
        tile=tile,
        fill=fill,
        filled=filled,
        overwrite=overwrite,
        out=out,
        err=err,
    )


@app.command
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


@app.command
def cloud(
    source: Annotated[Path, Parameter(name="DEPTH")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    intrinsics: str,
    scale: int = 1,
    encoding: str | None = None,
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
    mesh
        Write triangles between neighbouring pixels, too, cut at depth edges.
    steepest
        Degrees from the image plane beyond which there is an edge between two pixels.
    overwrite
        Replace a file that exists.
    """
    from dsdmsr.app.cloud import write_cloud

    write_cloud(
        source,
        output,
        intrinsics=intrinsics,
        scale=scale,
        encoding=encoding,
        mesh=mesh,
        steepest=steepest,
        overwrite=overwrite,
        out=out,
    )
    return 0


@app.command
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


@app.command
def models() -> int:
    """List the packaged networks."""
    from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, folder_of

    for name, purpose in PACKAGED.items():
        size = len((folder_of(name) / "model.safetensors").read_bytes()) / 1e6
        default = " (default)" if name == DEFAULT_MODEL else ""
        out.print(f"{name}{default}: {purpose}; {size:.1f} MB")
    return 0


@app.command
def evaluate(
    *,
    protocol: Annotated[
        list[Literal["a", "b", "d", "e", "interval", "all"]],
        Parameter(consume_multiple=True, negative=()),
    ],
    data: Path | None = None,
    maps: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    encoding: str | None = None,
    scales: Annotated[
        list[Literal[2, 4, 8, 16]] | None, Parameter(consume_multiple=True, negative=())
    ] = None,
    model: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    baselines: Annotated[list[str] | None, Parameter(consume_multiple=True, negative=())] = None,
    ensemble: Literal[1, 8] = 1,
    ssim: bool = False,
    json: Path | None = None,
    markdown: Path | None = None,
    html: Path | None = None,
    crops: bool = False,
    panels: Path | None = None,
    device: str = "auto",
    overwrite: bool = False,
) -> int:
    """Measure networks, with baselines and published figures beside them.

    Parameters
    ----------
    protocol
        One or more of: a, noise-free Middlebury; b, noisy Middlebury; d, Lu and two frames of NYU
        v2; e, Middlebury in 8 bits after OpenCV's cubic; interval, Middlebury, every s-th pixel.
    data
        The folder that holds the protocols' maps (middlebury/eval, lu_rgbd/eval, nyu/eval).
        Default: the one that DSDMSR_DATA names.
    maps
        Instead of those, depth files of your own, folders of them, or patterns.
    encoding
        What the numbers in your own files mean, as for upscale.
    scales
        Only these factors.
    model
        Packaged networks, folders, or owner/name on the Hub. Default: the default network.
    baselines
        What to measure beside them: nearest, bilinear, bicubic, lanczos (these four by default),
        and, with OpenCV installed, rolling-guidance, weighted-median.
    ensemble
        8: measure the self-ensemble beside each network that isn't symmetric, which takes eight
        times as long; see upscale.
    ssim
        Measure structural similarity, too, which takes as long as all the rest.
    json
        Where to write all figures.
    markdown
        Where to write them as Markdown tables.
    html
        Where to write a page with tables and charts.
    crops
        Show on that page where methods differ most; it then holds parts of the maps.
    panels
        A new folder for a picture of each map: what each stage makes of it beside the truth, the
        answer, and its error. The errors of all stages are shown, and written to stages.csv there.
    device
        auto, cpu, or cuda.
    overwrite
        Replace files that exist.
    """
    from dsdmsr.app.evaluate import Evaluation, evaluate_networks
    from dsdmsr.evaluation.methods import BASELINES

    evaluate_networks(
        Evaluation(
            protocols=protocol,
            data=data,
            maps=maps or (),
            encoding=encoding,
            scales=scales or (),
            models=model or (),
            baselines=tuple(BASELINES) if baselines is None else baselines,
            ensemble=ensemble,
            ssim=ssim,
            json=json,
            markdown=markdown,
            html=html,
            crops=crops,
            panels=panels,
            device=device,
            overwrite=overwrite,
        ),
        out=out,
        err=err,
    )
    return 0


@app.command
def train(
    *,
    recipe: str,
    run_dir: Path | None = None,
    minutes: Annotated[float | None, Parameter(group=_length)] = None,
    steps: Annotated[int | None, Parameter(group=_length)] = None,
    fast_dev: Annotated[bool, Parameter(group=_length, negative=())] = False,
    maps: Path | None = None,
    resume: Literal["auto", "never"] = "never",
    init: str | None = None,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    trainer: TrainerOptions = ONE_DEVICE,
    tracker: Annotated[tuple[TrackerKind, ...], Parameter(consume_multiple=True, negative=())] = (
        "tensorboard",
    ),
    wandb_project: str | None = None,
    wandb_entity: str | None = None,
    explain: bool = False,
) -> int:
    """Train a network on scenes that are drawn while it learns, or on maps of data sets.

    Parameters
    ----------
    recipe
        A packaged recipe (base, base-on, fast, smoke, srcnn-x8, srcnn-x8-legacy, srcnn-x16,
        vdsr-x8, vdsr-x8-legacy, vdsr-x16), or a YAML file.
    run_dir
        The run's folder: recipe, logs, checkpoints, and at the end the network.
    minutes
        Length of the run in minutes, instead of the recipe's.
    steps
        Length of the run in steps, instead of the recipe's.
    fast_dev
        Go the recipe's whole road in about a minute, with small batches of small crops.
    maps
        Learn from this folder, which dsdmsr prepare has made, instead of from the recipe's maps.
    resume
        auto: go on from the folder's last checkpoint, if there is one.
    init
        A network to begin from: packaged, a folder, or owner/name on the Hub.
    device
        auto, cpu, or cuda.
    trainer
        On how many devices; torchrun and SLURM start the processes of several machines.
    tracker
        Where figures and panels go besides the run's folder: tensorboard, wandb (offline where
        there is no account), or none.
    wandb_project
        Default: WANDB_PROJECT.
    wandb_entity
        Default: WANDB_ENTITY.
    explain
        Print the whole recipe and what a step takes, and train nothing.
    """
    if explain:
        from dsdmsr.app.explain import explain_recipe

        explain_recipe(recipe, minutes=minutes, steps=steps, brief=fast_dev, maps=maps, out=out)
        return 0
    if run_dir is None:
        raise ConfigError("no --run-dir: give a new folder, or --explain to look at the recipe")
    try:
        import lightning  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "training needs the extra 'train': pip install 'dsdmsr[train]'"
        ) from error
    from dsdmsr.training.processes import is_main
    from dsdmsr.training.run import train_recipe

    folder = train_recipe(
        recipe,
        run_dir,
        minutes=minutes,
        steps=steps,
        maps=maps,
        brief=fast_dev,
        resume=resume,
        init=init,
        device=device,
        options=trainer,
        tracking=Tracking(trackers=tracker, project=wandb_project, entity=wandb_entity),
        console=err,
    )
    if is_main():
        out.print(f"trained network: {folder}; use it with --model {folder}", markup=False)
    return 0


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 (some files failed) or 2 (cannot be done)."""
    try:
        result = app(None if arguments is None else list(arguments))
    except CycloptsError as error:
        err.print(f"dsdmsr: {_one_line(str(error))}; see 'dsdmsr --help'", markup=False)
        return 2
    except DsdmsrError as error:
        err.print(f"dsdmsr: {_one_line(str(error))}", markup=False)
        return 2
    except OSError as error:
        err.print(f"dsdmsr: {_one_line(str(error))}", markup=False)
        return 2
    except KeyboardInterrupt:
        err.print("dsdmsr: interrupted")
        return 130
    return result if isinstance(result, int) else 0


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
