"""A rendered sample to try things with."""

from __future__ import annotations

from pathlib import Path

import torch

from dsdmsr.data.batches import LARGEST_SEED
from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError
from dsdmsr.io import check_output, write_depth

__all__ = ["render_sample", "write_sample"]

_SIZE, _SCALE = (480, 640), 4
_SERIES = LARGEST_SEED + 1


def render_sample(seed: int) -> tuple[DepthMap, DepthMap]:
    """Render a depth map of 480×640 and the one 4 times as small, both in metres.

    Raises:
        ConfigError: If `seed` is negative.
    """
    if not 0 <= seed < 2**64:
        raise ConfigError(f"seed is {seed}: give 0 to {2**64 - 1}")
    large = render_depth(_SERIES, seed, _SIZE)
    small, _ = degrade(torch.from_numpy(large.values.copy())[None, None], _SCALE, "bicubic")
    return large, DepthMap(small[0, 0].numpy(), unit="m", encoding="mm")


def write_sample(folder: Path, *, seed: int, overwrite: bool) -> list[Path]:
    """Write ``lr_depth.png`` and ``hr_depth.png`` to `folder`, neither if one of them exists.

    Raises:
        FileError: If one exists and `overwrite` is false, or the folder can't be written.
    """
    large, small = render_sample(seed)
    files = {folder / "lr_depth.png": small, folder / "hr_depth.png": large}
    for path in files:
        check_output(path, overwrite=overwrite)
    for path, depth in files.items():
        write_depth(path, depth, overwrite=overwrite)
    return list(files)
