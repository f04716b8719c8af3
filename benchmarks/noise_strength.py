"""Measure errors against the strength of noise: packaged networks, bicubic, and it after a median.

python benchmarks/noise_strength.py [--data DIR] [--scale 4]

Gaussian noise of a share of each map's range is added to small maps made from maps that no network
of ours is trained on: means over areas, as antialiased bicubic resizing makes them, and samples, as
OpenCV's cubic does. No network is told which. Writes benchmarks/results/noise_strength.json and
docs/noise-strength.png.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from scipy.ndimage import median_filter

import dsdmsr.app  # noqa: F401  (torch takes its memory as it does for the command)
from dsdmsr._provenance import provenance, write_json
from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.estimate import estimate_noise
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.evaluation.measure import Case, cases
from dsdmsr.evaluation.methods import Method, Network, Small, Values, baseline
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.zoo.names import ROBUST_MODEL
from dsdmsr.zoo.torch_networks import from_pretrained
from held_apart import noisy, sets
from options import ROOT, TIERS, add_data

RESULTS = ROOT / "benchmarks" / "results" / "noise_strength.json"
PLOT = ROOT / "docs" / "noise-strength.png"
SHARES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Standard deviations, of a map's range."""
MADE: dict[str, Degradation] = {"means": "bicubic", "samples": "opencv_cubic"}
"""What a small map's pixels are → how it is made."""
MOST = 1
"""Maps of a set."""


def after_median(small: Small) -> Values:
    """Return bicubic of the small map's 3×3 medians."""
    filled = fill_nearest(small.values, small.valid)
    return baseline("bicubic")(small._replace(values=median_filter(filled, 3)))


def small_maps(data: Path, scale: int, degradation: Degradation = "bicubic") -> list[Case]:
    """Return maps that no network of ours is trained on, made small without noise."""
    protocol = dataclasses.replace(PROTOCOLS["a"], degradation=degradation, rounded=False)
    with tempfile.TemporaryDirectory() as folder:
        files = [file for some in sets(data, Path(folder)).values() for file in some[:MOST]]
        return [next(cases(protocol, file, [scale])) for file in files]


def left_by(method: Method, case: Case, share: float) -> float:
    """Return a method's RMSE on a map with noise, both as shares of the map's range."""
    small, span = noisy(case.small[0], share)
    error = (method(small) - case.target)[case.counted]
    return float(np.sqrt(np.mean(error**2))) / span


def estimated(case: Case, share: float) -> float:
    """Return what noise is estimated of a map with noise, both as shares of the map's range."""
    small, span = noisy(case.small[0], share)
    return (estimate_noise(small.values, small.valid) or 0.0) / span


def measure(data: Path, scale: int) -> list[dict[str, Any]]:
    """Return rows: errors as shares of the range, and the noise estimated."""
    methods: dict[str, Method] = {
        "bicubic": baseline("bicubic"),
        "median 3×3, bicubic": after_median,
        **{name: Network(from_pretrained(name), "cpu") for name in (*TIERS, ROBUST_MODEL)},
    }
    held = {made: small_maps(data, scale, kind) for made, kind in MADE.items()}
    return [
        {
            "pixels": made,
            "noise": share,
            "estimated": statistics.median(estimated(case, share) for case in held[made]),
            "errors": {
                name: statistics.geometric_mean(left_by(method, case, share) for case in held[made])
                for name, method in methods.items()
            },
        }
        for made, share in track([(made, share) for made in MADE for share in SHARES], "measuring")
    ]


def draw(rows: list[dict[str, Any]], scale: int) -> None:
    """Draw errors against noise."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), sharey=True, layout="constrained")
    for axis, made in zip(axes, MADE, strict=True):
        of = [row for row in rows if row["pixels"] == made]
        noise = [100 * row["noise"] for row in of]
        for name in of[0]["errors"]:
            axis.plot(noise, [100 * row["errors"][name] for row in of], "o-", label=name)
        axis.set_xscale("symlog", linthresh=100 * SHARES[1])
        axis.set(yscale="log", title=f"×{scale}, pixels are {made}")
        axis.set_xlabel("standard deviation of the noise, % of range")
        axis.grid(alpha=0.3, which="both")
    axes[0].set_ylabel("RMSE, % of range")
    for which in (axes[0].yaxis.set_major_formatter, axes[0].yaxis.set_minor_formatter):
        which(ticker.FormatStrFormatter("%g"))
    axes[0].legend(loc=(0.02, 0.24))  # between the curves
    figure.savefig(PLOT, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_data(parser)
    parser.add_argument("--scale", type=int, default=4)
    given = parser.parse_args()
    rows = measure(given.data, given.scale)
    command = f"python benchmarks/noise_strength.py --scale {given.scale}"
    write_json(RESULTS, {**provenance(), "command": command, "scale": given.scale, "rows": rows})
    draw(rows, given.scale)
    print(f"wrote {RESULTS} and {PLOT}")


if __name__ == "__main__":
    main()
