"""Flying pixels: how many predictions hang between two surfaces.

Protocol (a)'s degradation and rounding, ×4, on its sets, on the train/ folders, and on rendered
scenes.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

import dsdmsr
from benchmarks.common.held_out import RENDERED_SET, exact_scenes, train_sets
from benchmarks.common.options import with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import GroundTruthFile, own_ground_truth, protocol_ground_truth
from dsdmsr.evaluation.measure import Measurement, measure_case
from dsdmsr.evaluation.methods import HighRes, LowRes, Method, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.upscaling.rows import Rows
from dsdmsr.upscaling.sharpen import sharpen
from dsdmsr.zoo.names import DEFAULT_MODEL

SCALE = 4
BASELINES = ("nearest", "bilinear", "bicubic")
SHARP = f"{DEFAULT_MODEL}, sharp"


def sharpened(method: Method, low_res: LowRes) -> HighRes:
    """Return a method's prediction with sharp edges."""
    pred = method(low_res).values
    rows = Rows(pred.astype(np.float32), np.ones(pred.shape, dtype=bool))
    (result,) = sharpen(iter([rows]), len(pred))
    return HighRes(result.values.astype(np.float64))


def files(data: Path, folder: Path) -> Iterator[tuple[str, GroundTruthFile]]:
    """Yield every map with its set's name."""
    for file in protocol_ground_truth(PROTOCOLS["a"], data):
        yield file.set, file
    for name, each in train_sets(data).items():
        for file in each:
            yield name, file
    for file in own_ground_truth(exact_scenes(folder)):
        yield RENDERED_SET, file


def measure(data: Path) -> list[dict[str, Any]]:
    """Return a row for each set."""
    smooth = Network.from_pretrained(DEFAULT_MODEL, "cpu", blind=True)
    methods: dict[str, Method] = {name: baseline(name) for name in BASELINES}
    methods |= {DEFAULT_MODEL: smooth, SHARP: partial(sharpened, smooth)}
    scores: dict[str, list[Measurement]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for name, file in track(list(files(data, Path(folder))), "measuring"):
            (case,) = cases(PROTOCOLS["a"], file, [SCALE])
            scores[name] += measure_case(PROTOCOLS["a"], case, methods).measurements
    return [row(name, of_set, list(methods)) for name, of_set in scores.items()]


def row(name: str, scores: Sequence[Measurement], methods: Sequence[str]) -> dict[str, Any]:
    """Return a set's mean rates, and the geometric mean of its maps' errors over bicubic's."""

    def values(method: str, metric: str) -> list[float]:
        return [score.metrics[metric] for score in scores if score.method == method]

    bicubic = values("bicubic", "rmse")
    return {
        "set": name,
        "maps": len(bicubic),
        "rates": {m: statistics.fmean(values(m, "flying_pixel_rate")) for m in methods},
        "left_of_bicubic": {
            m: statistics.geometric_mean(
                ours / theirs for ours, theirs in zip(values(m, "rmse"), bicubic, strict=True)
            )
            for m in methods
        },
    }


def table(results: dict[str, Any]) -> str:
    """Return rates of flying pixels, and errors over bicubic's."""
    methods = list(results["rows"][0]["rates"])
    rows = []
    for each in results["rows"]:
        rates, errors = each["rates"], each["left_of_bicubic"]
        ours = rates[DEFAULT_MODEL]
        cells = [each["set"], str(each["maps"]), *(f"{100 * rates[m]:.2f}" for m in methods)]
        cells.append(f"{rates['bicubic'] / ours:.0f}" if ours else "–")
        rows.append([*cells, *(f"{errors[m]:.3f}" for m in methods[-2:])])
    head = ["set", "maps", *methods, "bicubic's / ours"]
    head += ["RMSE left of bicubic's", "the same, sharp"]
    return sourced_table(results, head, rows, names=1)


def main() -> None:
    given = with_data(__doc__).parse_args()
    dsdmsr.keep_memory()
    content = {"scale": SCALE, "rows": measure(given.data)}
    save_results("edges", "python -m benchmarks edges", content, [DEFAULT_MODEL])
