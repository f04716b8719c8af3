"""Measure what ray-cast scenes do for a network, at equal steps: short runs on mixes of scenes.

python benchmarks/scene_mix.py [--data DATA] [--steps 400] [--shares 0 0.5] [--runs runs/mix]

Each run begins from the packaged network, with the base recipe but for the share of ray-cast
scenes, and is measured on maps of the train/ folders, which no network of ours is trained on.
Runs that are finished are not made again. Writes benchmarks/results/scene_mix.json.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from dsdmsr._provenance import provenance, write_json
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.metrics import rmse
from dsdmsr.nn import DSDMSR, Prediction
from dsdmsr.training.examples import normalise_crops
from dsdmsr.training.fit import fit
from dsdmsr.training.recipe_files import load_recipe
from dsdmsr.training.run_folder import WEIGHTS, read_provenance, stored_recipe
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import from_pretrained, load_weights
from options import ROOT, add_data

RESULTS = ROOT / "benchmarks" / "results" / "scene_mix.json"
SCALES = (4, 8, 16)
MAPS = {
    "Middlebury": ("middlebury/train/full/*.png", 256, (slice(150, 918), slice(200, 968))),
    "Sintel": ("sintel/train/df_[0-5]2.png", 64, (slice(0, 432), slice(0, 1024))),
}
"""Name → files, units a level, and the part that is looked at."""

Enlarge = Callable[[torch.Tensor, int], torch.Tensor | Prediction]
"""A small map of 0…1 and a factor → the large one."""


def truths(data: Path, name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return a set's maps in levels, their holes filled, and what is valid."""
    pattern, per_level, window = MAPS[name]
    maps = []
    for path in sorted(data.glob(pattern)):
        depth = np.asarray(Image.open(path))[window].astype(np.float32) / per_level
        valid = depth > 0 if name == "Middlebury" else np.ones(depth.shape, dtype=bool)
        maps.append((fill_nearest(depth, valid), valid))
    return maps


def trained(run_dir: Path) -> DSDMSR:
    """Return the network of a run that is finished."""
    model = DSDMSR(stored_recipe(run_dir).model).eval()
    model.load_state_dict(load_weights(run_dir / WEIGHTS))
    return model


@torch.inference_mode()
def error(enlarge: Enlarge, truth: np.ndarray, valid: np.ndarray, scale: int) -> float:
    """Return the error of a map made small by bicubic resizing and large by `enlarge`."""
    hr_depth = torch.from_numpy(truth)[None, None]
    lr_depth, _ = degrade(hr_depth, scale, "bicubic")
    low, span = normalise_crops(lr_depth, torch.ones_like(lr_depth, dtype=torch.bool))
    made = enlarge((lr_depth - low) / span, scale)
    pred = (made.fused if isinstance(made, Prediction) else made) * span + low
    return float(rmse(pred, hr_depth, torch.from_numpy(valid)[None, None]))


def measured(model: DSDMSR, data: Path) -> dict[str, float]:
    """Return the mean error of each set and factor."""
    found = {}
    for name in MAPS:
        maps = truths(data, name)
        for scale in SCALES:
            errors = [error(model, truth, valid, scale) for truth, valid in maps]
            found[f"{name} ×{scale}"] = float(np.mean(errors))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5])
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "mix")
    given = parser.parse_args()
    runs = []
    for share in given.shares:
        run_dir = given.runs / f"{share:g}"
        if not (run_dir / WEIGHTS).exists():
            base = load_recipe("base")
            recipe = dataclasses.replace(
                base,
                scenes=dataclasses.replace(base.scenes, ray_cast=share),
                steps=given.steps,
                minutes=None,
                warmup=60,
                ema=0.99,
                validate_every=given.steps,
            )
            weights = from_pretrained(DEFAULT_MODEL).state_dict()
            fit(recipe, run_dir, resume="auto", init=weights, begun_from=[DEFAULT_MODEL])
        recipe = stored_recipe(run_dir)
        runs.append(
            {
                "ray_cast": recipe.scenes.ray_cast,
                "steps": recipe.steps,
                "commit": read_provenance(run_dir)["commit"],
                "rmse": measured(trained(run_dir), given.data),
            }
        )
        print(runs[-1])
    shares = " ".join(f"{share:g}" for share in given.shares)
    command = f"python benchmarks/scene_mix.py --steps {given.steps} --shares {shares}"
    write_json(RESULTS, {**provenance(), "command": command, "runs": runs})
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
