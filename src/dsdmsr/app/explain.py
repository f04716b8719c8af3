"""Show what a recipe is and what it takes."""

from __future__ import annotations

from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from dsdmsr.training.cost import Cost, explain
from dsdmsr.training.recipe_files import recipe_to_dict, resolve
from dsdmsr.training.sources import described

__all__ = ["explain_recipe"]


def explain_recipe(
    name_or_file: str,
    *,
    minutes: float | None,
    steps: int | None,
    brief: bool,
    errors_alone: bool,
    maps: Path | None,
    out: Console,
) -> None:
    """Print a recipe with all its defaults, where its maps come from, and its cost.

    Raises:
        ConfigError: If there is no such recipe, or it is wrong.
        DataError: If a folder is not what the recipe says.
    """
    recipe = resolve(
        name_or_file,
        minutes=minutes,
        steps=steps,
        maps=maps,
        brief=brief,
        errors_alone=errors_alone,
    )
    text = yaml.safe_dump(recipe_to_dict(recipe), sort_keys=False, default_flow_style=None)
    out.print(text, markup=False)
    cost = explain(recipe)
    out.print(_table(cost))
    for line in described(recipe):
        out.print(f"maps: {line}", markup=False)
    out.print(f"parameters: {cost.parameters:,}")
    out.print(f"a step, on average: {cost.macs_per_step / 1e9:.1f} GMAC, forward and backward")
    out.print(
        f"memory: {cost.memory / 2**20:,.0f} MiB for weights ({cost.state / 2**20:,.0f} MiB, with "
        "gradients, averages and the optimiser's state) and activations in float32"
    )


def _table(cost: Cost) -> Table:
    table = Table("factor", "crops", "share", "MAC, forward", "activations", box=None)
    for mix in cost.mixes:
        table.add_row(
            f"×{mix.mix.scale}",
            f"{mix.mix.batch} of {mix.mix.crop}×{mix.mix.crop}",
            f"{mix.share:.0%}",
            f"{mix.macs / 1e9:.1f} G",
            f"{mix.activations / 2**20:,.0f} MiB",
        )
    return table
