"""Measure methods under a protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.degradation import degrade, resize_bicubic
from dsdmsr.depth import DepthMap
from dsdmsr.errors import DataError, FileError
from dsdmsr.evaluation.protocols import MapSet, Protocol
from dsdmsr.io.png import read_png
from dsdmsr.metrics import mae, rmse
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.backend import TorchBackend
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["Method", "Score", "count_maps", "evaluate", "methods_for"]

Levels = NDArray[np.float64]
Method = Callable[[Levels, int], Levels]
"""A small map of levels and a factor → the large map."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Hold one method's errors on one scene at one factor."""

    set: str
    scene: str
    scale: int
    method: str
    rmse: float
    mae: float


def _bicubic(lr_levels: Levels, scale: int) -> Levels:
    return np.asarray(resize_bicubic(torch.from_numpy(lr_levels)[None, None], scale)[0, 0].numpy())


def methods_for(name: str, model: DSDMSR, device: str = "auto") -> dict[str, Method]:
    """Return bicubic and the network, by name."""
    backend = TorchBackend(model, device)

    def network(lr_levels: Levels, scale: int) -> Levels:
        depth = DepthMap(lr_levels, kind="disparity", unit="level")
        return Upscaler(backend, scale=scale)(depth).values.astype(np.float64)

    return {"bicubic": _bicubic, name: network}


def count_maps(protocol: Protocol) -> int:
    """Return how many (scene, factor) pairs a protocol has."""
    return len(protocol.scales) * sum(len(maps.scenes) for _, maps in protocol.sets)


def _read_truth(data: Path, maps: MapSet, scene: str) -> Levels:
    path = data / maps.folder / f"{scene}.png"
    if not path.is_file():
        raise DataError(f"{path} is missing: give the folder that holds {maps.folder}")
    try:
        return read_png(path).astype(np.float64)
    except FileError as error:
        raise DataError(f"the protocol's map cannot be used: {error}") from error


def evaluate(protocol: Protocol, data: Path, methods: dict[str, Method]) -> Iterator[list[Score]]:
    """Yield the scores of all methods, one list for each scene and factor.

    Args:
        protocol: How to measure.
        data: The folder that holds the protocol's maps.
        methods: Name → method.

    Raises:
        DataError: If a map is missing or damaged.
    """
    for set_name, maps in protocol.sets:
        for scene in maps.scenes:
            truth = _read_truth(data, maps, scene)
            for scale in protocol.scales:
                height, width = (n // scale * scale for n in truth.shape)
                target = truth[:height, :width]
                small, _ = degrade(
                    torch.from_numpy(target)[None, None], scale, protocol.degradation
                )
                lr_levels = small[0, 0].numpy()
                yield [
                    _score(
                        protocol,
                        method(lr_levels, scale),
                        target,
                        floor=dict(maps.above).get(scene, -1),
                        names=(set_name, scene, scale, name),
                    )
                    for name, method in methods.items()
                ]


def _score(
    protocol: Protocol,
    pred: Levels,
    target: Levels,
    *,
    floor: int,
    names: tuple[str, str, int, str],
) -> Score:
    if protocol.rounded:
        pred = np.clip(np.floor(pred + 0.5), 0, 255)
    inner = slice(None, -protocol.dropped or None)
    pred, target = pred[inner, inner], target[inner, inner]
    triple = (torch.from_numpy(x) for x in (pred, target, target > floor))
    tensors = tuple(triple)
    set_name, scene, scale, method = names
    return Score(
        set=set_name,
        scene=scene,
        scale=scale,
        method=method,
        rmse=float(rmse(*tensors)),
        mae=float(mae(*tensors)),
    )
