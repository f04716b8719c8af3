"""Compare how fast one process draws the base recipe's batches with how fast training uses them.

python benchmarks/scene_throughput.py [--batches 18]

Both are timed in one run on this machine, so their ratio can be compared with other machines'.
Writes benchmarks/results/scene_throughput.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import statistics
import time
from pathlib import Path

import torch

from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.batches import CropMix, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.training.examples import make_examples
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe

RESULTS = Path(__file__).resolve().parent / "results" / "scene_throughput.json"


def drawing_seconds(recipe: Recipe, mix: CropMix, batches: int) -> float:
    """Return the mean time that one thread takes to draw a batch."""
    threads, source = torch.get_num_threads(), Synthetic(recipe.scenes)
    torch.set_num_threads(1)
    began = time.perf_counter()
    for number in range(batches):
        make_batch(recipe.seed, number, (mix,), source)
    torch.set_num_threads(threads)
    return (time.perf_counter() - began) / batches


def training_seconds(recipe: Recipe, mix: CropMix, steps: int = 4) -> float:
    """Return the median time of a step on a batch that is there already."""
    module = TrainingModule(dataclasses.replace(recipe, crops=(mix,)))
    optimizer = module.configure_optimizers()
    batch = make_batch(recipe.seed, 0, (mix,), Synthetic(recipe.scenes))
    examples = make_examples(batch, recipe.small_maps[0], recipe.seed)
    times = []
    for _ in range(steps + 1):
        began = time.perf_counter()
        optimizer.zero_grad()
        module.training_step(examples, 0).backward()
        optimizer.step()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=18)
    batches: int = parser.parse_args().batches
    recipe = load_recipe("base")
    for mix in recipe.crops:
        drawing_seconds(recipe, mix, batches)
    before = peak_mib()
    # The same batches again: scenes differ in what they need, so others may need more.
    drawn = [drawing_seconds(recipe, mix, batches) for mix in recipe.crops]
    growth = peak_mib() - before
    used = [training_seconds(recipe, mix) for mix in recipe.crops]
    shares = [mix.share / sum(m.share for m in recipe.crops) for mix in recipe.crops]
    factors = [
        {"scale": mix.scale, "crop": mix.crop, "drawn_s": d, "used_s": u, "ratio": u / d}
        for mix, d, u in zip(recipe.crops, drawn, used, strict=True)
    ]
    mean_used = sum(share * u for share, u in zip(shares, used, strict=True))
    mean_drawn = sum(share * d for share, d in zip(shares, drawn, strict=True))
    content = {
        **provenance(),
        "command": f"python benchmarks/scene_throughput.py --batches {batches}",
        "factors": factors,
        "ratio": mean_used / mean_drawn,
        "growth_mib": growth,
        "batches": batches * len(recipe.crops),
    }
    write_json(RESULTS, content)
    print(f"drawn / used: {content['ratio']:.2f}; memory grew by {growth:.1f} MiB")


if __name__ == "__main__":
    main()
