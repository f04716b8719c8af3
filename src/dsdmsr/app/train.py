"""The command that trains networks."""

from __future__ import annotations

from dsdmsr.app.console import console, error_console, print_result
from dsdmsr.app.options import flattened
from dsdmsr.errors import ConfigError
from dsdmsr.training.options import Tracking, TrainOptions
from dsdmsr.upscaling.memory import keep_memory

__all__ = ["train"]

flattened(TrainOptions)
flattened(Tracking)


def train(*, options: TrainOptions, explain: bool = False) -> int:
    """Run `dsdmsr train`.

    Args:
        options: See `TrainOptions`.
        explain: Print the whole recipe and the cost of a step, and train nothing.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    if explain:
        _explain(options)
        return 0
    if options.run_dir is None:
        raise ConfigError("no --run-dir: give a new folder, or --explain to look at the recipe")
    keep_memory()
    from dsdmsr.training.processes import is_main
    from dsdmsr.training.run import train_recipe

    folder = train_recipe(options, console=error_console())
    if is_main():
        print_result(f"trained network: {folder}; use it with --model {folder}")
    return 0


def _explain(options: TrainOptions) -> None:
    """Print a recipe with all its defaults, where its maps come from, and its cost."""
    from rich.table import Table

    from dsdmsr.training.cost import explain
    from dsdmsr.training.recipe_files import recipe_to_yaml, resolve
    from dsdmsr.training.sources import described

    recipe = resolve(options)
    print_result(recipe_to_yaml(recipe))
    cost = explain(recipe)
    table = Table("factor", "crops", "share", "MAC, forward", "activations", box=None)
    for mix in cost.mixes:
        table.add_row(
            f"×{mix.mix.scale}",
            f"{mix.mix.batch} of {mix.mix.crop}×{mix.mix.crop}",
            f"{mix.share:.0%}",
            f"{mix.macs / 1e9:.1f} G",
            f"{mix.activations / 2**20:,.0f} MiB",
        )
    console().print(table)
    for line in described(recipe):
        print_result(f"maps: {line}")
    print_result(f"parameters: {cost.parameters:,}")
    print_result(f"a step, on average: {cost.macs_per_step / 1e9:.1f} GMAC, forward and backward")
    print_result(
        f"memory: {cost.memory / 2**20:,.0f} MiB for weights ({cost.state / 2**20:,.0f} MiB, with "
        "gradients, averages and the optimiser's state) and activations in float32"
    )
