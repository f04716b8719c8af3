"""Golden outputs: what the package gives, to prove that a restructuring changes none of it.

    python tests/golden/record.py full DIR              every output in full
    python tests/golden/record.py compare DIR1 DIR2     two such folders; --tolerance 1e-6
    python tests/golden/record.py commit                what test_golden.py compares with

Outputs in full are for one machine: one thread, fp32, and, by default, no difference at all.
`inputs.npz` holds the small maps that are enlarged: clean; with holes; with holes and noise. They
were rendered once and are never rendered again, so that they depend on no code.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from commands import (
    Case,
    dtu_tree,
    evaluate,
    prepare,
    rendered,
    run,
    upscale,
    upscale_sequence,
    upscale_with,
)
from outputs import Output, compare_folders, digest, write_output
from safetensors.numpy import load_file

# ruff: isort: split
# What moves when the package is restructured, up to the line below; all else is done through the
# command line.
from dsdmsr._plain import from_plain
from dsdmsr.data.batches import Batches
from dsdmsr.data.crops import Synthetic
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.training.examples import ExampleBatches
from dsdmsr.training.module import TrainingModule
from dsdmsr.training.recipe_files import load_recipe


def draw(config: dict[str, Any], seed: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw scenes: values and validity."""
    return render_scenes(seed, range(count), (48, 64), from_plain(SceneConfig, config, "scenes"))


def draw_examples(name: str) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield a recipe's examples without end: small maps, and the largest truths and validity."""
    recipe = load_recipe(name).in_brief()
    batches = Batches(recipe.seed, recipe.crops, Synthetic(recipe.scenes))
    for batch in ExampleBatches(batches, recipe.degradations, recipe.seed):
        yield batch.lr_depth, batch.targets[-1], batch.valids[-1]


STEP = (TrainingModule, "training_step", "loss")
"""What takes a step and returns its whole loss, and where it leaves that of the depth alone."""
# Up to here.

COMMITTED = Path(__file__).with_name("golden.json")

NETWORKS = {
    "base": [],
    "base-bicubic": ["--degradation", "bicubic"],
    "fast": ["--model", "dsdmsr-fast"],
    "robust": ["--model", "dsdmsr-robust"],
    "robust-bicubic": ["--model", "dsdmsr-robust", "--degradation", "bicubic"],
    "srcnn": ["--model", "dsdmsr-srcnn"],
    "vdsr": ["--model", "dsdmsr-vdsr"],
}
OPTIONS = {
    "refine": "--scale 4 --refine",
    "refine-noise": "--scale 2 --refine --noise 0.02",
    "refine-area": "--scale 2 --refine --degradation area",
    "sharp": "--scale 4 --edges sharp",
    "size": "--size 100x70",
    "scale-3": "--scale 3",
    "tile": "--scale 4 --tile 16",
    "to-disparity": "--scale 2 --encoding metres --to-kind disparity --focal 500 --baseline 0.1",
    "to-inverse": "--scale 2 --encoding metres --to-kind inverse_depth",
}
SENSED = {"frayed": 0.4, "levels": [50.0, 240.0]}
SCENES: dict[str, dict[str, Any]] = {
    "painted": {"ray_cast": 0.0},
    "ray-cast": {"ray_cast": 1.0},
    "painted-sensed": {"ray_cast": 0.0, "sensing": {**SENSED, "holes": 0.5}},
    "ray-cast-sensed": {"ray_cast": 1.0, "sensing": {**SENSED, "holes": 0.5}},
    "mixed": {"ray_cast": 0.25, "sensing": SENSED},
    "exact": {
        "ray_cast": 0.5,
        "sensing": {**SENSED, "exact": 0.6, "frayed": 0.6, "quantised": 1.0},
    },
}
BEGUN_FROM = {
    "base-bicubic": "dsdmsr-base/bicubic",
    "base-errors": "dsdmsr-base",
    "base-on": "dsdmsr-base",
    "fast-on": "dsdmsr-fast",
    "robust": "dsdmsr-base/bicubic",
    "robust-any": "dsdmsr-robust",
    "robust-bicubic": "dsdmsr-robust/bicubic",
    "robust-on": "dsdmsr-robust/bicubic",
}
_STEPS, _SEED = 5, 106
"""With this seed no recipe meets a constant crop, whose loss is of rounding errors alone."""
IN_FULL_ALONE = ("validation", "weights")
"""What a run leaves and only one machine gives again."""


def scenes(kind: str, folder: Path) -> dict[str, Output]:
    """Draw 64 scenes."""
    depth, valid = draw(SCENES[kind], 5, 64)
    return {"depth": depth.numpy(), "valid": valid.numpy()}


def examples(recipe: str, folder: Path) -> dict[str, Output]:
    """Draw what a recipe learns from: eight batches."""
    found: dict[str, Output] = {}
    for k, parts in enumerate(itertools.islice(draw_examples(recipe), 8)):
        for name, part in zip(("small", "truth", "valid"), parts, strict=True):
            found[f"{k}-{name}"] = part.numpy()
    return found


def recipe_files() -> dict[str, Any]:
    """Return the packaged recipes' files by name, wherever in the package they are."""
    with resources.as_file(resources.files("dsdmsr")) as package:
        return {path.stem: path for path in sorted(package.rglob("recipes/*.yaml"))}


def train(name: str, folder: Path) -> dict[str, Output]:
    """Train a recipe for five steps of small batches; return their losses and the validation's."""
    recipe = yaml.safe_load(recipe_files()[name].read_text(encoding="utf-8"))
    for mix in recipe["crops"]:
        mix |= {"batch": min(2, mix["batch"]), "crop": min(mix["crop"], 8 * mix["scale"])}
    recipe.pop("minutes", None)
    recipe |= {"steps": _STEPS, "warmup": 2, "validate_every": _STEPS, "validation_maps": 1}
    recipe |= {"precision": "fp32", "workers": 0, "seed": _SEED}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    begun = ["--init", BEGUN_FROM[name]] if name in BEGUN_FROM else []
    losses: dict[str, float] = {}
    cls, method, of_depth = STEP
    of_step = getattr(cls, method)

    def kept(self: object, *arguments: object) -> torch.Tensor:
        loss: torch.Tensor = of_step(self, *arguments)
        step = len(losses) // 2
        losses[f"step {step}"] = float(loss.detach())
        losses[f"step {step}, depth alone"] = float(getattr(self, of_depth))
        return loss

    setattr(cls, method, kept)
    where = ["--run-dir", folder / "run", "--tracker", "none", "--device", "cpu"]
    try:
        run("train", "--recipe", folder / f"{name}.yaml", *where, *begun)
    finally:
        setattr(cls, method, of_step)
    return {"losses": losses} | _left(folder / "run")


def _left(run_dir: Path) -> dict[str, Output]:
    """Return what a run leaves: its figures of validation, and its weights."""
    with (run_dir / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["name"].startswith("val/")]
    tensors = load_file(run_dir / "network" / "model.safetensors")
    return {
        "validation": {row["name"]: float(row["value"]) for row in rows},
        "weights": np.concatenate([tensors[name].ravel() for name in sorted(tensors)]),
    }


def cases() -> dict[str, Case]:
    """Return all cases by name."""
    found: dict[str, Case] = {}
    for name, network in NETWORKS.items():
        for scale in (2, 4, 8, 16):
            found[f"upscale/{name}-x{scale}"] = partial(upscale, [*network, "--scale", str(scale)])
    for name in ("base", "robust"):
        network = NETWORKS[name]
        for option, words in OPTIONS.items():
            found[f"upscale/{name}-{option}"] = partial(upscale, [*network, *words.split()])
        at_4 = [*network, "--scale", "4"]
        found[f"upscale/{name}-confidence"] = partial(upscale_with, ["--confidence"], at_4)
        found[f"upscale/{name}-fill"] = partial(upscale_with, ["--fill", "40", "--filled"], at_4)
        found[f"upscale/{name}-temporal"] = partial(upscale_sequence, at_4)
    found["upscale/auto"] = partial(upscale, ["--model", "auto", "--scale", "4"])
    ensemble = [*NETWORKS["srcnn"], "--scale", "4", "--ensemble", "8"]
    found["upscale/srcnn-ensemble"] = partial(upscale, ensemble)
    found |= {f"scenes/{kind}": partial(scenes, kind) for kind in SCENES}
    for recipe in ("base", "base-errors", "robust", "robust-on"):
        found[f"examples/{recipe}"] = partial(examples, recipe)
    found |= {f"train/{name}": partial(train, name) for name in recipe_files()}
    found["prepare/dtu"] = partial(prepare, dtu_tree)
    found["prepare/synthetic"] = partial(prepare, rendered)
    both = ["--model", "dsdmsr-fast", "dsdmsr-base"]
    found["evaluate/blind"] = partial(evaluate, both)
    found["evaluate/refine"] = partial(evaluate, ["--model", "dsdmsr-fast", "--refine"])
    return found


EXACT = ("scenes/ray-cast", "scenes/ray-cast-sensed", "prepare/dtu", "prepare/synthetic")
"""What is the same on all machines, to the last bit: ray-cast scenes, of which the prepared set is.

Painted scenes are not, nor what is mixed with them: NumPy's sines, powers and exponentials of
arrays are other code on other processors (AVX2, AVX-512, NEON), and differ in the last place. A
sha256 of theirs would hold on one kind of processor alone."""


def outputs_of(name: str) -> dict[str, Output]:
    """Return a case's outputs, made on one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return cases()[name](Path(folder))
    finally:
        torch.set_num_threads(before)


def committed(name: str) -> dict[str, dict[str, Any]]:
    """Return the digests of a case's outputs."""
    return {
        output: digest(found, exact=name in EXACT)
        for output, found in outputs_of(name).items()
        if output not in IN_FULL_ALONE
    }


def _full(folder: Path, prefix: str) -> int:
    for name in _chosen(prefix):
        if (folder / name).exists():
            print(f"{folder / name} is there: give a new folder", file=sys.stderr)
            return 2
    for name in _chosen(prefix):
        began = time.monotonic()
        found = outputs_of(name)
        for output, content in found.items():
            write_output(folder / name / output, content)
        print(f"{name}: {len(found)} outputs, {time.monotonic() - began:.1f} s", flush=True)
    return 0


def _chosen(prefix: str) -> list[str]:
    return [name for name in cases() if name.startswith(prefix)]


def _compare(one: Path, other: Path, tolerance: float) -> int:
    lines = compare_folders(one, other, tolerance)
    print("\n".join(lines) if lines else f"{one} and {other} agree")
    return 1 if lines else 0


def _commit(prefix: str) -> int:
    old = json.loads(COMMITTED.read_text(encoding="utf-8")) if prefix else {}
    content = old | {name: committed(name) for name in _chosen(prefix)}
    lines = [f"{json.dumps(name)}: {json.dumps(content[name])}" for name in sorted(content)]
    COMMITTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"wrote {COMMITTED}, {COMMITTED.stat().st_size} bytes")
    return 0


def main() -> int:
    """Run the command; return its exit code: 0, or 1 if outputs differ."""
    parser = argparse.ArgumentParser(description="Record golden outputs, and compare them.")
    commands = parser.add_subparsers(dest="command", required=True)
    full = commands.add_parser("full", help="write every output in full")
    full.add_argument("folder", type=Path)
    compare = commands.add_parser("compare", help="list what differs between two folders")
    compare.add_argument("one", type=Path)
    compare.add_argument("other", type=Path)
    compare.add_argument("--tolerance", type=float, default=0.0, help="in parts of the range")
    commit = commands.add_parser("commit", help=f"write {COMMITTED.name}, for the tests")
    for command in (full, commit):
        command.add_argument("--only", default="", help="how the cases' names begin: train/base")
    asked = parser.parse_args()
    if asked.command == "full":
        return _full(asked.folder, asked.only)
    if asked.command == "compare":
        return _compare(asked.one, asked.other, asked.tolerance)
    return _commit(asked.only)


if __name__ == "__main__":
    sys.exit(main())
