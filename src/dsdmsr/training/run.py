"""Run a recipe by name, and leave a folder that `from_pretrained` reads."""

from __future__ import annotations

import csv
from pathlib import Path

from rich.console import Console
from safetensors import safe_open

from dsdmsr._provenance import named
from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR
from dsdmsr.training.fit import fit
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.processes import is_main
from dsdmsr.training.recipe import Recipe, resolve
from dsdmsr.training.run_folder import (
    LOG,
    NETWORK,
    WEIGHTS,
    holds_run,
    read_provenance,
    stored_recipe,
)
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.torch_networks import from_pretrained, load_weights, save_pretrained

__all__ = ["package_run", "train_recipe"]


def train_recipe(options: TrainOptions, *, console: Console | None = None) -> Path:
    """Train a recipe; return the folder of the trained network, ``run_dir/network``.

    Of several processes, the main one writes it.

    Args:
        options: What is trained, where and how.
        console: Where progress is shown. Default: standard error.

    Raises:
        ConfigError: If the recipe is missing or wrong, or there is no `run_dir`.
        ModelError: If `init` cannot be loaded, or doesn't fit the recipe's network.
        TrainingError: If the run cannot start or diverges.
    """
    run_dir, init = options.run_dir, options.init
    if run_dir is None:
        raise ConfigError("no run_dir: give a new folder")
    name = Path(options.recipe).stem
    given_length = options.steps is not None or options.minutes is not None
    if not given_length and options.resume == "auto" and holds_run(run_dir):
        stored = stored_recipe(run_dir)
        recipe = resolve(options).lasting(steps=stored.steps, minutes=stored.minutes)
    else:
        recipe = resolve(options)
    fit(
        recipe,
        run_dir,
        resume=options.resume,
        init=None if init is None else from_pretrained(init).state_dict(),
        begun_from=[] if init is None else _begun_from(init),
        device=options.device,
        trainer=options.trainer,
        tracking=options.tracking,
        console=console,
    )
    if not is_main():
        return run_dir / NETWORK
    return package_run(name, run_dir)


def package_run(name: str, run_dir: Path) -> Path:
    """Make a network in the Hub's form of a finished run; return its folder.

    Args:
        name: The recipe's name, for the card.
        run_dir: A folder that `fit` has finished.
    """
    recipe = stored_recipe(run_dir)
    model = DSDMSR(recipe.model)
    model.load_state_dict(load_weights(run_dir / WEIGHTS))
    folder = run_dir / NETWORK
    save_pretrained(model, folder, _card(name, recipe, run_dir))
    return folder


_CARD = """---
license: apache-2.0
library_name: dsdmsr
tags: [depth, super-resolution]
---
# {name}

Makes depth and disparity maps {scales} times larger, from the map alone: {parameters} parameters in
a cascade of {stages} ×2 stages.

- **Data**: {data}.
- **Small maps**: made by {degradations}; {noise}.
{legs}
"""

_NOT_FOR = "- **Not for**: noisy maps, whose noise it sharpens.\n"

_HEAD = "- **Trained**: "
_LEG = _HEAD + (
    "recipe `{name}`{of}, seed {seed}, {steps} steps, {minutes:.0f} minutes on {machine}; "
    "commit {commit}, {date}, torch {torch}."
)
"""A line for each leg of the training, so that a network begun from another tells both."""


def _begun_from(init: str) -> list[str]:
    return legs_of(read_card(init)) or [f"{_HEAD}as `{init}`, whose card does not tell how."]


def legs_of(card: str) -> list[str]:
    """Return a card's lines about its training."""
    return [line for line in card.splitlines() if line.startswith(_HEAD)]


def _data_of(recipe: Recipe) -> str:
    folders = [Path(maps.folder).name for maps in recipe.maps if maps.folder is not None]
    scenes = "scenes drawn by the package alone (`dsdmsr.data.scenes.render`)"
    if not folders:
        return f"{scenes}; no real map"
    named = ", ".join(f"`{folder}`" for folder in folders)
    drawn = len(folders) < len(recipe.maps)
    return f"{named}{f', and {scenes}' if drawn else ''}; the terms of those maps bind its users"


def _card(name: str, recipe: Recipe, run_dir: Path) -> str:
    made = read_provenance(run_dir)
    with (run_dir / LOG).open(encoding="utf-8") as file:
        last = list(csv.DictReader(file))[-1]
    with safe_open(run_dir / WEIGHTS, "pt") as weights:
        kept = weights.metadata()["step"]
    leg = _LEG.format(
        name=name,
        of=", expected errors alone" if recipe.trains == "expected_errors" else "",
        seed=recipe.seed,
        steps=last["step"] if kept == last["step"] else f"{kept} of {last['step']}",
        minutes=float(last["seconds"]) / 60,
        machine=named(made["machine"]),
        torch=made["machine"]["torch"],
        commit=made["commit"],
        date=made["date"][:10],
    )
    noisy = any(small.noise for small in recipe.small_maps)
    card = _CARD.format(
        name=name,
        data=_data_of(recipe),
        scales=", ".join(f"×{scale}" for scale in sorted({m.scale for m in recipe.crops})),
        parameters=f"{sum(p.numel() for p in DSDMSR(recipe.model).parameters()):,}",
        stages=recipe.model.stages,
        degradations=", ".join(
            f"`{small.degradation}`{', rounded' if small.rounded else ''}"
            for small in recipe.small_maps
        ),
        noise="with noise of sensors, and clean" if noisy else "clean",
        legs="\n".join([*made["begun_from"], leg]),
    )
    return card if noisy else card + _NOT_FOR
