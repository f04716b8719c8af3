"""The commands that make and measure networks. Heavy libraries are loaded where they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter, validators

from dsdmsr.app.console import err, out
from dsdmsr.errors import ConfigError
from dsdmsr.training.options import ONE_DEVICE, TrackerKind, Tracking, TrainerOptions

__all__ = ["evaluate", "train"]

_length = Group("Length", validator=validators.LimitedChoice())


def evaluate(
    *,
    protocol: Annotated[
        list[Literal["a", "b", "b-root", "b-5", "d", "e", "interval", "all"]],
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
    blind: Annotated[bool, Parameter(negative=())] = False,
    refine: Annotated[bool, Parameter(negative=())] = False,
    noise: float | None = None,
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
        One or more of: a, noise-free Middlebury; b, noisy Middlebury, deviation 651/level; b-root,
        the square root of that; b-5, 5 levels everywhere; d, Lu and two frames of NYU v2; e,
        Middlebury in 8 bits after OpenCV's cubic; interval, Middlebury, every s-th pixel; all, a,
        b, d, e and interval.
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
        What to measure beside them: nearest, bilinear, bicubic, lanczos (these four by default);
        tgv, total generalised variation, which takes long; and, with OpenCV installed,
        rolling-guidance, weighted-median.
    ensemble
        8: measure the self-ensemble beside each network that isn't symmetric, which takes eight
        times as long; see upscale.
    blind
        Networks are told how the small maps of a protocol were made, as networks that others
        trained for it know. Measure those that heed it also without telling them.
    refine
        Measure each network's refined answers beside it; see upscale.
    noise
        With --refine: standard deviation of the small maps' noise. Default: estimated.
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
    from dsdmsr.app.refinement import refinement_of
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
            blind=blind,
            refinement=refinement_of(refine, noise),
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


def train(
    *,
    recipe: str,
    run_dir: Path | None = None,
    minutes: Annotated[float | None, Parameter(group=_length)] = None,
    steps: Annotated[int | None, Parameter(group=_length)] = None,
    fast_dev: Annotated[bool, Parameter(group=_length, negative=())] = False,
    errors_alone: Annotated[bool, Parameter(negative=())] = False,
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
        A packaged recipe (base, base-on, base-bicubic, base-errors, fast, fast-on, robust,
        robust-any, robust-bicubic, robust-on, smoke, srcnn, srcnn-x8, srcnn-x8-legacy, srcnn-x16,
        vdsr, vdsr-x8, vdsr-x8-legacy, vdsr-x16), or a YAML file.
    run_dir
        The run's folder: recipe, logs, checkpoints, and at the end the network.
    minutes
        Length of the run in minutes, instead of the recipe's.
    steps
        Length of the run in steps, instead of the recipe's.
    fast_dev
        Go the recipe's whole road in about a minute, with small batches of small crops.
    errors_alone
        Of the network given by --init, train only what tells its errors; its answers stay.
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

        explain_recipe(
            recipe,
            minutes=minutes,
            steps=steps,
            brief=fast_dev,
            errors_alone=errors_alone,
            maps=maps,
            out=out,
        )
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
        errors_alone=errors_alone,
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
