"""Statistics of the renderer's scenes beside those of real and rendered depth maps.

Only train/ folders are read. Plots docs/scene-statistics.png.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track
from scipy import ndimage

from benchmarks.common import plots
from benchmarks.common.options import DOCS, with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.seeds import LARGEST_SEED
from dsdmsr.training.recipe_files import load_recipe

PLOT = DOCS / "scene-statistics.png"
COLOURS = ("tab:orange", "tab:blue", "tab:red")
CROP = 192
EDGE = 0.04
"""A step between neighbours of more than this share of the crop's range is an edge."""
THIN = 7
"""What a morphological opening of so many pixels removes is thin."""

Array = NDArray[np.float64]

BINS: dict[str, Array] = {
    "gradient": np.concatenate([[0, 1e-9], np.geomspace(2e-4, 1, 38)]),
    "curvature": np.concatenate([[0, 1e-9], np.geomspace(2e-4, 0.2, 30)]),
    "edge share": np.concatenate([[0, 1e-9], np.geomspace(1e-3, 0.5, 28)]),
    "edge length": np.geomspace(1, 2000, 30),
    "edge roughness": np.concatenate([[0, 1e-9], np.geomspace(1e-3, 0.5, 28)]),
    "thin share": np.concatenate([[0, 1e-9], np.geomspace(1e-4, 0.5, 24)]),
    "spectrum slope": np.linspace(-5, 0, 41),
}
"""Statistic → the borders of its histogram."""

SOURCES = {
    "Middlebury, full size": ("middlebury/train/full/*.png", 0),
    "Middlebury, a third": ("middlebury/train/third_original/*.png", 0),
    "Middlebury 2001": ("middlebury/train/2001/*.p*", None),
    "Sintel": ("sintel/train/*.png", None),
    "ICL-NUIM": ("icl_nuim/train/*.png", 0),
    "Taskonomy": ("rendered/train/*.png", 65535),
    "FlyingThings": ("flyingthings/train/*.npz", None),
}
"""Name → files, and the code of their invalid pixels."""


def statistics(depth: Array, valid: NDArray[np.bool_]) -> dict[str, Array]:
    """Return the samples of every statistic in one crop, as shares of its range."""
    low, high = depth[valid].min(), depth[valid].max()
    scene = np.where(valid, (depth - low) / max(high - low, 1e-12), np.nan)
    steps = [np.abs(np.diff(scene, axis=axis)) for axis in (0, 1)]
    edges = np.zeros(scene.shape, dtype=bool)
    edges[:-1] |= steps[0] > EDGE
    edges[:, :-1] |= steps[1] > EDGE
    labels, _ = ndimage.label(edges, np.ones((3, 3)))
    lengths = np.bincount(labels.ravel(), minlength=1)[1:]
    filled = np.where(valid, scene, 0.5)
    rough = np.abs(scene - ndimage.median_filter(filled, 3)) > EDGE
    opened = filled - ndimage.grey_opening(filled, THIN)
    closed = ndimage.grey_closing(filled, THIN) - filled
    thin = ((opened > EDGE) | (closed > EDGE)) & valid
    return {
        "gradient": np.concatenate([step[np.isfinite(step)] for step in steps]),
        "curvature": _curvature(scene, steps),
        "edge share": np.array([edges.mean()]),
        "edge length": np.repeat(lengths, lengths).astype(np.float64),
        "edge roughness": np.array([rough.sum() / max(edges.sum(), 1)]),
        "thin share": np.array([thin.mean()]),
        "spectrum slope": np.array([_slope(filled)]),
    }


def _curvature(scene: Array, steps: list[Array]) -> Array:
    """Return absolute second differences away from edges."""
    bends = []
    for axis, step in enumerate(steps):
        bend = np.abs(np.diff(scene, n=2, axis=axis))
        first, second = (step[:-1], step[1:]) if axis == 0 else (step[:, :-1], step[:, 1:])
        bends.append(bend[np.isfinite(bend) & (first < EDGE) & (second < EDGE)])
    return np.concatenate(bends)


def _slope(scene: Array) -> float:
    """Return the slope of log power over log frequency, between 2 and 64 periods a side."""
    window = np.hanning(CROP)[:, None] * np.hanning(CROP)
    power = np.abs(np.fft.fft2((scene - scene.mean()) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(CROP), np.fft.fftfreq(CROP))) * CROP
    centres, means = [], []
    borders = np.geomspace(2, 64, 11)
    for a, b in pairwise(borders):
        ring = (frequency >= a) & (frequency < b)
        centres.append(np.log(np.sqrt(a * b)))
        means.append(np.log(power[ring].mean() + 1e-12))
    return float(np.polyfit(centres, means, 1)[0])


def histograms(crops: Iterator[tuple[Array, NDArray[np.bool_]]]) -> dict[str, Array]:
    """Return each statistic's histogram over all crops, every crop weighing the same."""
    total = {name: np.zeros(len(bins) - 1) for name, bins in BINS.items()}
    for depth, valid in crops:
        for name, samples in statistics(depth, valid).items():
            bins = BINS[name]
            counts, _ = np.histogram(np.clip(samples, bins[0], bins[-1] * (1 - 1e-9)), bins)
            if len(samples):
                total[name] += counts / len(samples)
    return {name: counts / max(counts.sum(), 1e-12) for name, counts in total.items()}


def real_crops(
    data: Path, pattern: str, invalid: int | None, count: int
) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """Yield crops of a source's maps, the same number of each, mostly valid and not flat."""
    files = sorted(data.glob(pattern))
    rng = np.random.default_rng(0)
    each = -(-count // len(files))
    for path in files:
        if path.suffix == ".npz":
            depth = np.load(path)["depth"].astype(np.float64)
        else:
            depth = np.asarray(Image.open(path)).astype(np.float64)
        valid = np.ones(depth.shape, bool) if invalid is None else depth != invalid
        found = tries = 0
        while found < each and tries < 20 * each:
            tries += 1
            y, x = (int(rng.integers(n - CROP + 1)) for n in depth.shape)
            window = (slice(y, y + CROP), slice(x, x + CROP))
            crop, usable = depth[window], valid[window]
            if usable.mean() > 0.98 and np.ptp(crop[usable]) > 0:
                found += 1
                yield crop, usable


def rendered_crops(config: SceneConfig, count: int) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """Yield rendered scenes."""
    for k in range(count):
        depth, valid = render_scenes(LARGEST_SEED + 2, [k], (CROP, CROP), config)
        scene = depth[0, 0].numpy().astype(np.float64)
        if np.ptp(scene) > 0:
            yield scene, valid[0, 0].numpy()


def distance(a: Array, b: Array) -> float:
    """Return the largest difference of two cumulative distributions (Kolmogorov-Smirnov)."""
    return float(np.abs(np.cumsum(a) - np.cumsum(b)).max())


def mean_of(sources: dict[str, dict[str, Array]]) -> dict[str, Array]:
    """Return the mean histograms, every source weighing the same."""
    return {name: np.mean([source[name] for source in sources.values()], axis=0) for name in BINS}


def distances(
    sources: dict[str, dict[str, Array]], ours: dict[str, dict[str, Array]]
) -> dict[str, dict[str, float]]:
    """Return how far our scenes and the sources are from the sources' mean."""
    mean = mean_of(sources)
    apart = [
        {name: distance(source[name], mean[name]) for name in BINS} for source in sources.values()
    ]
    found = {
        label: {name: distance(own[name], mean[name]) for name in BINS}
        for label, own in ours.items()
    }
    for label, choose in (("median source", np.median), ("furthest source", np.max)):
        found[label] = {name: float(choose([one[name] for one in apart])) for name in BINS}
    return found


def table(results: dict[str, Any]) -> str:
    """Return how far scenes are from real maps, statistic by statistic."""
    names = list(results["distances"])
    rows = [
        [statistic, *(f"{results['distances'][name][statistic]:.2f}" for name in names)]
        for statistic in results["statistics"]
    ]
    return sourced_table(results, ["statistic", *names], rows, names=1)


def plot(sources: dict[str, dict[str, Array]], ours: dict[str, dict[str, Array]]) -> None:
    """Plot the cumulative curves: each source grey, their mean black, ours in colour."""
    pyplot = plots.pyplot()
    figure, axes = pyplot.subplots(2, 4, figsize=(15, 7), layout="constrained")
    for axis, (name, bins) in zip(axes.flat[: len(BINS)], BINS.items(), strict=True):
        places = bins[1:]
        for histogram in sources.values():
            axis.step(places, np.cumsum(histogram[name]), color="0.75", linewidth=1)
        axis.step(places, np.cumsum(mean_of(sources)[name]), color="black", linewidth=2)
        for colour, histogram in zip(COLOURS, ours.values(), strict=True):
            axis.step(places, np.cumsum(histogram[name]), color=colour, linewidth=1.5)
        if name != "spectrum slope":
            axis.set_xscale("log")
            axis.set_xlim(places[places > 1e-6].min(), places.max())
        axis.set(title=name, ylim=(0, 1))
        axis.grid(alpha=0.3)
    handles = [
        pyplot.Line2D([], [], color=colour, label=label)
        for colour, label in zip(
            ("0.75", "black", *COLOURS),
            ("each set of real or rendered maps", "their mean", *ours),
            strict=True,
        )
    ]
    axes.flat[-1].axis("off")
    axes.flat[-1].legend(handles=handles, loc="center")
    plots.save(figure, PLOT)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--crops", type=int, default=200, help="of each source, and of ours")
    given = parser.parse_args()
    sources = {}
    for name, (pattern, invalid) in track(SOURCES.items(), "sources"):
        if not any(given.data.glob(pattern)):
            raise SystemExit(f"{given.data / pattern}: no such file; give --data")
        sources[name] = histograms(real_crops(given.data, pattern, invalid, given.crops))
    base = load_recipe("base").scenes
    shares = {"cut-outs": 0.0, "ray-cast": 1.0, "the base recipe's mix": base.ray_cast}
    ours = {
        name: histograms(rendered_crops(dataclasses.replace(base, ray_cast=share), given.crops))
        for name, share in track(shares.items(), "scenes")
    }
    content = {
        "sources": list(sources),
        "statistics": list(BINS),
        "distances": distances(sources, ours),
    }
    command = f"python -m benchmarks scene_statistics --crops {given.crops}"
    save_results("scene_statistics", command, content)
    plot(sources, ours)
