"""Middleware, photogrammetry, and files between programs.

Sources: REP 118 and ``compressed_depth_image_transport``; COLMAP's "Output Format"; OpenMVS's
``Interface.h``; AliceVision's ``mvsUtils/mapIO.cpp``; xarray's ``to_zarr``.
"""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.source_files import readers, recordings, writers
from tools.source_files.dmaps import dmap
from tools.source_files.source import Content, Source, floats, metres, seen, whole

__all__ = ["MIDDLEWARE"]

Array = NDArray[Any]
Message = tuple[str, dict[str, Any]]


def _record(path: Path, kind: str, topic: str, message: Message) -> None:
    made = recordings.record(path.parent / f"{path.stem}-parts", kind, {topic: [message]})
    made.rename(path)


def _bag(path: Path, numbers: Array) -> None:
    topic = "/camera/depth/image_rect_raw"
    _record(path, "bag1", topic, recordings.image(numbers, "16UC1"))


def _mcap(path: Path, numbers: Array) -> None:
    _record(path, "mcap", "/zed/depth/depth_registered", recordings.image(numbers, "32FC1"))


def _packed_png(path: Path, numbers: Array) -> None:
    import cv2

    packed = cv2.imencode(".png", numbers)[1].tobytes()
    message = recordings.compressed(packed, "16UC1; compressedDepth png")
    _record(path, "mcap", "/camera/depth/image_raw/compressedDepth", message)


def _packed_rvl(path: Path, numbers: Array) -> None:
    size = struct.pack("<II", *numbers.shape[::-1])
    packed = size + recordings.rvl(numbers)
    message = recordings.compressed(packed, "16UC1; compressedDepth rvl")
    _record(path, "mcap", "/camera/depth/image_raw/compressedDepth", message)


def _colmap(path: Path, numbers: Array) -> None:
    import pycolmap

    pycolmap.DepthMap.from_array(numbers, 1.0, 9.0).write(path)


def _halves() -> Content:
    """Return what half floats of an eighth of the depth hold."""
    halves = np.where(seen(), metres() / 8, 0).astype(np.float16)
    numbers = halves.astype(np.float32) * 8
    return Content(numbers=numbers, values=numbers.astype(float), valid=seen())


def _dmap(path: Path, numbers: Array, exponent: int | None) -> None:
    path.write_bytes(dmap(numbers, (128, 96), maps=7, exponent=exponent))


def _zarr(path: Path, numbers: Array, *, format_: int) -> None:
    """Write what xarray makes of a data set with coordinates, in parts."""
    import zarr

    group = zarr.create_group(path, zarr_format=format_)
    depth = group.create_array("depth", data=numbers, chunks=(32, 32), fill_value=np.nan)
    depth.attrs["_FillValue"] = float("nan") if format_ == 2 else "AAAAAAAA+H8="
    if format_ == 2:
        depth.attrs["_ARRAY_DIMENSIONS"] = ["y", "x"]
    for name, length in zip("yx", numbers.shape, strict=True):
        group.create_array(name, data=np.arange(length))


def _matlab(path: Path, numbers: Array) -> None:
    """Write what MATLAB's ``save -v7.3`` makes of a single matrix."""
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_dataset("depth", data=numbers.T, compression="gzip")
        file["depth"].attrs["MATLAB_class"] = np.bytes_("single")
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


def _matlab5(path: Path, numbers: Array) -> None:
    """Write what older MATLABs, and newer ones with small matrices, write."""
    from scipy.io import savemat

    savemat(path, {"depth": numbers}, do_compression=True)


MIDDLEWARE = (
    Source(
        name="ROS 1, `16UC1`",
        file="ros1.bag",
        content=whole(1000),
        write=_bag,
        library="by hand",
        read=readers.ros1,
        encoding="16UC1, REP 118",
        said=True,
    ),
    Source(
        name="ROS 2, `32FC1`",
        file="ros2.mcap",
        content=floats(np.nan),
        write=_mcap,
        library="mcap-ros2-support",
        read=readers.ros2,
        encoding="32FC1, REP 118",
        said=True,
    ),
    Source(
        name="ROS, `compressedDepth png`",
        file="png.mcap",
        content=whole(1000),
        write=_packed_png,
        library="mcap-ros2-support",
        read=readers.ros2_png,
        encoding="16UC1, REP 118",
        said=True,
    ),
    Source(
        name="ROS, `compressedDepth rvl`",
        file="rvl.mcap",
        content=whole(1000),
        write=_packed_rvl,
        library="mcap-ros2-support, RVL by hand",
        read=readers.ros2_rvl,
        encoding="16UC1, REP 118",
        said=True,
    ),
    Source(
        name="COLMAP",
        file="image.jpg.geometric.bin",
        content=floats(0),
        write=_colmap,
        library="pycolmap",
        read=readers.colmap,
        encoding="float",
        unit=None,
        remark="in the reconstruction's unit",
    ),
    Source(
        name="OpenMVS",
        file="depth0000.dmap",
        content=floats(0),
        write=partial(_dmap, exponent=None),
        library="by hand",
        read=readers.dmap,
        encoding="float",
        unit=None,
        remark="in the reconstruction's unit; its camera is read, too",
    ),
    Source(
        name="OpenMVS, of half floats",
        file="depth0001.dmap",
        content=_halves(),
        write=partial(_dmap, exponent=3),
        library="by hand",
        read=readers.dmap,
        encoding="float",
        unit=None,
        remark="in the reconstruction's unit; its camera is read, too",
    ),
    Source(
        name="Meshroom (AliceVision)",
        file="1079_depthMap.exr",
        content=floats(-1),
        write=writers.exr("Y"),
        library="by hand",
        read=partial(readers.exr, channel="Y"),
        encoding="float",
        unit=None,
        remark="distances to the camera, which stay such",
    ),
    Source(
        name="MVSNet, BlendedMVS",
        file="00000000.pfm",
        content=floats(0),
        write=writers.pfm,
        library="OpenCV",
        read=readers.opencv,
        encoding="float",
        unit=None,
        remark="in the reconstruction's unit",
    ),
    Source(
        name="OpenCV, `CV_32F`",
        file="opencv.tiff",
        content=floats(0),
        write=writers.opencv,
        library="Pillow",
        read=readers.pillow,
        encoding="float",
        unit=None,
    ),
    Source(
        name="NumPy, 16 bits",
        file="frame.npy",
        content=whole(1000),
        write=writers.npy,
        library="by hand",
        read=readers.npy,
        encoding="mm",
    ),
    Source(
        name="MATLAB, `save -v7.3`",
        file="depth.mat",
        content=floats(np.nan),
        write=_matlab,
        library="pyfive",
        read=partial(readers.mat, name="depth"),
        encoding="float",
        unit=None,
    ),
    Source(
        name="MATLAB, `save -v7`",
        file="depth7.mat",
        content=floats(np.nan),
        write=_matlab5,
        library="by hand",
        read=readers.mat5,
        encoding="float",
        unit=None,
    ),
    Source(
        name="xarray, Zarr 2",
        file="xarray2.zarr",
        content=floats(np.nan),
        write=partial(_zarr, format_=2),
        library="imagecodecs",
        read=readers.zarr,
        encoding="float",
        unit=None,
    ),
    Source(
        name="xarray, Zarr 3",
        file="xarray3.zarr",
        content=floats(np.nan),
        write=partial(_zarr, format_=3),
        library="imagecodecs",
        read=readers.zarr,
        encoding="float",
        unit=None,
    ),
)
