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

from benchmarks.common.options import with_data
from benchmarks.common.results import save_results, sourced_table
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.sensing import SensingConfig, blurred
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
SCENES, SEED = 1500, 1
SCALES = (2, 4, 8, 16)
SIDES, SHARES = (256, 384, 512, 640, 1024), (0.25, 0.25, 0.25, 0.15, 0.1)
"""Sides of rendered scenes, and how often each is taken: large ones take long."""
SIDE_MAX = 160
"""Largest side of a low-resolution map of them."""
NOISES = (0.0, 0.002, 0.005)
"""Standard deviations of noise, shares of a map's range."""
ROUNDINGS = {"none": None, "8 bits": (60.0, 250.0), "mm": (1000.0, 8000.0)}
"""How many whole numbers the range then has."""
SHARP = 0.55
"""Share of scenes whose edges stay as they are rendered."""
HIDDEN, STEPS, BATCH, RATE, DECAY = 64, 16000, 64, 4e-3, 1e-2
COUNTS = (16, 32, 32, 64, 64, 128)
"""How many steps of a map are seen at once in training."""
LEAST_SIDE, LARGEST_SIDE = 48, 1600
"""Of real maps, low and high resolution."""
CLEAN_SIDE = 64
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
    at = int(rng.integers(scale))
    if source == "samples" and rng.random() < 0.6:
        return hr_depth[at::scale, at::scale]
    if source == "samples":
        # From pixels' centres, ×2, linear interpolation is the mean of blocks.
        aligned = scale == 2 or bool(rng.integers(2))
        return functional.interpolate(whole, size, mode="bilinear", align_corners=aligned)[0, 0]
    return otherwise(whole, size, at, rng)[0, 0]


def otherwise(whole: Tensor, size: list[int], at: int, rng: np.random.Generator) -> Tensor:
    """Return maps that came by none of the sources: filtered, or enlarged from smaller ones."""
    scale = whole.shape[-1] // size[-1]
    kind = rng.choice(["triangle", "gaussian", "enlarged", "filtered"], p=(0.35, 0.35, 0.2, 0.1))
    if kind == "triangle":
        return functional.interpolate(whole, size, mode="bilinear", antialias=True)
    if kind == "gaussian":
        soft = blurred(whole, rng.uniform(0.3, 0.8) * scale)
        return soft[..., scale // 2 :: scale, scale // 2 :: scale]
    if kind == "enlarged":
        less, crisp = [round(n / rng.choice([1.5, 2, 3])) for n in size], rng.random() < 0.5
        how = {"mode": "nearest"} if crisp else {"mode": "bilinear", "antialias": True}
        small = functional.interpolate(whole, less, **how)
        return functional.interpolate(small, size, mode=str(rng.choice(["bilinear", "bicubic"])))
    samples = whole[..., at::scale, at::scale]
    soft = blurred(samples, rng.uniform(0.6, 1.2))
    return samples + rng.uniform(0.2, 0.6) * (samples - soft) if rng.random() < 0.5 else soft


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
    """Yield examples of rendered scenes, each at every factor that leaves enough of it."""
    config = SceneConfig(ray_cast=0.25, sensing=SensingConfig(frayed=0.3, levels=(50.0, 2000.0)))
    rng = np.random.default_rng(seed)
    for number in track(range(count), "scenes"):
        side = int(rng.choice(SIDES, p=SHARES))
        scene = render_scenes(seed, [number], (side, side), config)[0][0, 0]
        span = float(scene.max() - scene.min())
        for scale in (scale for scale in SCALES if span > 0 and side >= scale * LEAST_SIDE):
            shown = min(side, scale * SIDE_MAX)
            top, left = rng.integers(0, side - shown + 1, 2)
            part = scene[top : top + shown, left : left + shown]
            truth = softened((part - scene.min()) / span, rng)
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


def patterns() -> list[NDArray[np.float32]]:
    """Return what an ideal step becomes by each source, wherever it is between pixels, k×8."""
    found = []
    for source in ("bicubic", "area", "opencv_cubic"):
        rows = []
        for scale, at in ((s, k) for s in SCALES for k in range(s)):
            step = torch.zeros(1, 1, 8 * scale, 24 * scale, dtype=torch.float64)
            step[..., 12 * scale + at :] = 1
            row = degrade(step, scale, source)[0][0, 0, 4].numpy()
            middle = int(np.diff(row).argmax())
            rows.append(row[middle - 3 : middle + 5])
        both = np.concatenate([rows, 1 - np.array(rows)[:, ::-1]])
        found.append(np.unique(both.round(5), axis=0))
    crisp = np.array([[0, 0, 0, 0, 1, 1, 1, 1]])
    linear = np.array([[0, 0, 0, 0.5, 1, 1, 1, 1], [0, 0, 0, 0, 0.5, 1, 1, 1]])
    return [np.asarray(each, np.float32) for each in (*found, crisp, linear)]


class Sets(nn.Module):
    """The network of `dsdmsr.depth.find_degradation`."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first, self.weigh = nn.Linear(features, HIDDEN), nn.Linear(HIDDEN, 1)
        self.second = nn.Linear(HIDDEN, HIDDEN // 2)
        self.third, self.last = nn.Linear(HIDDEN // 2 + 1, 32), nn.Linear(32, len(SOURCES))

    def forward(self, steps: Tensor) -> Tensor:
        """Return the scores of each source, b×5, for sets of steps, b×n×34."""
        hidden = functional.relu(self.first(steps))
        weights = torch.sigmoid(self.weigh(hidden))
        total = weights.sum(1)
        mean = (functional.relu(self.second(hidden)) * weights).sum(1) / (total + 1e-3)
        pooled = torch.cat([mean, total.log1p() / 5], 1)
        scores: Tensor = self.last(functional.relu(self.third(pooled)))
        return scores

    def arrays(self) -> list[NDArray[np.float32]]:
        """Return the weights in the order of the file."""
        layers = (self.first, self.weigh, self.second, self.third, self.last)
        tensors = [each for layer in layers for each in (layer.weight.T, layer.bias)]
        return [np.ascontiguousarray(each.detach().numpy()) for each in tensors]


def train(examples: Iterator[Example]) -> Sets:
    """Return a network that tells the sources of examples apart."""
    features, sources = [], []
    for example in examples:
        profiles = step_profiles(example.values, np.ones(example.values.shape, np.bool_))
        if len(profiles) >= STEPS_MIN:
            both = np.concatenate([profiles, 1 - profiles[:, ::-1]])
            features.append(torch.from_numpy(step_features(both)).half())
            sources.append(SOURCES.index(example.source))
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    network, wanted = Sets(features[0].shape[-1]), torch.tensor(sources)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in track(range(STEPS), "training"):
        count = int(rng.choice(COUNTS))
        chosen = rng.integers(len(features), size=BATCH)
        sets = torch.stack(
            [features[k][rng.integers(len(features[k]), size=count)] for k in chosen]
        )
        loss = functional.cross_entropy(
            network(sets.float()), wanted[chosen], label_smoothing=0.005
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        schedule.step()
    return network


def write(arrays: Sequence[NDArray[np.float32]]) -> None:
    """Write arrays one after the other, as `dsdmsr.depth.find_degradation` reads them."""
    with WEIGHTS.open("wb") as file:
        for array in arrays:
            np.save(file, array.astype(np.float16))


def measured(examples: Iterator[Example]) -> list[dict[str, Any]]:
    """Return a row for each example: what it is, and what was found."""
    rows = []
    for example in examples:
        found = find_degradation(example.values, np.ones(example.values.shape, np.bool_))
        row: dict[str, Any] = {**example._asdict(), "found": None, "steps": 0}
        row["side"] = min(row.pop("values").shape)
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


def table_by_kind(results: dict[str, Any]) -> str:
    """Return how often something was said, and wrongly, by what the maps are like."""
    rows = [row for row in results["rows"] if row["steps"] >= STEPS_MIN]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(f"×{row['scale']}", []).append(row)
        groups.setdefault(f"noise of {row['noise']:.1%} of the range", []).append(row)
        groups.setdefault(f"rounded: {row['rounding']}", []).append(row)
        if not row["noise"] and row["rounding"] == "none" and row["side"] >= CLEAN_SIDE:
            groups.setdefault(f"clean, {CLEAN_SIDE}×{CLEAN_SIDE} or larger", []).append(row)
        groups.setdefault(row["name"], []).append(row)
    cells = []
    for name, of in sorted(groups.items(), key=lambda item: (item[0][0].islower(), item[0])):
        known = [row for row in of if row["source"] != "other"]
        told = sum(row["found"] is not None for row in known) / len(known)
        bicubic = [row for row in of if row["source"] == "bicubic"]
        found = sum(row["found"] == "bicubic" for row in bicubic) / len(bicubic)
        wrong, _ = wrong_and_decided(of)
        cells.append([name, str(len(of)), f"{told:.0%}", f"{found:.0%}", f"{wrong:.1%}"])
    head = ["maps", "count", "something said", "bicubic found", "wrong"]
    return sourced_table(results, head, cells, names=1)


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
        of_steps = patterns()
        write([*of_steps, *(np.zeros(1, np.float32) for _ in range(10))])  # for their features
        write([*of_steps, *train(rendered(SCENES, SEED)).arrays()])
    rows = measured(real(given.data))
    wrong, decided = wrong_and_decided(rows)
    print(f"of {len(rows)} maps {wrong:.2%} wrong, {decided:.0%} told")
    save_results("degradation", "python -m experiments degradation --check", {"rows": rows})
