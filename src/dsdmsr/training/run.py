"""A run by the name of its recipe, and the network folder that it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rich.console import Console

from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR
from dsdmsr.training.card import history_of, model_card
from dsdmsr.training.options import ONE_DEVICE, TENSORBOARD_ALONE, Tracking, TrainerOptions
from dsdmsr.training.processes import is_main
from dsdmsr.training.recipe_files import resolve
from dsdmsr.training.run_folder import NETWORK, WEIGHTS, holds_run, stored_recipe
from dsdmsr.zoo.torch_networks import from_pretrained, load_weights, save_pretrained

__all__ = ["package_run", "train_recipe"]


def train_recipe(
    name_or_file: str,
    run_dir: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    maps: Path | None = None,
    brief: bool = False,
    errors_alone: bool = False,
    resume: Literal["auto", "never"] = "never",
    init: str | None = None,
    device: str = "auto",
    options: TrainerOptions = ONE_DEVICE,
    tracking: Tracking = TENSORBOARD_ALONE,
    console: Console | None = None,
) -> Path:
    """Train a recipe; return the folder of the trained network, ``run_dir/network``.

    Of several processes, the main one writes it.

    Args:
        name_or_file: The recipe.
        run_dir: See `dsdmsr.training.fit.fit`.
        minutes: Length, instead of the recipe's.
        steps: Length, instead of the recipe's.
        maps: A folder that ``dsdmsr prepare`` has written, instead of the recipe's maps.
        brief: Whether to cut the recipe to about a minute.
        errors_alone: Whether to train only the error estimates, of the network in `init`.
        resume: See `dsdmsr.training.fit.fit`.
        init: A network to start from: packaged, a folder, or ``owner/name`` on the Hub.
        device: See `dsdmsr.training.fit.fit`.
        options: See `dsdmsr.training.fit.fit`.
        tracking: See `dsdmsr.training.fit.fit`.
        console: See `dsdmsr.training.fit.fit`.

    Raises:
        ConfigError: If the recipe is missing or wrong, or lightning is not installed.
        ModelError: If `init` cannot be loaded, or doesn't fit the recipe's network.
        TrainingError: If the run cannot start or diverges.
    """
    try:
        from dsdmsr.training.fit import fit
    except ModuleNotFoundError as error:
        if error.name != "lightning":
            raise
        raise ConfigError("training needs lightning: pip install 'dsdmsr[train]'") from error
    if steps is None and minutes is None and resume == "auto" and holds_run(run_dir):
        stored = stored_recipe(run_dir)
        steps, minutes = stored.steps, stored.minutes
    recipe = resolve(
        name_or_file,
        steps=steps,
        minutes=minutes,
        maps=maps,
        brief=brief,
        errors_alone=errors_alone,
    )
    weights = None if init is None else from_pretrained(init).state_dict()
    fit(
        recipe,
        run_dir,
        resume=resume,
        init=weights,
        begun_from=[] if init is None else history_of(init),
        device=device,
        options=options,
        tracking=tracking,
        console=console,
    )
    if not is_main():
        return run_dir / NETWORK
    return package_run(Path(name_or_file).stem, run_dir)


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
