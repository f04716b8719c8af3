"""Model card of a trained network: its data, its degradations and how it was trained."""

from __future__ import annotations

import csv
from pathlib import Path

from safetensors import safe_open

from dsdmsr._provenance import named
from dsdmsr.errors import TrainingError
from dsdmsr.nn import DSDMSR
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.run_folder import LOG, WEIGHTS, read_provenance
from dsdmsr.zoo.find import read_card

__all__ = ["history_of", "model_card", "training_history"]

_CARD = """---
license: apache-2.0
library_name: dsdmsr
pipeline_tag: image-to-image
tags: [depth, super-resolution]
metrics: [rmse]
---
# {name}

Upscales depth and disparity maps {scales}, from the map alone: {parameters} parameters in
a cascade of {stages} ×2 stages.

- **Data**: {data}.
- **Degradation**: {degradations}; {noise}.
{history}
"""

_NOT_FOR = "- **Not for**: noisy maps, whose noise it sharpens.\n"

_HEAD, _CHANGED = "- **Trained**: ", "- **After training**: "
_RUN = _HEAD + (
    "recipe `{name}`{of}, seed {seed}, {steps} steps, {minutes:.0f} minutes on {machine}; "
    "commit {commit}, {date}, torch {torch}."
)
"""A line for each run, so that the card of a network that started from another has both."""


def training_history(card: str) -> list[str]:
    """Return a card's lines about its training: a line for each run, and what changed after it."""
    return [line for line in card.splitlines() if line.startswith((_HEAD, _CHANGED))]


def history_of(network: str) -> list[str]:
    """Return how a network was trained, from its card: packaged, a folder, or on the Hub."""
    history = training_history(read_card(network))
    return history or [f"{_HEAD}as `{network}`, whose card does not say how."]


def model_card(name: str, recipe: Recipe, run_dir: Path) -> str:
    """Return the card of the network that a finished run has trained.

    Args:
        name: The recipe's name, which the card has too.
        recipe: The recipe that ran.
        run_dir: A folder that `dsdmsr.training.fit.fit` has finished.
    """
    noisy = any(option.noise for option in recipe.degradations)
    card = _CARD.format(
        name=name,
        data=_data_of(recipe),
        scales=", ".join(f"×{scale}" for scale in sorted({m.scale for m in recipe.crops})),
        parameters=f"{sum(p.numel() for p in DSDMSR(recipe.model).parameters()):,}",
        stages=recipe.model.stages,
        degradations=", ".join(
            f"`{option.degradation}`{', rounded' if option.rounded else ''}"
            for option in recipe.degradations
        ),
        noise="with sensor noise, and clean" if noisy else "clean",
        history="\n".join(
            [*read_provenance(run_dir)["begun_from"], _run_line(name, recipe, run_dir)]
        ),
    )
    return card if noisy else card + _NOT_FOR


def _data_of(recipe: Recipe) -> str:
    folders = [Path(maps.folder).name for maps in recipe.maps if maps.folder is not None]
    scenes = "scenes rendered by the package alone (`dsdmsr.data.scenes.render`)"
    if not folders:
        return f"{scenes}; no real map"
    names = ", ".join(f"`{folder}`" for folder in folders)
    rendered = len(folders) < len(recipe.maps)
    return f"{names}{f', and {scenes}' if rendered else ''}; the terms of those maps bind its users"


def _run_line(name: str, recipe: Recipe, run_dir: Path) -> str:
    source = read_provenance(run_dir)
    try:
        with (run_dir / LOG).open(encoding="utf-8") as file:
            last = list(csv.DictReader(file))[-1]
        last_step, minutes = int(last["step"]), float(last["seconds"]) / 60
    except (OSError, LookupError, TypeError, ValueError, csv.Error) as error:
        raise TrainingError(f"{run_dir / LOG} is missing or damaged: {error}") from error
    with safe_open(run_dir / WEIGHTS, "pt") as weights:
        best_step = weights.metadata()["step"]
    return _RUN.format(
        name=name,
        of=", expected errors alone" if recipe.trains == "expected_errors" else "",
        seed=recipe.seed,
        steps=best_step if best_step == str(last_step) else f"{best_step} of {last_step}",
        minutes=minutes,
        machine=named(source["machine"]),
        torch=source["machine"]["torch"],
        commit=source["commit"],
        date=source["date"][:10],
    )
