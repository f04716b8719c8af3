"""Measure how many predictions hang between two surfaces, on real and rendered maps.

python benchmarks/edges.py [--data DIR]

Protocol (a)'s way, ×4, on its sets, on the train/ folders, and on rendered scenes. Writes
benchmarks/results/edges.json.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from rich.progress import track

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.evaluation.ground_truth import TruthFile, own_truths, protocol_truths
from dsdmsr.evaluation.measure import cases, evaluate
from dsdmsr.evaluation.methods import Method, Network, Small, Values, baseline
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.upscaling.rows import Rows
from dsdmsr.upscaling.sharpen import sharpen
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import from_pretrained
from held_apart import RENDERED, TRAIN
from options import ROOT, add_data

RESULTS = ROOT / "benchmarks" / "results" / "edges.json"
SCALE = 4
BASELINES = ("nearest", "bilinear", "bicubic")


def files(data: Path, rendered: Path) -> Iterator[tuple[str, TruthFile]]:
    """Yield every map with its set's name."""
    for file in protocol_truths(PROTOCOLS["a"], data):
        yield file.set, file
    for name, (pattern, encoding) in TRAIN.items():
        for file in own_truths(sorted(data.glob(pattern)), encoding):
            yield name, file
    for seed in RENDERED:
        np.save(rendered / f"{seed}.npy", render_sample(seed)[0].values)
    for file in own_truths(sorted(rendered.glob("*.npy"))):
        yield "rendered scenes", file


def sharpened(method: Method, small: Small) -> Values:
    """Return what a method makes, with sharp edges."""
    values = method(small)
    rows = Rows(values.astype(np.float32), np.ones(values.shape, dtype=bool))
    (made,) = sharpen(iter([rows]), len(values))
    return made.values.astype(np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    data = parser.parse_args().data
    methods = {name: baseline(name) for name in BASELINES}
    smooth = Network(from_pretrained(), "cpu")
    methods |= {DEFAULT_MODEL: smooth, f"{DEFAULT_MODEL}, sharp": partial(sharpened, smooth)}
    rates: dict[str, dict[str, list[float]]] = {}
    errors: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        found = list(files(data, Path(folder)))
        for name, file in track(found, "measuring"):
            (case,) = cases(PROTOCOLS["a"], file, [SCALE])
            for score in evaluate(PROTOCOLS["a"], case, methods).scores:
                for found_here, metric in ((rates, "flying_pixel_rate"), (errors, "rmse")):
                    held = found_here.setdefault(name, {}).setdefault(score.method, [])
                    held.append(score.metrics[metric])
    rows = [
        {
            "set": name,
            "maps": len(by_method["bicubic"]),
            "rates": {method: statistics.fmean(values) for method, values in by_method.items()},
            "left_of_bicubic": {
                method: statistics.geometric_mean(
                    mine / theirs
                    for mine, theirs in zip(values, errors[name]["bicubic"], strict=True)
                )
                for method, values in errors[name].items()
            },
        }
        for name, by_method in rates.items()
    ]
    about = {**provenance(), "command": "python benchmarks/edges.py", "scale": SCALE}
    write_json(RESULTS, {**about, "rows": rows})
    print(f"wrote {RESULTS}")


if __name__ == "__main__":
    main()
