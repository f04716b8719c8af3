"""Run a recipe by name, and leave a folder that `from_pretrained` reads."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from rich.console import Console

from dsdmsr.nn import DSDMSR
from dsdmsr.training.config import Recipe, load_recipe
from dsdmsr.training.fit import fit
from dsdmsr.zoo.pretrained import from_pretrained, load_weights, save_pretrained

__all__ = ["train_recipe"]


def train_recipe(
    name_or_file: str,
    run_dir: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    resume: Literal["auto", "never"] = "never",
    init: str | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Path:
    """Train a recipe; return the folder of the trained network, ``run_dir/network``.

    Raises:
        ConfigError: If the recipe is missing or wrong.
        ModelError: If `init` cannot be loaded, or doesn't fit the recipe's network.
        TrainingError: If the run cannot start or diverges.
    """
    recipe = load_recipe(name_or_file).lasting(steps=steps, minutes=minutes)
    weights = None if init is None else from_pretrained(init).state_dict()
    began = time.monotonic()
    trained = fit(recipe, run_dir, resume=resume, init=weights, device=device, console=console)
    model = DSDMSR(recipe.model)
    model.load_state_dict(load_weights(trained))
    card = _card(Path(name_or_file).stem, recipe, (time.monotonic() - began) / 60)
    save_pretrained(model, run_dir / "network", card)
    return run_dir / "network"


def _card(name: str, recipe: Recipe, minutes: float) -> str:
    scales = ", ".join(f"×{mix.scale}" for mix in recipe.crops)
    return (
        "---\nlicense: apache-2.0\nlibrary_name: dsdmsr\ntags: [depth, super-resolution]\n---\n"
        f"# {name}\n\nTrained with the recipe `{name}` on painted scenes for {scales}, "
        f"{minutes:.1f} minutes in its last leg.\n"
    )
