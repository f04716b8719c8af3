"""The degradation found from a map: trains what tells it on rendered scenes, checks it on others.

Scenes of four kinds of truth (sharp, enlarged, blurred) are downsampled in seven ways, with noise
and rounded, and a small network learns to tell which way from features of their steps. With --check
the packaged weights stay, and real maps of the train/ folders alone are measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.common.options import ROOT, with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.data.scenes.render import SceneConfig, SensingConfig, render_scenes
from dsdmsr.data.scenes.sensing import blurred
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.find_degradation import (
    STEPS_MIN,
    WEIGHTS,
    StepSource,
    find_degradation,
    step_features,
    step_profiles,
)
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.errors import DsdmsrError
from dsdmsr.io.read import read_depth

SOURCES: tuple[StepSource, ...] = get_args(StepSource)
SCENES, SEED = 1000, 1
SCALES, SHARES = (2, 4, 8, 16), (0.3, 0.35, 0.25, 0.1)
SIDES = {2: (64, 96, 128, 160), 4: (64, 96, 128, 160), 8: (80,), 16: (64,)}
"""Sides of low-resolution maps: large scenes take long to render."""
NOISES = (0.0, 0.002, 0.005)
"""Standard deviations of noise, shares of a map's range."""
ROUNDINGS = {"none": None, "8 bits": (60.0, 250.0), "mm": (1000.0, 8000.0)}
"""How many whole numbers the range then has."""
SHARP = 0.55
"""Share of scenes whose edges stay as they are rendered."""
HIDDEN, STEPS, RATE, DECAY = 32, 6000, 3e-3, 2e-2
LEAST_SIDE, LARGEST_SIDE = 48, 1600
"""Of real maps, low and high resolution."""
HOLES_MAX = 0.3
"""Maps with a larger share of holes are left out."""


class Example(NamedTuple):
    """A low-resolution map whose degradation is known."""

    values: NDArray[np.float32]
    source: StepSource
    scale: int
    noise: float
    rounding: str
    name: str
    """Whose map it is."""


def downsample(
    hr_depth: Tensor, scale: int, source: StepSource, rng: np.random.Generator
) -> Tensor:
    """Return a map, H×W, downsampled in one of the ways that `source` stands for."""
    whole, size = hr_depth[None, None], [n // scale for n in hr_depth.shape]
    if source in ("bicubic", "area", "opencv_cubic"):
        return degrade(whole, scale, source)[0][0, 0]
    if source == "samples" and rng.random() < 0.6:
        at = int(rng.integers(scale))
        return hr_depth[at::scale, at::scale]
    if source == "samples":
        # From pixels' centres, ×2, linear interpolation is the mean of blocks.
        aligned = scale == 2 or bool(rng.integers(2))
        return functional.interpolate(whole, size, mode="bilinear", align_corners=aligned)[0, 0]
    if rng.random() < 0.5:
        return functional.interpolate(whole, size, mode="bilinear", antialias=True)[0, 0]
    return blurred(whole, rng.uniform(0.3, 0.7) * scale)[
        0, 0, scale // 2 :: scale, scale // 2 :: scale
    ]


def softened(hr_depth: Tensor, rng: np.random.Generator) -> Tensor:
    """Return a truth as it is, or soft: enlarged from a smaller one, or blurred."""
    kind = rng.random()
    if kind < SHARP:
        return hr_depth
    if kind < (1 + SHARP) / 2:
        return blurred(hr_depth[None, None], rng.uniform(0.5, 2))[0, 0]
    size, times = list(hr_depth.shape), float(rng.choice([1.5, 2, 3]))
    mode = "area" if rng.random() < 0.5 else "bilinear"
    small = functional.interpolate(hr_depth[None, None], [int(n / times) for n in size], mode=mode)
    return functional.interpolate(small, size, mode="bicubic")[0, 0]


def examples_of(
    hr_depth: Tensor, scale: int, name: str, rng: np.random.Generator
) -> Iterator[Example]:
    """Yield a truth of 0…1, downsampled in every way, each perhaps with noise and rounded."""
    for source in SOURCES:
        values = downsample(hr_depth.double(), scale, source, rng).numpy()
        noise = float(rng.choice(NOISES, p=(0.6, 0.2, 0.2)))
        rounding = str(rng.choice(list(ROUNDINGS), p=(0.5, 0.25, 0.25)))
        values = values + noise * rng.standard_normal(values.shape)
        if (levels := ROUNDINGS[rounding]) is not None:
            values = np.round(values * rng.uniform(*levels))
        yield Example(values.astype(np.float32), source, scale, noise, rounding, name)


def rendered(count: int, seed: int) -> Iterator[Example]:
    """Yield examples of rendered scenes."""
    config = SceneConfig(ray_cast=0.25, sensing=SensingConfig(frayed=0.3, levels=(50.0, 2000.0)))
    rng = np.random.default_rng(seed)
    for number in track(range(count), "scenes"):
        scale = int(rng.choice(SCALES, p=SHARES))
        side = scale * int(rng.choice(SIDES[scale]))
        scene = render_scenes(seed, [number], (side, side), config)[0][0, 0]
        span = float(scene.max() - scene.min())
        if span > 0:
            truth = softened((scene - scene.min()) / span, rng)
            yield from examples_of(truth, scale, "rendered", rng)


def real(data: Path) -> Iterator[Example]:
    """Yield examples of the maps that may choose things."""
    rng = np.random.default_rng(0)
    for path in track(sorted(data.glob("*/train/**/*.*")), "real maps"):
        try:
            depth = read_depth(path)
        except DsdmsrError:
            continue
        if np.mean(~depth.valid) > HOLES_MAX:
            continue
        values = fill_nearest(depth.values, depth.valid)
        truth = torch.from_numpy((values - values.min()) / max(float(np.ptp(values)), 1e-9))
        name = "/".join(path.relative_to(data).parts[:-1]).replace("/train", "")
        for scale in SCALES:
            crop = _middle(truth, scale)
            if min(crop.shape) >= scale * LEAST_SIDE:
                yield from examples_of(crop, scale, name, rng)


def _middle(depth: Tensor, scale: int) -> Tensor:
    """Return the middle of a map, whose sides are multiples of a factor."""
    sides = [min(n, LARGEST_SIDE) // scale * scale for n in depth.shape]
    top, left = ((n - side) // 2 for n, side in zip(depth.shape, sides, strict=True))
    return depth[top : top + sides[0], left : left + sides[1]]


def train(examples: Iterator[Example]) -> dict[str, NDArray[np.float32]]:
    """Return the weights that tell the sources of examples apart."""
    features, sources = [], []
    for example in examples:
        profiles = step_profiles(example.values, np.ones(example.values.shape, np.bool_))
        if len(profiles) >= STEPS_MIN:
            features.append(step_features(profiles))
            sources.append(SOURCES.index(example.source))
    x, y = torch.from_numpy(np.stack(features)), torch.tensor(sources)
    shift, scale = x.mean(0), x.std(0) + 1e-3
    torch.manual_seed(SEED)
    first, second = nn.Linear(x.shape[1], HIDDEN), nn.Linear(HIDDEN, len(SOURCES))
    network = nn.Sequential(first, nn.ReLU(), second)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    x = (x - shift) / scale
    for _ in track(range(STEPS), "training"):
        batch = torch.randint(len(x), (512,))
        # A little noise, so that no single feature decides.
        seen = x[batch] + 0.1 * torch.randn(512, x.shape[1])
        loss = functional.cross_entropy(network(seen), y[batch], label_smoothing=0.01)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    weights = {
        "shift": shift,
        "scale": scale,
        "first": first.weight.detach().T,
        "first_bias": first.bias.detach(),
        "second": second.weight.detach().T,
        "second_bias": second.bias.detach(),
    }
    return {name: np.ascontiguousarray(each.numpy(), np.float32) for name, each in weights.items()}


def measured(examples: Iterator[Example]) -> list[dict[str, Any]]:
    """Return a row for each example: what it is, and what was found."""
    rows = []
    for example in examples:
        found = find_degradation(example.values, np.ones(example.values.shape, np.bool_))
        row: dict[str, Any] = {**example._asdict(), "found": None, "steps": 0}
        del row["values"]
        if found is not None:
            row |= {"found": found.name, "steps": found.steps}
        rows.append(row)
    return rows


def table(results: dict[str, Any]) -> str:
    """Return what was found of real maps that came by each degradation, in per cent."""
    rows = [row for row in results["rows"] if row["steps"] >= STEPS_MIN]
    named = [source for source in SOURCES if source != "other"]
    cells = []
    for source in SOURCES:
        of = [row for row in rows if row["source"] == source]
        counts = [sum(row["found"] == name for row in of) for name in (*named, None)]
        cells.append([source, str(len(of)), *(f"{count / len(of):.1%}" for count in counts)])
    return sourced_table(results, ["degraded by", "maps", *named, "nothing said"], cells, names=1)


def wrong_and_decided(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the shares of maps with enough steps that were told wrongly, and told at all."""
    told = [row for row in rows if row["steps"] >= STEPS_MIN and row["found"] is not None]
    wrong = sum(row["found"] != row["source"] for row in told)
    count = max(1, sum(row["steps"] >= STEPS_MIN for row in rows))
    return wrong / count, len(told) / count


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--check", action="store_true", help="train nothing")
    given = parser.parse_args()
    if not given.check:
        weights = train(rendered(SCENES, SEED))
        folder = ROOT / "src" / "dsdmsr" / "depth"
        np.savez_compressed(
            folder / WEIGHTS, **{k: v.astype(np.float16) for k, v in weights.items()}
        )
    rows = measured(real(given.data))
    wrong, decided = wrong_and_decided(rows)
    print(f"of {len(rows)} maps {wrong:.2%} wrong, {decided:.0%} told")
    save_results("degradation", "python -m experiments degradation --check", {"rows": rows})
