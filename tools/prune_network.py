"""Prune a packaged network: hidden channels that hardly act on a recipe's examples are removed.

NAME is one of the package's networks, or NAME/bicubic. The share of its block's output below which
a channel is removed is chosen on rendered scenes alone, and stands in the card.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from itertools import islice

import torch
from torch import Tensor

from benchmarks.common.options import options
from dsdmsr.data.batches import Batches
from dsdmsr.nn import DSDMSR
from dsdmsr.nn.pruning import channel_effects, pruned
from dsdmsr.training.examples import ExampleBatches, Examples
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe
from dsdmsr.training.sources import crop_source
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from tools.make_network import ZOO, add_graphs

LINE = (
    "- **After training**: {removed} of {total} hidden channels removed, each of which gave less "
    "than {least:g} of its block's output on {count} batches of recipe `{recipe}`; error on others "
    "{change:+.2%}."
)


def examples(recipe: Recipe, seed: int, count: int) -> Iterator[Examples]:
    """Yield batches of a recipe's examples, other ones than its training's."""
    batches = Batches(seed, recipe.crops, crop_source(recipe))
    return islice(iter(ExampleBatches(batches, recipe.degradations, seed)), count)


@torch.inference_mode()
def error(model: DSDMSR, chosen: list[Examples]) -> float:
    """Return the root mean square error over all examples' valid pixels."""
    total, count = 0.0, 0
    for each in chosen:
        pred = model(each.lr_depth, each.scale).fused
        valid = each.valids[-1]
        total += float((pred - each.targets[-1])[valid].double().square().sum())
        count += int(valid.sum())
    return math.sqrt(total / count)


def channels(model: DSDMSR) -> int:
    """Return the number of hidden channels of all residual blocks."""
    return sum(sum(model.config.hidden_of(k)) for k in range(model.config.stages))


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("name")
    parser.add_argument("recipe", help="whose examples are taken")
    parser.add_argument("--least", type=float, default=1e-4, help="share of a block's output")
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--border", type=int, help="of the network's configuration, from now on")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    given = parser.parse_args()
    recipe, model = load_recipe(given.recipe), from_pretrained(given.name)

    def pairs() -> Iterator[tuple[Tensor, int]]:
        for each in examples(recipe, recipe.seed + 1000, given.batches):
            yield each.lr_depth, each.scale

    effects = channel_effects(model, pairs())
    if not all(any(bool(effect.any()) for effect in blocks) for blocks in effects):
        raise SystemExit(f"a stage runs in none of {given.batches} batches: give more --batches")
    smaller = pruned(model, effects, given.least)
    held_out = list(examples(recipe, recipe.seed + 2000, given.batches))
    change = error(smaller, held_out) / error(model, held_out) - 1
    line = LINE.format(
        removed=channels(model) - channels(smaller),
        total=channels(model),
        least=given.least,
        count=given.batches,
        recipe=given.recipe,
        change=change,
    )
    print(line, smaller.config.hidden, smaller.config.dilations, sep="\n")
    if given.dry_run:
        return
    if given.border is not None:
        smaller.config = dataclasses.replace(smaller.config, border=given.border)
    card, mark = read_card(given.name), "\n- **Not for**"
    if mark not in card:
        mark = "\n\n## Accuracy"
    before, after = (f"{sum(p.numel() for p in m.parameters()):,} param" for m in (model, smaller))
    card = card.replace(mark, f"\n{line}{mark}", 1).replace(before, after)
    save_pretrained(smaller, ZOO / given.name, card)
    add_graphs(ZOO / given.name)
    print(f"wrote {ZOO / given.name}")
