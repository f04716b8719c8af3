"""What enlarges a sensor's frames: interpolation, ROS, RealSense's filters, and ours.

A method takes the frames of a sequence in their order, as depth maps, and gives the larger ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common.realsense import CHAINS, MILLIMETRE, camera_frames, chain
from dsdmsr import DepthMap, TemporalFilter, Upscaler
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.holes import enlarge_valid, fill_nearest
from dsdmsr.upscaling.auto import AUTO, choose_network
from dsdmsr.upscaling.rows import Rows
from dsdmsr.upscaling.sharpen import sharpen
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

__all__ = [
    "BICUBIC",
    "NETWORKS",
    "OURS",
    "PEERS",
    "Frames",
    "bicubic",
    "nearest_fill",
    "ours",
    "predictions",
    "register",
    "runs",
    "upscaler",
]

BICUBIC, NEAREST, REGISTER = "bicubic", "nearest fill, bicubic", "ROS register"
NETWORKS = ("dsdmsr-fast", DEFAULT_MODEL, ROBUST_MODEL)
TEMPORAL, FILL, SHARP, ALL = (
    f"{ROBUST_MODEL} {options}"
    for options in ("--temporal", "--fill", "--edges sharp", "all three")
)
PEERS = (BICUBIC, NEAREST, REGISTER, *CHAINS)
OURS = (*NETWORKS, AUTO, TEMPORAL, FILL, SHARP, ALL)


@dataclass(frozen=True)
class Frames:
    """The frames of a sensor."""

    millimetres: NDArray[np.uint16]
    """f h w; 0 = no depth."""
    focal: float
    """In pixels of the frame."""
    baseline: float | None
    """Of a stereo camera, in metres; None for other sensors."""

    def maps(self) -> list[DepthMap]:
        """Return them as depth maps in metres."""
        return [_depth(frame) for frame in self.millimetres]


def _depth(millimetres: NDArray[np.uint16]) -> DepthMap:
    return DepthMap(millimetres * MILLIMETRE, millimetres > 0, unit="m")


def bicubic(depth: DepthMap, scale: int) -> DepthMap:
    """Enlarge a map by OpenCV's bicubic resize; no hole takes part, and holes stay."""
    values = nearest_fill(depth, scale).values
    return DepthMap(values, enlarge_valid(depth.valid, scale), unit="m")


def nearest_fill(depth: DepthMap, scale: int) -> DepthMap:
    """Fill holes with their nearest valid values, and enlarge by OpenCV's bicubic resize."""
    height, width = depth.shape
    filled = fill_nearest(depth.values, depth.valid)
    larger = cv2.resize(filled, (scale * width, scale * height), interpolation=cv2.INTER_CUBIC)
    return DepthMap(np.maximum(larger, 0), unit="m")  # it overshoots


def register(depth: DepthMap, scale: int) -> DepthMap:
    """Enlarge a map as ROS's depth_image_proc does, with ``fill_upsampling_holes``.

    The node ``RegisterNode`` projects the points half a pixel up and left, and half a pixel down
    and right, of a valid depth into the larger picture, rounds both to the nearest pixel, and gives
    the depth to the whole rectangle, its last row and column included. Between cameras whose
    pictures cover each other, this is s·u … s·u + s along each axis, a pixel more than the depth
    covers; there the nearer depth stays. Rectangles that end outside of the picture are left
    out, and with them the last row and column of depths; holes stay.

    Source:
        depth_image_proc/src/register.cpp of image_pipeline 5.0.1.
    """
    height, width = depth.shape
    nearest = np.full((scale * height, scale * width), np.inf, np.float32)
    shown = np.where(depth.valid, depth.values, np.float32(np.inf))[:-1, :-1]
    for down in range(scale + 1):
        for right in range(scale + 1):
            end = scale * (height - 1) + down, scale * (width - 1) + right
            there = nearest[down : end[0] : scale, right : end[1] : scale]
            np.minimum(there, shown, out=there)
    return DepthMap(nearest, np.isfinite(nearest), unit="m")


INTERPOLATIONS: dict[str, Callable[[DepthMap, int], DepthMap]] = {
    BICUBIC: bicubic,
    NEAREST: nearest_fill,
    REGISTER: register,
}
"""Methods that take each frame by itself."""


def upscaler(name: str, scale: int, **settings: Any) -> Upscaler:
    """Load a network as the command does with such options."""
    return Upscaler.from_pretrained(name, scale=scale, device="cpu", **settings)


def predictions(
    frames: Frames, scale: int, networks: Mapping[str, Upscaler]
) -> dict[str, list[DepthMap]]:
    """Return every method's larger maps, in the order of the frames.

    Args:
        frames: A sequence.
        scale: By how much to enlarge it.
        networks: `NETWORKS` → their upscalers, which fill all holes.
    """
    maps = frames.maps()
    found = {
        name: [enlarge(depth, scale) for depth in maps] for name, enlarge in INTERPOLATIONS.items()
    }
    with camera_frames(list(frames.millimetres), frames.focal, frames.baseline) as given:
        for name, filters in CHAINS.items():
            run = chain(filters, stereo=frames.baseline is not None)
            found[name] = [_filtered(run, frame, scale) for frame in given]
    return found | ours(maps, networks)


def ours(maps: list[DepthMap], networks: Mapping[str, Upscaler]) -> dict[str, list[DepthMap]]:
    """Return what networks predict; options that act after a network share its predictions."""
    filled = {}
    for name, network in networks.items():
        network.begin_sequence()
        filled[name] = [network(depth, errors=True) for depth in maps]
    masks = [networks[ROBUST_MODEL].filled(depth.valid) for depth in maps]
    found = {name: _with_holes(larger, masks) for name, larger in filled.items()}
    # The rule that `auto` follows, which keeps its choice for a sequence.
    found[AUTO] = found[choose_network(maps[0])]
    found[TEMPORAL] = _steady(found[ROBUST_MODEL], maps)
    found[FILL] = filled[ROBUST_MODEL]
    sharp = [_sharpened(depth) for depth in filled[ROBUST_MODEL]]
    found[SHARP] = _with_holes(sharp, masks)
    found[ALL] = _steady(sharp, maps)
    return found


def _with_holes(larger: list[DepthMap], masks: list[NDArray[np.bool_]]) -> list[DepthMap]:
    return [
        DepthMap(depth.values, depth.valid & ~mask, unit="m", error=depth.error)
        for depth, mask in zip(larger, masks, strict=True)
    ]


def _sharpened(depth: DepthMap) -> DepthMap:
    rows = Rows(depth.values, depth.valid, depth.error)
    (sharp,) = sharpen(iter([rows]), len(depth.values))
    return DepthMap(sharp.values, sharp.valid, unit="m", error=sharp.error)


def _steady(larger: list[DepthMap], maps: list[DepthMap]) -> list[DepthMap]:
    steady = TemporalFilter()
    return [
        steady(depth, noisy=looks_noisy(frame.values, frame.valid))
        for depth, frame in zip(larger, maps, strict=True)
    ]


@contextmanager
def runs(frames: Frames, scale: int) -> Iterator[dict[str, Callable[[], object]]]:
    """Give each method as a function that enlarges the first frame, with its own options."""
    (depth,), settings = frames.maps()[:1], {"fill": frames.millimetres[0].size}
    networks = {name: upscaler(name, scale) for name in (*NETWORKS, AUTO)}
    networks[FILL] = upscaler(ROBUST_MODEL, scale, **settings)
    networks[SHARP] = upscaler(ROBUST_MODEL, scale, edges="sharp")
    steady = {
        TEMPORAL: (networks[ROBUST_MODEL], TemporalFilter()),
        ALL: (upscaler(ROBUST_MODEL, scale, edges="sharp", **settings), TemporalFilter()),
    }
    with camera_frames([frames.millimetres[0]], frames.focal, frames.baseline) as (frame,):
        filters = {
            name: chain(of, stereo=frames.baseline is not None) for name, of in CHAINS.items()
        }
        yield {
            **{name: partial(run, depth, scale) for name, run in INTERPOLATIONS.items()},
            **{name: partial(_filtered, run, frame, scale) for name, run in filters.items()},
            **{name: partial(network, depth) for name, network in networks.items()},
            **{name: partial(_filtered_after, *of, depth) for name, of in steady.items()},
        }


def _filtered(run: Callable[[Any], NDArray[np.uint16]], frame: Any, scale: int) -> DepthMap:
    return bicubic(_depth(run(frame)), scale)


def _filtered_after(network: Upscaler, steady: TemporalFilter, depth: DepthMap) -> DepthMap:
    return steady(network(depth, errors=True), noisy=looks_noisy(depth.values, depth.valid))
