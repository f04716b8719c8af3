"""Data sets.

Sources: the data sets' own descriptions and development kits; for Hypersim's camera, its
"Frequently asked questions".
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
    SHAPE,
    Content,
    Source,
    disparities,
    floats,
    metres,
    seen,
    whole,
)

__all__ = ["DATA_SETS"]

CALIB = """cam0=[200 0 31.5; 0 200 23.5; 0 0 1]
cam1=[200 0 40.25; 0 200 23.5; 0 0 1]
doffs=8.75
baseline=193.001
width=64
height=48
ndisp=80
"""
GREY_PER_PIXEL = 3
"""Grey levels of a pixel of disparity in Middlebury's maps of a third of the size."""


def _rotated() -> Content:
    """Return millimetres, their bits rotated by three to the left."""
    plain = whole(1000)
    numbers = plain.numbers << 3 | plain.numbers >> 13
    return Content(numbers=numbers.astype(np.uint16), values=plain.values, valid=plain.valid)


def _levels() -> Content:
    """Return grey levels of disparity, which stay levels."""
    plain = whole(GREY_PER_PIXEL, disparities(), bits=8)
    return Content(numbers=plain.numbers, values=plain.numbers.astype(float), valid=plain.valid)


def _distances() -> Content:
    """Return distances to the camera's centre, of half floats, and the depth that they mean."""
    (height, width), focal = SHAPE, 886.81 * SHAPE[1] / 1024
    y, x = np.mgrid[:height, :width]
    ray = np.hypot(np.hypot((x - (width - 1) / 2) / focal, (y - (height - 1) / 2) / focal), 1)
    numbers = np.where(seen(), metres() * ray, np.nan).astype(np.float16)
    return Content(numbers=numbers, values=numbers.astype(float) / ray, valid=seen())


def _with_calib(path: Path, numbers: NDArray[Any]) -> None:
    writers.pfm(path, numbers)
    path.with_name("calib.txt").write_text(CALIB)


def _labelled(path: Path, numbers: NDArray[Any]) -> None:
    """Write a stack of maps as MATLAB keeps H×W×N, and pictures beside it."""
    import h5py

    other = np.full(numbers.shape, 3, np.float32)
    with h5py.File(path, "w", userblock_size=512) as file:
        stack = np.stack([other.T, numbers.T])
        file.create_dataset("depths", data=stack, compression="gzip")
        file["depths"].attrs["MATLAB_class"] = np.bytes_("single")
        file.create_dataset("images", data=np.zeros((2, 3, *numbers.T.shape), np.uint8))
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def _dpt(path: Path, numbers: NDArray[Any]) -> None:
    height, width = numbers.shape
    head = np.array([202021.25], "<f4").tobytes() + np.array([width, height], "<i4").tobytes()
    path.write_bytes(head + numbers.astype("<f4").tobytes())


def _png(name: str, file: str, content: Content, encoding: str, **more: Any) -> Source:
    """Return a source of PNGs, which OpenCV writes; its encoding is given unless it is a guess."""
    if encoding not in ("mm", "levels") and " " not in encoding:
        more["options"] = ("--encoding", encoding)
    return Source(
        name=name,
        file=file,
        content=content,
        write=writers.opencv,
        library="imagecodecs",
        read=readers.png,
        encoding=encoding,
        **more,
    )


DATA_SETS = (
    _png("ScanNet, NYU v2 as PNG", "frame-000000.depth.png", whole(1000), "mm"),
    _png("TUM RGB-D, ICL-NUIM", "1305031102.160407.png", whole(5000), "tum"),
    _png("KITTI depth", "0000000005.png", whole(256), "kitti"),
    _png(
        "KITTI stereo, DrivingStereo",
        "000000_10.png",
        whole(256, disparities()),
        "disparity16",
        kind="disparity",
        unit="px",
    ),
    _png(
        "Cityscapes",
        "aachen_000000_000019_disparity.png",
        whole(256, disparities(), offset=1),
        "cityscapes",
        kind="disparity",
        unit="px",
    ),
    _png("Virtual KITTI 2", "depth_00000.png", whole(100, hole=65535), "vkitti2"),
    _png("SUN RGB-D", "0000103.png", _rotated(), "sunrgbd"),
    _png(
        "Matterport3D",
        "0_d0_0.png",
        whole(4000),
        "4000 per metre",
        options=("--units-per-metre", "4000"),
    ),
    _png(
        "BOP (T-LESS: `depth_scale` 0.1)",
        "000000.png",
        whole(10_000),
        "10000 per metre",
        options=("--units-per-metre", "10000"),
    ),
    _png(
        "Middlebury 2001 to 2006",
        "disp1.png",
        _levels(),
        "levels",
        kind="disparity",
        unit="level",
    ),
    Source(
        name="Middlebury 2014, 2021",
        file="middlebury/disp0.pfm",
        content=floats(np.inf, disparities()),
        write=_with_calib,
        library="OpenCV",
        read=readers.opencv,
        encoding="disparity",
        kind="disparity",
        unit="px",
        remark="`calib.txt` beside it gives the cameras",
    ),
    Source(
        name="ETH3D stereo, Scene Flow",
        file="disp0GT.pfm",
        content=floats(np.inf, disparities()),
        write=writers.pfm,
        library="OpenCV",
        read=readers.opencv,
        encoding="disparity",
        kind="disparity",
        unit="px",
        options=("--encoding", "disparity"),
    ),
    Source(
        name="DTU as MVSNet has it",
        file="depth_map_0000.pfm",
        content=floats(0, per_unit=1000),
        write=writers.pfm,
        library="OpenCV",
        read=readers.opencv,
        encoding="dtu",
        options=("--encoding", "dtu"),
    ),
    Source(
        name="NYU v2, labelled",
        file="nyu_depth_v2_labeled.mat",
        member="#1",
        content=floats(0),
        write=_labelled,
        library="pyfive",
        read=partial(readers.mat, name="depths", number=1),
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Sintel",
        file="frame_0001.dpt",
        content=Content(
            numbers=metres().astype(np.float32),
            values=metres().astype(np.float32).astype(float),
            valid=np.ones(SHAPE, np.bool_),
        ),
        write=_dpt,
        library="by hand",
        read=readers.dpt,
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Hypersim",
        file="frame.0000.depth_meters.hdf5",
        content=_distances(),
        write=writers.hdf5("dataset", compression="gzip"),
        library="pyfive",
        read=partial(readers.hdf5, name="dataset"),
        encoding="hypersim",
        said=True,
        remark="distances to the camera, turned into depth and back",
    ),
    Source(
        name="MegaDepth",
        file="0000.h5",
        content=floats(0, dtype="f2"),
        write=writers.hdf5("depth"),
        library="pyfive",
        read=readers.hdf5,
        encoding="float",
        unit=None,
        remark="in the reconstruction's unit",
    ),
)
