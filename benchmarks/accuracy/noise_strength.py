"""Errors against the strength of noise: packaged networks, bicubic, and bicubic after a median.

Gaussian noise of a share of each map's range is added to low-resolution maps, of scenes that no
packaged network is trained on: means over areas, as antialiased bicubic resizing gives them, and
samples, as OpenCV's cubic does. All networks are blind. Plots docs/noise-strength.png.
"""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from scipy.ndimage import median_filter

import dsdmsr
from benchmarks.common import plots
from benchmarks.common.held_out import add_noise, some_of_each_set
from benchmarks.common.options import DOCS, TIERS, with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.estimate import NOISY_FROM, estimate_noise
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.evaluation.cases import Case, cases
from dsdmsr.evaluation.methods import HighRes, LowRes, Method, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

PLOT = DOCS / "noise-strength.png"
SHARES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Standard deviations, of a map's range."""
DEGRADATIONS: dict[str, Degradation] = {"means": "bicubic", "samples": "opencv_cubic"}
"""What pixels of the low-resolution map are → the degradation."""
NETWORKS = (*TIERS, ROBUST_MODEL)


def after_median(low_res: LowRes) -> HighRes:
    """Return bicubic of the low-resolution map's 3×3 medians."""
    filled = fill_nearest(low_res.values, low_res.valid)
    return baseline("bicubic")(low_res._replace(values=median_filter(filled, 3)))


def one_of_each_set(data: Path, scale: int, degradation: Degradation = "bicubic") -> list[Case]:
    """Return a case of each set, without noise."""
    protocol = dataclasses.replace(PROTOCOLS["a"], degradation=degradation, rounded=False)
    with tempfile.TemporaryDirectory() as folder:
        files = [some[0] for some in some_of_each_set(data, Path(folder)).values()]
        return [next(cases(protocol, file, [scale])) for file in files]


def relative_error(method: Method, case: Case, noise: float) -> float:
    """Return a method's RMSE on a map with noise, both as shares of the map's range."""
    low_res, span = add_noise(case.low_res[0], noise)
    error = (method(low_res).values - case.target)[case.counted]
    return float(np.sqrt(np.mean(error**2))) / span


def estimated(case: Case, noise: float) -> float:
    """Return the noise that is estimated from a map, as a share of the map's range."""
    low_res, span = add_noise(case.low_res[0], noise)
    return (estimate_noise(low_res.values, low_res.valid) or 0.0) / span


def measure(data: Path, scale: int) -> list[dict[str, Any]]:
    """Return rows: errors as shares of the range, and the estimated noise."""
    methods: dict[str, Method] = {
        "bicubic": baseline("bicubic"),
        "median 3×3, bicubic": after_median,
        **{name: Network.from_pretrained(name, "cpu", blind=True) for name in NETWORKS},
    }
    held_out = {pixels: one_of_each_set(data, scale, of) for pixels, of in DEGRADATIONS.items()}
    keys = [(pixels, noise) for pixels in DEGRADATIONS for noise in SHARES]
    return [
        {
            "pixels": pixels,
            "noise": noise,
            "estimated": statistics.median(estimated(case, noise) for case in held_out[pixels]),
            "errors": {
                name: statistics.geometric_mean(
                    relative_error(method, case, noise) for case in held_out[pixels]
                )
                for name, method in methods.items()
            },
        }
        for pixels, noise in track(keys, "measuring")
    ]


def table(results: dict[str, Any]) -> str:
    """Return errors against the strength of noise, and which network ``auto`` takes."""
    names = list(results["rows"][0]["errors"])
    rows = [
        [
            row["pixels"],
            f"{row['noise']:.1%}",
            f"{row['estimated']:.2%}",
            *(f"{row['errors'][name]:.2%}" for name in names),
            ROBUST_MODEL if row["estimated"] >= NOISY_FROM else DEFAULT_MODEL,
        ]
        for row in results["rows"]
    ]
    head = ["pixels are", "noise", "estimated", *names, "the rule takes"]
    return sourced_table(results, head, rows, names=1)


def plot(rows: list[dict[str, Any]], scale: int) -> None:
    """Plot errors against noise."""
    from matplotlib.ticker import FormatStrFormatter

    figure, axes = plots.pyplot().subplots(
        1, 2, figsize=(11, 4.5), sharey=True, layout="constrained"
    )
    for axis, pixels in zip(axes, DEGRADATIONS, strict=True):
        of = [row for row in rows if row["pixels"] == pixels]
        noise = [100 * row["noise"] for row in of]
        for name in of[0]["errors"]:
            axis.plot(noise, [100 * row["errors"][name] for row in of], "o-", label=name)
        axis.set_xscale("symlog", linthresh=100 * SHARES[1])
        axis.set(yscale="log", title=f"×{scale}, pixels are {pixels}")
        axis.set_xlabel("standard deviation of the noise, % of range")
        axis.grid(alpha=0.3, which="both")
    axes[0].set_ylabel("RMSE, % of range")
    axes[0].yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes[0].yaxis.set_minor_formatter(FormatStrFormatter("%g"))
    axes[0].legend(loc=(0.02, 0.24))  # between the curves
    plots.save(figure, PLOT)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--scale", type=int, default=4)
    given = parser.parse_args()
    dsdmsr.keep_memory()
    rows = measure(given.data, given.scale)
    command = f"python -m benchmarks noise_strength --scale {given.scale}"
    save_results("noise_strength", command, {"scale": given.scale, "rows": rows}, NETWORKS)
    plot(rows, given.scale)
