"""Measure what refinement does to clean and noisy maps, and how long it takes beside the network.

python benchmarks/refining.py [--data DATA] [--maps clean noisy] [--scales 4 8]

Clean maps: protocol (a), where small maps are exact, without the rounding of predictions, which
would be most of what is left of the input. Noisy ones: the first seed of protocol (b), by
dsdmsr-robust, the noise estimated. Writes benchmarks/results/refining.json, and
refining_noisy.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr import DepthMap, Upscaler
from dsdmsr._provenance import provenance, write_json
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.degrade import degrade
from dsdmsr.evaluation.ground_truth import protocol_truths
from dsdmsr.evaluation.measure import cases, evaluate
from dsdmsr.evaluation.methods import Method, Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL
from dsdmsr.zoo.torch_networks import for_known, from_pretrained
from options import ROOT, add_data
from timing import in_turn

RESULTS = ROOT / "benchmarks" / "results"
METRICS = ("rmse", "input_rmse", "flying_pixel_rate")
EXACT, ESTIMATED = Refinement(noise=0), Refinement()
CASES = {
    "clean": (dataclasses.replace(PROTOCOLS["a"], rounded=False), DEFAULT_MODEL, EXACT),
    "noisy": (dataclasses.replace(PROTOCOLS["b"], seeds=1), ROBUST_MODEL, ESTIMATED),
}
"""Which maps → the protocol, the network and the refinement."""
ROUNDS = 3


def measure(data: Path, scales: list[int], which: str) -> list[dict[str, Any]]:
    """Return the means of each set, or of each scene with noise, factor and method."""
    protocol, name, refinement = CASES[which]
    model, known = from_pretrained(name), for_known(name)
    methods: dict[str, Method] = {
        name: Network(model, "cpu", known=known),
        "refined": Network(model, "cpu", refinement=refinement, known=known),
    }
    found: dict[tuple[str, int, str], list[dict[str, float]]] = defaultdict(list)
    for file in track(protocol_truths(protocol, data), "measuring"):
        for case in cases(protocol, file, scales):
            for score in evaluate(protocol, case, methods).scores:
                of = score.scene if which == "noisy" else score.set
                found[of, score.scale, score.method].append(score.metrics)
    return [
        {
            "set": of,
            "scale": scale,
            "method": method,
            **{metric: statistics.fmean(one[metric] for one in each) for metric in METRICS},
        }
        for (of, scale, method), each in found.items()
    ]


def times_the_network() -> float:
    """Return how long the command takes with refinement, in times without, 480×640 made ×4."""
    whole, _ = render_sample(1)
    truth = torch.from_numpy(whole.values.copy())[None, None]
    truth = torch.nn.functional.interpolate(truth, (1920, 2560), mode="nearest")
    small = DepthMap(degrade(truth, 4)[0][0, 0].numpy())
    upscalers = {
        name: Upscaler.from_pretrained(scale=4, device="cpu", refinement=refinement)
        for name, refinement in (("plain", None), ("refined", EXACT))
    }
    taken = in_turn({name: lambda u=u: u(small) for name, u in upscalers.items()}, ROUNDS)
    return statistics.median(
        after / before for before, after in zip(taken["plain"], taken["refined"], strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--maps", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--scales", type=int, nargs="+", default=[2, 4, 8, 16])
    given = parser.parse_args()
    for which in given.maps:
        rows = measure(given.data, given.scales, which)
        scales = " ".join(map(str, given.scales))
        command = f"python benchmarks/refining.py --maps {which} --scales {scales}"
        about = {**provenance(), "command": command}
        if which == "clean":
            about["times_plain"] = times_the_network()
        file = RESULTS / ("refining.json" if which == "clean" else "refining_noisy.json")
        write_json(file, {**about, "rows": rows})
        print(f"wrote {file}")


if __name__ == "__main__":
    main()
