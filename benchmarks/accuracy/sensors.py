"""Peers beside us on sensors' work: bicubic, ROS's register, RealSense's filters.

Rendered sequences, seen by a camera that stands still and by one that moves slowly, become frames
of depth sensors of 160×120 pixels: one ray a pixel, the noise of a structured-light camera, an
active stereo camera or a time-of-flight camera, shadows beside edges, single lost pixels, whole
millimetres. Every method enlarges these frames; the truth is the same scene, rendered at the larger
size. On the first frames, which do not count, filters settle. Needs pyrealsense2.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.progress import track

import dsdmsr
from benchmarks.accuracy.sensor_frames import SENSORS, SPECKLES, sensed
from benchmarks.accuracy.sensor_methods import (
    BICUBIC,
    NETWORKS,
    OURS,
    PEERS,
    Frames,
    predictions,
    runs,
    upscaler,
)
from benchmarks.accuracy.sensor_scores import EDGE_STEP, Scores, Truth, root_mean
from benchmarks.common.options import options
from benchmarks.common.realsense import load_sdk
from benchmarks.common.results import save_results
from benchmarks.common.sequences import SAME_SURFACE, RenderedSequence
from benchmarks.common.threads import hold_to
from benchmarks.common.timing import in_turn, median_ratio
from dsdmsr.data.scenes.scenery import SceneryConfig
from dsdmsr.depth.holes import enlarge_valid
from dsdmsr.upscaling.auto import choose_network

SEED = 6000
"""Of the scenes; training has seeds of its own, and `flicker` has other scenes."""
LR_SIZE = (120, 160)
SCALES = (2, 4)
SIZE = (480, 640)
"""Of the largest truth."""
SCENES = SceneryConfig(things=(8, 14), radius=(12, 200), window=(0.9, 0.9), depth=0)
"""The focal length is that of the first Kinect: nine tenths of the picture's width."""
METRES = 2.0
"""Distance of the background."""
FURTHEST = 4.0
"""Metres at which all is that lies behind."""
STEPS = {"still": 0.0, "moving": 0.004}
"""Camera → how far it moves from frame to frame, as a share of the background's distance."""
SETTLING = 3
"""Frames that do not count, before those that do."""
TIMED = "active stereo"
"""The sensor on whose frame methods are timed: RealSense's filters have most to do there."""


class Seen(NamedTuple):
    """A sequence as a sensor sees it."""

    sensor: str
    camera: str
    sequence: RenderedSequence
    frames: Frames


def rendered(sequence: RenderedSequence, frames: int, size: tuple[int, int]) -> torch.Tensor:
    """Return a sequence in metres, f 1 h w, at a part of the largest size."""
    depth = sequence.render(SIZE, frames, scale=SIZE[0] // size[0])
    return (METRES * depth).clamp(max=FURTHEST)


def seen(scenes: int, frames: int) -> Iterator[Seen]:
    """Yield each scene, seen by each camera and each sensor."""
    for number in range(scenes):
        for camera, step in STEPS.items():
            rng = np.random.default_rng([SEED, number])
            sequence = RenderedSequence.sample(rng, SIZE, SCENES, step)
            lr_depth = rendered(sequence, frames, LR_SIZE)
            focal = sequence.camera.focal * LR_SIZE[0] / SIZE[0]
            for name, sensor in SENSORS.items():
                millimetres = sensed(sensor, lr_depth, focal, number)
                baseline = sensor.baseline if sensor.stereo else None
                yield Seen(name, camera, sequence, Frames(millimetres, focal, baseline))


def measure(scenes: int, frames: int) -> dict[str, Any]:
    """Return rows of scores, and which network `auto` chose for how many sequences."""
    networks = {
        scale: {name: upscaler(name, scale, fill=LR_SIZE[0] * LR_SIZE[1]) for name in NETWORKS}
        for scale in SCALES
    }
    sums: dict[tuple[str, int, str, str], Scores] = {}
    chosen: dict[str, Counter[str]] = defaultdict(Counter)
    every = seen(scenes, frames)
    for one in track(every, "measuring", total=scenes * len(STEPS) * len(SENSORS)):
        chosen[one.sensor][choose_network(one.frames.maps()[0])] += 1
        for scale in SCALES:
            found = scored(one, scale, networks[scale])
            for name, scores in found.items():
                add(sums.setdefault((one.sensor, scale, name, one.camera), {}), scores)
    rows = [
        row(sensor, scale, name, {camera: sums[sensor, scale, name, camera] for camera in STEPS})
        for sensor in SENSORS
        for scale in SCALES
        for name in (*PEERS, *OURS)
    ]
    return {"rows": rows, "chosen": chosen}


def scored(one: Seen, scale: int, networks: Mapping[str, dsdmsr.Upscaler]) -> dict[str, Scores]:
    """Return each method's scores on the frames that count."""
    given = one.frames.millimetres
    size = scale * LR_SIZE[0], scale * LR_SIZE[1]
    target = rendered(one.sequence, len(given), size)[SETTLING:, 0].numpy()
    known = np.stack([enlarge_valid(frame > 0, scale) for frame in given[SETTLING:]])
    larger = predictions(one.frames, scale, networks)
    counted = {name: maps[SETTLING:] for name, maps in larger.items()}
    return Truth(target, known).scores(counted)


def add(sums: Scores, scores: Scores) -> None:
    """Add scores to those of other sequences."""
    for name, score in scores.items():
        sums[name] = sums.get(name, 0) + score


def row(sensor: str, scale: int, name: str, of: Mapping[str, Scores]) -> dict[str, Any]:
    """Return a method's scores: errors for each camera, in millimetres, and shares over both."""

    def both(score: str) -> Any:
        return sum(scores[score] for scores in of.values())

    def millimetres(metres: float | None) -> float | None:
        return None if metres is None else 1000 * metres

    def mean(score: str) -> float:
        return float(np.divide(*both(score)))

    return {
        "sensor": sensor,
        "scale": scale,
        "method": name,
        "rmse_mm": {camera: millimetres(root_mean(of[camera]["squares"])) for camera in of},
        "mae_mm": millimetres(mean("absolute")),
        "flicker_mm": {
            camera: millimetres(float(np.divide(*of[camera]["flicker"]))) for camera in of
        },
        "flying": mean("flying"),
        "holes": mean("holes"),
        "filled_rmse_mm": millimetres(root_mean(both("filled_squares"))),
    }


def times(rounds: int) -> dict[str, dict[str, float]]:
    """Return CPU time over bicubic's by scale and method: medians over the rounds."""
    frames = next(one.frames for one in seen(1, 1) if one.sensor == TIMED)
    found = {}
    for scale in track(SCALES, "timing"):
        with runs(frames, scale) as each:
            taken = in_turn(each, rounds, clock=time.process_time)
        found[str(scale)] = {
            name: median_ratio(seconds, taken[BICUBIC]) for name, seconds in taken.items()
        }
    return found


def protocol(scenes: int, frames: int, rounds: int) -> dict[str, Any]:
    """Return what results are comparable under."""
    return {
        "scenes": scenes,
        "frames": frames,
        "settling": SETTLING,
        "rounds": rounds,
        "lr_size": LR_SIZE,
        "cameras": STEPS,
        "background_m": METRES,
        "furthest_m": FURTHEST,
        "speckles": SPECKLES,
        "edge_step_m": EDGE_STEP,
        "same_surface": SAME_SURFACE,
        "timed": TIMED,
    }


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--scenes", type=int, default=3)
    parser.add_argument("--frames", type=int, default=6, help=f"the first {SETTLING} do not count")
    parser.add_argument("--rounds", type=int, default=5, help="of timing")
    given = parser.parse_args()
    if given.frames < SETTLING + 2:
        parser.error(f"--frames is {given.frames}: give {SETTLING + 2} or more")
    sdk = load_sdk()
    hold_to(1)
    dsdmsr.keep_memory()
    content = {
        "pyrealsense2": sdk.__version__,
        "protocol": protocol(given.scenes, given.frames, given.rounds),
        "times": times(given.rounds),
        **measure(given.scenes, given.frames),
    }
    command = f"python -m benchmarks sensors --scenes {given.scenes} --frames {given.frames}"
    save_results("sensors", f"{command} --rounds {given.rounds}", content, NETWORKS)
