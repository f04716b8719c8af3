"""Networks that predict depth: what their own scripts write.

Sources: Depth Anything V2's ``run.py``, Video Depth Anything's ``save_npz``, MiDaS's ``utils.py``,
Depth Pro's ``cli/run.py``, ZoeDepth's ``utils/misc.py``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.source_files import readers, writers
from tools.source_files.source import (
    METRES,
    Content,
    Source,
    disparities,
    everywhere,
    floats,
    metres,
)

__all__ = ["NETWORKS"]


def _relative(most: int) -> Content:
    """Return relative inverse depth from 0, the farthest, to the largest number."""
    values = disparities()
    values[:5] = values.min() / 2
    share = (values - values.min()) / np.ptp(values)
    numbers = (share * most).astype(np.uint8 if most == 255 else np.uint16)
    return Content(
        numbers=numbers, values=numbers.astype(float), valid=np.ones(numbers.shape, np.bool_)
    )


def _zoe() -> Content:
    numbers = (metres() * 256).astype(np.uint16)
    return Content(numbers=numbers, values=numbers / 256, valid=np.ones(numbers.shape, np.bool_))


def _in_colours(path: Path, numbers: NDArray[Any]) -> None:
    writers.opencv(path, np.repeat(numbers[..., None], 3, axis=-1))


def _video(path: Path, numbers: NDArray[Any]) -> None:
    """Write frames as `numpy.savez_compressed` does under the name ``depths``."""
    np.savez_compressed(path, depths=np.stack([np.ones_like(numbers), numbers]))


NETWORKS = (
    Source(
        name="Depth Anything V2, `--grayscale`",
        file="photo.png",
        content=_relative(255),
        write=_in_colours,
        library="imagecodecs",
        read=readers.png,
        encoding="relative",
        kind="inverse_depth",
        unit=None,
        remark="0 is the farthest",
    ),
    Source(
        name="MiDaS, PNG of 16 bits",
        file="midas.png",
        content=_relative(65535),
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding="relative16",
        kind="inverse_depth",
        unit=None,
        options=("--encoding", "relative"),
        remark="0 is the farthest",
    ),
    Source(
        name="MiDaS, PFM",
        file="midas.pfm",
        content=everywhere(37.5 * disparities()),
        write=writers.pfm,
        library="OpenCV",
        read=readers.opencv,
        encoding="inverse",
        kind="inverse_depth",
        unit=None,
        options=("--encoding", "inverse"),
    ),
    Source(
        name="Depth Pro",
        file="photo.npz",
        content=floats(1e4),
        write=writers.npz,
        library="by hand",
        read=readers.npz,
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Video Depth Anything, `--save_npz`",
        file="video_depths.npz",
        member="#1",
        content=everywhere(37.5 * disparities()),
        write=_video,
        library="by hand",
        read=partial(readers.npz, name="depths", number=1),
        encoding="inverse",
        kind="inverse_depth",
        unit=None,
        options=("--encoding", "inverse"),
    ),
    Source(
        name="ZoeDepth, `save_raw_16bit`",
        file="zoe.png",
        content=_zoe(),
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding="kitti",
        options=("--encoding", "kitti"),
    ),
    Source(
        name="Depth Anything V2 metric, UniDepth, …",
        file="raw_depth_meter.npy",
        content=everywhere(metres()),
        write=writers.npy,
        library="by hand",
        read=readers.npy,
        encoding="metres",
        options=METRES,
    ),
)
