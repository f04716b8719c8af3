"""Ray-cast scenes in training: short runs on mixes of scenes, of equal steps.

Each run begins from the packaged network, with the base recipe but for the share of ray-cast
scenes, and is measured on maps of the train/ folders, which no packaged network is trained on.
Finished runs are not repeated.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.training.fit import fit
from dsdmsr.training.recipe_files import load_recipe
from dsdmsr.training.run_folder import WEIGHTS, read_provenance, stored_recipe
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import from_pretrained
from experiments.error_left import mean_errors, trained

SCALES = (4, 8, 16)


def train(share: float, steps: int, run_dir: Path) -> None:
    """Train with a share of ray-cast scenes, unless it is done."""
    if (run_dir / WEIGHTS).exists():
        return
    base = load_recipe("base")
    recipe = dataclasses.replace(
        base,
        scenes=dataclasses.replace(base.scenes, ray_cast=share),
        steps=steps,
        minutes=None,
        warmup=60,
        ema=0.99,
        validate_every=steps,
    )
    weights = from_pretrained(DEFAULT_MODEL).state_dict()
    fit(recipe, run_dir, resume="auto", init=weights, begun_from=[DEFAULT_MODEL])


def row_of(run_dir: Path, data: Path) -> dict[str, Any]:
    """Return the figures of a finished run."""
    recipe = stored_recipe(run_dir)
    return {
        "ray_cast": recipe.scenes.ray_cast,
        "steps": recipe.steps,
        "commit": read_provenance(run_dir)["commit"],
        "rmse": mean_errors(trained(run_dir), data, SCALES),
    }


def table(results: dict[str, Any]) -> str:
    """Return the errors of each mix."""
    columns = list(results["runs"][0]["rmse"])
    rows = [
        [f"{run['ray_cast']:.0%}", str(run["steps"]), *(f"{run['rmse'][c]:.3f}" for c in columns)]
        for run in results["runs"]
    ]
    return sourced_table(results, ["ray-cast share", "steps", *columns], rows, names=0)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "mix")
    given = parser.parse_args()
    runs = []
    for share in given.shares:
        run_dir = given.runs / f"{share:g}"
        train(share, given.steps, run_dir)
        runs.append(row_of(run_dir, given.data))
        print(runs[-1])
    shares = " ".join(f"{share:g}" for share in given.shares)
    command = f"python -m experiments scene_mix --steps {given.steps} --shares {shares}"
    save_results("scene_mix", command, {"runs": runs})
