"""A run by the name of its recipe, and the network folder that it leaves."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from dsdmsr.errors import ConfigError, DependencyError, needing
from dsdmsr.nn import DSDMSR
from dsdmsr.training.card import history_of, model_card
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.processes import is_main
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import resolve
from dsdmsr.training.run_folder import NETWORK, WEIGHTS, holds_run, stored_recipe
from dsdmsr.zoo.torch_networks import from_pretrained, load_weights, save_pretrained

__all__ = ["package_run", "train_recipe"]


def train_recipe(options: TrainOptions, *, console: Console | None = None) -> Path:
    """Train a recipe; return the folder of the trained network, ``run_dir/network``.

    Args:
        options: What is trained, where and how.
        console: See `dsdmsr.training.fit.fit`.

    Raises:
        ConfigError: If recipe or `run_dir` are missing, or the recipe is wrong.
        DependencyError: If lightning is not installed.
        ModelError: If `init` cannot be loaded, or doesn't fit the recipe's network.
        TrainingError: If the run cannot start or diverges.
    """
    with needing("training"):
        from dsdmsr.training.fit import fit
    run_dir, init = options.run_dir, options.init
    if run_dir is None:
        raise ConfigError("options have no run_dir: give a new folder")
    fit(
        _recipe_of(options, run_dir),
        run_dir,
        resume=options.resume,
        init=None if init is None else from_pretrained(init).state_dict(),
        begun_from=[] if init is None else history_of(init),
        device=options.device,
        options=options.trainer,
        tracking=options.tracking,
        console=console,
    )
    if not is_main():
        return run_dir / NETWORK
    folder = package_run(Path(options.recipe).stem, run_dir)
    _export(folder, console)
    return folder


def _export(folder: Path, console: Console | None) -> None:
    """Write a network's ONNX graphs beside it, if its form and what is installed allow it."""
    try:
        with needing("the network's ONNX graphs", "export"):
            from dsdmsr.training.export import can_export, export_graphs

        if can_export(from_pretrained(str(folder))):
            export_graphs(folder)
    except DependencyError as error:
        if console is not None:
            console.print(f"no ONNX graphs: {error}", markup=False)


def _recipe_of(options: TrainOptions, run_dir: Path) -> Recipe:
    """Return the recipe that the options ask for; a resumed run keeps its length by default."""
    recipe = resolve(options)
    has_length = options.steps is not None or options.minutes is not None
    if has_length or options.resume != "auto" or not holds_run(run_dir):
        return recipe
    stored = stored_recipe(run_dir)
    return recipe.lasting(steps=stored.steps, minutes=stored.minutes)


def package_run(name: str, run_dir: Path) -> Path:
    """Write a finished run's network in the Hub's form; return its folder.

    Args:
        name: The recipe's name, for the card.
        run_dir: A folder that `fit` has finished.
    """
    recipe = stored_recipe(run_dir)
    model = DSDMSR(recipe.model)
    model.load_state_dict(load_weights(run_dir / WEIGHTS))
    folder = run_dir / NETWORK
    save_pretrained(model, folder, model_card(name, recipe, run_dir))
    return folder
