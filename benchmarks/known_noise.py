"""Measure what it would bring a network to know how strong the noise is.

python benchmarks/known_noise.py [--steps 2000] [--data DIR] [--runs runs/known_noise]

Networks of dsdmsr-fast's shape learn x4 for as many steps: one from Gaussian noise of all
strengths, which it has to see for itself, and for each of some strengths one from that strength
alone, which knows as much as could be told, and needs to do nothing else. Each is measured at its
strength, and beside it the first, on maps that no network of ours is trained on. Runs that are
finished are not made again. Writes benchmarks/results/known_noise.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from pathlib import Path
from typing import Any

import yaml

from dsdmsr._provenance import provenance, write_json
from dsdmsr.evaluation.methods import Network
from dsdmsr.training.noise import Noises
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.recipe import Recipe
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import NETWORK
from dsdmsr.zoo.torch_networks import from_pretrained
from noise_strength import left_by, small_maps
from options import ROOT, add_data

RESULTS = ROOT / "benchmarks" / "results" / "known_noise.json"
SCALE = 4
SHARES = {"1 %": 0.01, "5 %": 0.05}
"""Standard deviations, of a map's range."""
STRENGTHS: dict[str, tuple[float, float]] = {
    "all": (0.05, 2.0),
    **{name: (20 * share, 20 * share) for name, share in SHARES.items()},
}
"""Strengths as `Noises` has them, of which 1 is a twentieth of the range."""


def recipe(strength: tuple[float, float]) -> Recipe:
    """Return the recipe `fast` for Gaussian noise of such strengths alone."""
    fast = load_recipe("fast")
    mix = next(mix for mix in fast.crops if mix.scale == SCALE)
    model = dataclasses.replace(
        fast.model, scale=SCALE, width=fast.model.width[:2], depth=fast.model.depth[:2]
    )
    noises = Noises(
        none=0, gaussian=1, disparity=0, root_disparity=0, time_of_flight=0, structured_light=0,
        rounded=0, holes=0, strength=strength,
    )  # fmt: skip
    small_maps = (dataclasses.replace(fast.small_maps[0], noise=noises),)
    return dataclasses.replace(fast, model=model, crops=(mix,), small_maps=small_maps)


def trained(name: str, steps: int, runs: Path) -> Path:
    """Train a network, unless it is done; return its folder."""
    run = runs / name.replace(" %", "_percent")
    if not (run / NETWORK).exists():
        runs.mkdir(parents=True, exist_ok=True)
        file = runs / f"{run.name}.yaml"
        file.write_text(yaml.safe_dump(recipe_to_dict(recipe(STRENGTHS[name]))), encoding="utf-8")
        train_recipe(TrainOptions(recipe=str(file), run_dir=run, steps=steps, resume="auto"))
    return run / NETWORK


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "known_noise")
    given = parser.parse_args()
    methods = {
        name: Network(from_pretrained(str(trained(name, given.steps, given.runs))), "cpu")
        for name in STRENGTHS
    }
    held = small_maps(given.data, SCALE)
    rows: list[dict[str, Any]] = []
    for name, share in SHARES.items():
        errors = {
            of: statistics.geometric_mean(left_by(methods[of], case, share) for case in held)
            for of in ("all", name)
        }
        rows.append({"noise": share, "seen": errors["all"], "told": errors[name]})
    command = f"python benchmarks/known_noise.py --steps {given.steps}"
    about = {**provenance(), "command": command, "scale": SCALE, "steps": given.steps}
    write_json(RESULTS, {**about, "rows": rows})
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
