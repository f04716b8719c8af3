"""What a machine can do at the most: 3×3 convolutions a second, and bytes copied."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from benchmarks.common.graphs import Run, export, onnxruntime_run, torch_run
from benchmarks.speed.convolutions import work_of

__all__ = ["COPY_BYTES", "Chain", "chains", "copy_run", "flops_of", "highest"]

CHANNELS = (32, 48, 64)
SIZES = ((60, 80), (120, 160))
LAYERS = 6
"""Convolutions one after the other, so that entering a runtime's own layout counts for little."""
RUNTIMES = ("ONNX Runtime", "torch")
COPY_BYTES = 2**28
"""Much more than caches hold."""


class Chain(NamedTuple):
    """Some 3×3 convolutions in a row."""

    runtime: str
    channels: int
    size: tuple[int, int]


def _layers(channels: int) -> nn.Module:
    """Return the convolutions, with random weights that keep the scale of what passes."""
    convolutions = [nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(LAYERS)]
    for convolution in convolutions:
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="linear")
    return nn.Sequential(*convolutions)


def flops_of(chain: Chain) -> int:
    """Return the floating-point operations of a chain."""
    return 2 * work_of(_layers(chain.channels), chain.size, chain.channels).macs


def chains(threads: int) -> dict[Chain, partial[object]]:
    """Return chain → its run on features of its size."""
    found: dict[Chain, partial[object]] = {}
    for channels in CHANNELS:
        network = _layers(channels)
        runs: dict[str, Run] = {
            "ONNX Runtime": onnxruntime_run(export(network, channels), threads),
            "torch": torch_run(network),
        }
        for size in SIZES:
            features = np.random.default_rng(0).random((1, channels, *size), dtype=np.float32)
            for runtime in RUNTIMES:
                found[Chain(runtime, channels, size)] = partial(runs[runtime], features)
    return found


def highest(taken: Mapping[Chain, Sequence[float]]) -> tuple[Chain, float]:
    """Return the fastest chain by its median time, and its operations a second."""
    rates = {chain: flops_of(chain) / statistics.median(times) for chain, times in taken.items()}
    return max(rates.items(), key=lambda item: item[1])


def copy_run() -> partial[object]:
    """Return a run that copies `COPY_BYTES` with all threads, so reads and writes as many."""
    source = torch.ones(COPY_BYTES // 4)
    return partial(torch.empty_like(source).copy_, source)
