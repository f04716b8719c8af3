"""How fast one process renders the base recipe's batches, beside how fast training uses them.

Both are timed in one run, so that their ratio can be compared with other machines'.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import Any

import torch

from benchmarks.common.memory import peak_mib
from benchmarks.common.options import options
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.data.batches import CropMix, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.training.examples import make_examples
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe


def rendering_seconds(recipe: Recipe, mix: CropMix, batches: int) -> float:
    """Return the mean time that one thread takes to render a batch."""
    threads, source = torch.get_num_threads(), Synthetic(recipe.scenes)
    torch.set_num_threads(1)
    began = time.perf_counter()
    for number in range(batches):
        make_batch(recipe.seed, number, (mix,), source)
    torch.set_num_threads(threads)
    return (time.perf_counter() - began) / batches


def training_seconds(recipe: Recipe, mix: CropMix, steps: int = 4) -> float:
    """Return the median time of a step on a batch that is ready."""
    module = TrainingModule(dataclasses.replace(recipe, crops=(mix,)))
    optimizer = module.configure_optimizers()
    batch = make_batch(recipe.seed, 0, (mix,), Synthetic(recipe.scenes))
    examples = make_examples(batch, recipe.degradations[0], recipe.seed)
    times = []
    for _ in range(steps + 1):
        began = time.perf_counter()
        optimizer.zero_grad()
        module.training_step(examples, 0).backward()
        optimizer.step()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def measure(recipe: Recipe, batches: int) -> dict[str, Any]:
    """Return both times for every factor, their ratio, and by how much memory grows."""
    for mix in recipe.crops:
        rendering_seconds(recipe, mix, batches)
    before = peak_mib()
    # The same batches again: scenes differ in what they need, so others may need more.
    rendered = [rendering_seconds(recipe, mix, batches) for mix in recipe.crops]
    growth = peak_mib() - before
    used = [training_seconds(recipe, mix) for mix in recipe.crops]
    shares = [mix.share / sum(m.share for m in recipe.crops) for mix in recipe.crops]
    factors = [
        {"scale": mix.scale, "crop": mix.crop, "rendered_s": r, "used_s": u, "ratio": u / r}
        for mix, r, u in zip(recipe.crops, rendered, used, strict=True)
    ]
    mean_used = sum(share * u for share, u in zip(shares, used, strict=True))
    mean_rendered = sum(share * r for share, r in zip(shares, rendered, strict=True))
    return {
        "factors": factors,
        "ratio": mean_used / mean_rendered,
        "growth_mib": growth,
        "batches": batches * len(recipe.crops),
    }


def table(results: dict[str, Any]) -> str:
    """Return how fast scenes are rendered, beside how fast training uses them."""
    rows = [[f"×{f['scale']}", f"{f['crop']}²", f"{f['ratio']:.1f}"] for f in results["factors"]]
    rows.append(["all, by their shares", "", f"{results['ratio']:.1f}"])
    note = f"Memory grew by {results['growth_mib']:.0f} MiB over {results['batches']} batches."
    head = ["factor", "crop", "rendered / used"]
    return sourced_table(results, head, rows, names=0, notes=[note])


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--batches", type=int, default=18)
    given = parser.parse_args()
    command = f"python -m benchmarks scene_throughput --batches {given.batches}"
    save_results("scene_throughput", command, measure(load_recipe("base"), given.batches))
