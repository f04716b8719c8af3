"""Thin things: how much of posts, rails, spindles and leaves of 1 to 3 pixels is found again.

On rendered scenes of posts, rails, spindles and leaves before a wall, of known widths, by
degradation and width. A pixel of a thing is found if the prediction is within a tenth of its depth;
a pixel of the wall beside things, further than a pixel from any and within 8, is false if the
prediction is nearer than it by more than a tenth. Each thing is nearer than the wall by two fifths
or more, so that what lies between the two is neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

import dsdmsr
from benchmarks.common.options import TIERS, options
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.data.seeds import LARGEST_SEED, generator
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.degradations import Degradation
from dsdmsr.evaluation.methods import HighRes, LowRes, Method, baseline
from dsdmsr.evaluation.network_method import Network
from dsdmsr.metrics.windows import window_extreme

SIZE = (480, 640)
SCALE = 4
SCENES = 6
"""For each width."""
THINGS, LEAVES = 3, 60
"""Of each of the others, and leaves."""
WIDTHS = (1, 2, 3)
DEGRADATIONS: tuple[Degradation, ...] = ("bicubic", "area", "opencv_cubic", "interval")
WITHIN, BESIDE = 0.1, 8
SERIES = LARGEST_SEED + 7
"""A series of random numbers that no training reaches."""


class Scene(NamedTuple):
    """A rendered map, H×W."""

    depth: NDArray[np.float64]
    """Metres."""
    thin: NDArray[np.bool_]
    """Which pixels are of things."""

    @property
    def beside(self) -> NDArray[np.bool_]:
        """Which pixels of the wall count."""
        thin = torch.from_numpy(self.thin)[None, None].float()
        near, touching = (window_extreme(thin, k, "max")[0, 0].numpy() > 0 for k in (BESIDE, 1))
        return near & ~touching


def scene(width: int, number: int) -> Scene:
    """Render a scene of things that are `width` pixels across."""
    rng = generator(SERIES + width, number)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float64)
    slopes = rng.uniform(-0.04, 0.04, 2)
    nearness = 0.2 + slopes[0] * (x / SIZE[1] - 0.5) + slopes[1] * (y / SIZE[0] - 0.5)
    wall, thin = nearness.copy(), np.zeros(SIZE, dtype=bool)
    for kind in ["post", "rail", "spindle"] * THINGS + ["leaf"] * LEAVES:
        at = rng.uniform(0.05, 0.95, 2) * SIZE[::-1]
        angle = {"post": np.pi / 2, "rail": 0.0}.get(kind, rng.uniform(0, np.pi))
        along = (x - at[0]) * np.cos(angle) + (y - at[1]) * np.sin(angle)
        across = (y - at[1]) * np.cos(angle) - (x - at[0]) * np.sin(angle)
        if kind == "leaf":
            inside = (along / (1.5 * width)) ** 2 + (across / (width / 2)) ** 2 < 1
        else:
            # Posts and rails cross the whole map, spindles a part of it.
            half = rng.uniform(20, 100) if kind == "spindle" else max(SIZE)
            inside = (np.abs(across) < width / 2) & (np.abs(along) < half)
        itself = wall[inside].max(initial=0) * rng.uniform(1.7, 2.5)
        nearness[inside] = np.maximum(nearness[inside], itself)
        thin |= inside
    return Scene(1 / nearness, thin)


class Counts(NamedTuple):
    """Pixels of a prediction."""

    found: int
    thin: int
    false: int
    beside: int


def count(pred: HighRes, of: Scene) -> Counts:
    """Count the pixels that are found, and false."""
    found = np.abs(pred.values - of.depth) <= WITHIN * of.depth
    false = pred.values < (1 - WITHIN) * of.depth
    beside = of.beside
    return Counts(
        int((found & of.thin).sum()),
        int(of.thin.sum()),
        int((false & beside).sum()),
        int(beside.sum()),
    )


def degraded(of: Scene, degradation: Degradation) -> LowRes:
    """Return a scene's low-resolution map."""
    values, valid = degrade(torch.from_numpy(of.depth)[None, None], SCALE, degradation)
    return LowRes(values[0, 0].numpy(), valid[0, 0].numpy(), SCALE, degradation, "depth")


def methods() -> Iterator[tuple[str, Method]]:
    """Yield bicubic resizing, and the networks as they are by default and blind."""
    yield "bicubic", baseline("bicubic")
    for name in TIERS:
        network = Network.from_pretrained(name, "cpu")
        yield name, network.finding()
        if network.known:
            yield f"{name}, blind", network.without_known()


def measure() -> list[dict[str, Any]]:
    """Return a row for each degradation, width and method."""
    each = dict(methods())
    totals: dict[tuple[str, int, str], list[Counts]] = defaultdict(list)
    for width, number in track(list(product(WIDTHS, range(SCENES))), "measuring"):
        of = scene(width, number)
        for degradation in DEGRADATIONS:
            low_res = degraded(of, degradation)
            for name, method in each.items():
                totals[degradation, width, name].append(count(method(low_res), of))
    rows = []
    for (degradation, width, name), counts in totals.items():
        found, thin, false, beside = (sum(column) for column in zip(*counts, strict=True))
        about = {"degradation": degradation, "width": width, "method": name}
        rows.append({**about, "found": found / thin, "false": false / beside})
    return rows


def table(results: dict[str, Any]) -> str:
    """Return the shares that are found by width, their mean, and the shares that are false."""
    by = {(row["degradation"], row["method"], row["width"]): row for row in results["rows"]}
    names = list(dict.fromkeys(row["method"] for row in results["rows"]))
    rows = []
    for degradation, name in product(DEGRADATIONS, names):
        each = [by[degradation, name, width] for width in WIDTHS]
        found = [row["found"] for row in each]
        shares = [*found, float(np.mean(found)), float(np.mean([row["false"] for row in each]))]
        words = "samples" if degradation == "interval" else degradation.replace("_", " ")
        rows.append([words, name, *(f"{share:.1%}" for share in shares)])
    widths = [f"{width} px" for width in WIDTHS]
    head = ["degradation", "method", *widths, "mean found", "false beside"]
    return sourced_table(results, head, rows, names=2)


def main() -> None:
    options(__doc__).parse_args()
    dsdmsr.keep_memory()
    content = {"scale": SCALE, "scenes": SCENES, "rows": measure()}
    save_results("thin", "python -m benchmarks thin", content, TIERS)
