"""Roughness and normals of predicted surfaces: what relief pictures, normals and meshes show.

Protocol (a)'s degradation, known to the network and not, on maps that are not rounded: those of the
train/ folders, and rendered scenes. Normals need a camera: that of ICL-NUIM's renderings, whose
maps are rounded to a fifth of a millimetre or one; and for our scenes any, since what is a plane to
one is a plane to all, so that of a view 60° wide.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

import dsdmsr
from benchmarks.common.held_out import RENDERED_SET, exact_scenes
from benchmarks.common.options import TIERS, with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.evaluation.cases import Case, cases
from dsdmsr.evaluation.ground_truth import GroundTruthFile, own_ground_truth
from dsdmsr.evaluation.measure import measure_case
from dsdmsr.evaluation.methods import Method, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.zoo.names import DEFAULT_MODEL

SCALES = (2, 4, 8)
SETS = {
    "FlyingThings3D train/": ("flyingthings/train/*", "disparity", None),
    "HCI train/": ("hci_lightfield/train/*", "disparity", None),
    "ICL-NUIM train/, lamp": ("icl_nuim/train/*lamp*", "disparity", None),
    "ICL-NUIM train/, 1 mm": ("icl_nuim/train/livingroom1_*.png", "mm", (481.2, 480.0)),
    "ICL-NUIM train/, 0.2 mm": ("icl_nuim/train/*_view*.png", "tum", (481.2, 480.0)),
}
"""Name → files, what their numbers mean, and focal lengths (Handa et al.: "A benchmark for RGB-D
visual odometry, 3D reconstruction and SLAM", ICRA 2014)."""
VIEW = 320 / np.tan(np.pi / 6)
"""Focal length of a view 60° wide, of 640 pixels."""
ALLOWED = (1.3, 1e-4)
"""What a surface may be rougher than the ground truth: by a factor, and a share of the range."""


def camera(focal: tuple[float, float]) -> Intrinsics:
    """Return the camera of a map of 480×640 pixels, seen through its middle."""
    return Intrinsics(fx=focal[0], fy=focal[1], cx=319.5, cy=239.5)


def files(data: Path, folder: Path) -> Iterator[tuple[str, GroundTruthFile]]:
    """Yield every map with its set's name; rendered ones are written to a folder."""
    for name, (pattern, encoding, focal) in SETS.items():
        seen_by = None if focal is None else camera(focal)
        for file in own_ground_truth(sorted(data.glob(pattern)), encoding, seen_by):
            yield name, file
    for file in own_ground_truth(exact_scenes(folder), "metres", camera((VIEW, VIEW))):
        yield RENDERED_SET, file


def measure(data: Path) -> list[dict[str, Any]]:
    """Return a row for each set and factor."""
    methods: dict[str, Method] = {"bicubic": baseline("bicubic")}
    methods |= {name: Network.from_pretrained(name, "cpu", blind=False) for name in TIERS}
    methods[f"{DEFAULT_MODEL}, blind"] = Network.from_pretrained(DEFAULT_MODEL, "cpu", blind=True)
    scores: dict[tuple[str, int], list[dict[str, dict[str, float]]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for name, file in track(list(files(data, Path(folder))), "measuring"):
            for case in cases(PROTOCOLS["a"], file, SCALES):
                scores[name, case.scale].append(scored(case, methods))
    return [
        {"set": name, "scale": scale, "maps": len(each), "methods": means(each)}
        for (name, scale), each in scores.items()
    ]


def scored(case: Case, methods: Mapping[str, Method]) -> dict[str, dict[str, float]]:
    """Return each method's figures of one case."""
    span = float(np.ptp(case.target[case.counted]))
    of_case = measure_case(PROTOCOLS["a"], case, methods).measurements
    return {one.method: figures(one.metrics, span) for one in of_case}


def figures(metrics: Mapping[str, float], span: float) -> dict[str, float]:
    """Return a map's figures: angles in degrees, others as shares of its range."""
    shares = {key: metrics[key] / span for key in ("rmse", "roughness", "truth_roughness")}
    return {**shares, "normal_error": metrics.get("normal_error", np.nan)}


def means(each: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float | None]]:
    """Return the mean of each method and figure over maps that have one; None where none has."""
    found: dict[str, dict[str, float | None]] = defaultdict(dict)
    for method, key in product(each[0], next(iter(each[0].values()))):
        values = [v for one in each if np.isfinite(v := one[method][key])]
        found[method][key] = statistics.fmean(values) if values else None
    return dict(found)


def table(results: dict[str, Any]) -> str:
    """Return roughness in hundredths of a per cent of the range, and errors of normals."""
    names = list(results["rows"][0]["methods"])
    rows = []
    for row in results["rows"]:
        by = row["methods"]
        truth = by[names[0]]["truth_roughness"]
        cells = [row["set"], str(row["maps"]), f"×{row['scale']}"]
        cells.append("–" if truth is None else f"{1e4 * truth:.2f}")
        cells += [_cell(by[name]["roughness"], truth) for name in names]
        for name in names:
            angle = by[name]["normal_error"]
            cells.append("–" if angle is None else f"{angle:.2f}°")
        rows.append(cells)
    head = [
        "set",
        "maps",
        "factor",
        "ground truth",
        *names,
        *(f"{name}: normals" for name in names),
    ]
    return sourced_table(results, head, rows, names=1)


def _cell(rough: float | None, truth: float | None) -> str:
    """Return a roughness, in bold if it is allowed."""
    if rough is None or truth is None:
        return "–"
    text = f"{1e4 * rough:.2f}"
    return f"**{text}**" if rough <= ALLOWED[0] * truth + ALLOWED[1] else text


def main() -> None:
    given = with_data(__doc__).parse_args()
    dsdmsr.keep_memory()
    save_results("surfaces", "python -m benchmarks surfaces", {"rows": measure(given.data)}, TIERS)
