"""Known noise: the most that a network could gain from knowing how strong the noise is.

Networks of dsdmsr-fast's shape learn x4 for as many steps: a blind one from Gaussian noise of all
strengths, and for each of some strengths one from that strength alone, which knows all there is to
know, and has nothing else to do. Each is measured at its strength, and the blind one beside it, on
maps that no packaged network is trained on. Finished runs are not repeated.
"""

from __future__ import annotations

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import yaml

from benchmarks.accuracy.noise_strength import one_of_each_set, relative_error
from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import change, save_results, sourced_table
from dsdmsr.evaluation.network_method import Network
from dsdmsr.training.noise import NoiseMix
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import NETWORK

SCALE = 4
SHARES = {"1 %": 0.01, "5 %": 0.05}
"""Standard deviations, of a map's range."""
STRENGTHS: dict[str, tuple[float, float]] = {
    "all": (0.05, 2.0),
    **{name: (20 * share, 20 * share) for name, share in SHARES.items()},
}
"""Strengths as `NoiseMix` has them, of which 1 is a twentieth of the range."""


def recipe(strength: tuple[float, float]) -> Recipe:
    """Return the recipe `fast` for Gaussian noise of a range of strengths alone."""
    fast = load_recipe("fast")
    mix = next(mix for mix in fast.crops if mix.scale == SCALE)
    model = dataclasses.replace(
        fast.model, scale=SCALE, width=fast.model.width[:2], depth=fast.model.depth[:2]
    )
    noise = NoiseMix(shares={"gaussian": 1.0}, rounded=0, holes=0, strength=strength)
    degradations = (dataclasses.replace(fast.degradations[0], noise=noise),)
    return dataclasses.replace(fast, model=model, crops=(mix,), degradations=degradations)


def trained(name: str, steps: int, runs: Path) -> Path:
    """Train a network, unless it is done; return its folder."""
    run = runs / name.replace(" %", "_percent")
    if not (run / NETWORK).exists():
        runs.mkdir(parents=True, exist_ok=True)
        file = runs / f"{run.name}.yaml"
        file.write_text(yaml.safe_dump(recipe_to_dict(recipe(STRENGTHS[name]))), encoding="utf-8")
        train_recipe(TrainOptions(recipe=str(file), run_dir=run, steps=steps, resume="auto"))
    return run / NETWORK


def table(results: dict[str, Any]) -> str:
    """Return errors of the blind network and of those that know the noise."""
    rows = [
        [
            f"{row['noise']:.0%}",
            f"{row['blind']:.2%}",
            f"{row['known']:.2%}",
            change(row["blind"], row["known"]),
        ]
        for row in results["rows"]
    ]
    head = ["noise", "blind", "trained for it alone", "difference"]
    return sourced_table(results, head, rows, names=0)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "known_noise")
    given = parser.parse_args()
    methods = {
        name: Network.from_pretrained(
            str(trained(name, given.steps, given.runs)), "cpu", blind=True
        )
        for name in STRENGTHS
    }
    held_out = one_of_each_set(given.data, SCALE)
    rows: list[dict[str, Any]] = []
    for name, share in SHARES.items():
        blind, known = (
            statistics.geometric_mean(relative_error(methods[of], case, share) for case in held_out)
            for of in ("all", name)
        )
        rows.append({"noise": share, "blind": blind, "known": known})
    command = f"python -m experiments known_noise --steps {given.steps}"
    content = {"scale": SCALE, "steps": given.steps, "rows": rows}
    save_results("known_noise", command, content)
