"""Errors with and without refinement, on clean and noisy maps, and the time that it takes.

Clean maps: protocol (a), where low-resolution maps are exact, without the rounding of predictions,
which would be most of what is left of the input. Noisy ones: the first seed of protocol (b), by
dsdmsr-robust, the noise estimated.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

import dsdmsr
from benchmarks.common.options import with_data
from benchmarks.common.results import save_results, sourced_table
from benchmarks.common.timing import in_turn, median_ratio
from dsdmsr import DepthMap, Upscaler
from dsdmsr.data.scenes.rendered import render_sample
from dsdmsr.degradation.degrade import degrade
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import protocol_ground_truth
from dsdmsr.evaluation.measure import measure_case
from dsdmsr.evaluation.methods import Method
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

METRICS = ("rmse", "input_rmse", "flying_pixel_rate")
EXACT, ESTIMATED = Refinement(noise=0), Refinement()
CASES = {
    "clean": (dataclasses.replace(PROTOCOLS["a"], rounded=False), DEFAULT_MODEL, EXACT),
    "noisy": (dataclasses.replace(PROTOCOLS["b"], seeds=1), ROBUST_MODEL, ESTIMATED),
}
"""Which maps → the protocol, the network and the refinement."""
FILES = {"clean": "refining", "noisy": "refining_noisy"}
"""Which maps → the results file."""
ROUNDS = 3


def measure(data: Path, scales: list[int], which: str) -> list[dict[str, Any]]:
    """Return the means of each set, or of each scene with noise, factor and method."""
    protocol, name, refinement = CASES[which]
    methods: dict[str, Method] = {
        name: Network.from_pretrained(name, "cpu"),
        "refined": Network.from_pretrained(name, "cpu", refinement=refinement),
    }
    scores: dict[tuple[str, int, str], list[dict[str, float]]] = defaultdict(list)
    for file in track(protocol_ground_truth(protocol, data), "measuring"):
        for case in cases(protocol, file, scales):
            for score in measure_case(protocol, case, methods).measurements:
                of = score.scene if which == "noisy" else score.set
                scores[of, score.scale, score.method].append(score.metrics)
    return [
        {
            "set": of,
            "scale": scale,
            "method": method,
            **{metric: statistics.fmean(one[metric] for one in each) for metric in METRICS},
        }
        for (of, scale, method), each in scores.items()
    ]


def time_ratio() -> float:
    """Return the time with refinement over that without, for 480×640 upscaled ×4."""
    scene, _ = render_sample(1)
    hr_depth = torch.from_numpy(scene.values.copy())[None, None]
    hr_depth = torch.nn.functional.interpolate(hr_depth, (1920, 2560), mode="nearest")
    lr_depth = DepthMap(degrade(hr_depth, 4)[0][0, 0].numpy())
    upscalers = {
        name: Upscaler.from_pretrained(scale=4, device="cpu", refinement=refinement)
        for name, refinement in (("plain", None), ("refined", EXACT))
    }
    seconds = in_turn({name: lambda u=u: u(lr_depth) for name, u in upscalers.items()}, ROUNDS)
    return median_ratio(seconds["refined"], seconds["plain"])


def clean_table(results: dict[str, Any]) -> str:
    """Return errors, the disagreement with the input, and time, on clean maps."""
    head = ["set", "factor", "rmse", "refined", "input rmse", "refined"]
    ratio = results["times_plain"]
    note = f"With refinement 480×640 to 1920×2560 takes {ratio:.1f} times as long."
    formats = {"rmse": ".3f", "input_rmse": ".5f", "flying_pixel_rate": ".2%"}
    rows = _cells(results, DEFAULT_MODEL, formats)
    head += ["flying pixels, %", "refined"]
    return sourced_table(results, head, rows, names=2, notes=[note])


def noisy_table(results: dict[str, Any]) -> str:
    """Return errors on noisy maps."""
    head = ["scene", "factor", "rmse", "refined", "flying pixels, %", "refined"]
    rows = _cells(results, ROBUST_MODEL, {"rmse": ".3f", "flying_pixel_rate": ".2%"})
    return sourced_table(results, head, rows, names=2)


def _cells(results: dict[str, Any], network: str, formats: dict[str, str]) -> list[list[str]]:
    """Return a row for each set and factor: metrics, each without and with refinement."""
    by_case = {(row["set"], row["scale"], row["method"]): row for row in results["rows"]}
    return [
        [name, f"×{scale}"]
        + [
            f"{by_case[name, scale, method][metric]:{form}}".rstrip("%")
            for metric, form in formats.items()
            for method in (network, "refined")
        ]
        for name, scale in dict.fromkeys((name, scale) for name, scale, _ in by_case)
    ]


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--maps", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--scales", type=int, nargs="+", default=[2, 4, 8, 16])
    given = parser.parse_args()
    dsdmsr.keep_memory()
    for which in given.maps:
        content: dict[str, Any] = {"rows": measure(given.data, given.scales, which)}
        if which == "clean":
            content["times_plain"] = time_ratio()
        scales = " ".join(map(str, given.scales))
        command = f"python -m benchmarks refining --maps {which} --scales {scales}"
        save_results(FILES[which], command, content, [CASES[which][1]])
